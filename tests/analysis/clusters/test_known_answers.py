"""Thunder's known answers for clusters."""

from __future__ import annotations

import numpy as np

from napari_thunder.analysis.clusters.k_means import KMeans
from tests.analysis.runner import compute, make_context


def test_30_one_cluster():
    """Thunder counts labels from 0, this program from 1."""
    records = np.array([[1.0, 2, 6], [1, 3, 0], [1, 4, 6]])
    found = compute(KMeans(1, distance="euclidean"), make_context(3), records.T)
    np.testing.assert_allclose(found["centers"][:, 0], [1, 3, 4], rtol=1e-12)
    assert found["label"].tolist() == [1, 1, 1]

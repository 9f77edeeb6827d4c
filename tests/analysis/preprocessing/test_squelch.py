"""Voxels that never get loud are silenced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis import Squelch
from napari_thunder.analysis.protocol import Context
from tests.analysis.runner import stepped

Series = NDArray[np.float64]


def test_silent_voxels_are_squelched(tiny: Context, series: Series) -> None:
    threshold = float(np.median(series.max(0)))
    found = stepped(Squelch(threshold=threshold), tiny, series)
    loud = series.max(0) >= threshold
    assert 0 < loud.sum() < 12
    np.testing.assert_array_equal(found[:, loud], series[:, loud])
    assert not found[:, ~loud].any()

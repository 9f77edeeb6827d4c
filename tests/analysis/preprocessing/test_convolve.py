"""Convolution along time is that of numpy."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis import Convolve
from napari_thunder.errors import AnalysisError
from tests.analysis.preprocessing.applied import applied
from tests.analysis.runner import make_context


@pytest.mark.parametrize("weights", [(1.0,), (1, 2), (0.5, 0, 2), (1, 2, 3, 4), (5, 1, 0, 0, 1)])
def test_every_voxel_is_convolved_as_by_numpy(series, weights):
    found = applied(Convolve(weights, ends="zero"), series)
    expected = np.stack([np.convolve(s, weights, mode="same") for s in series.T], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_rolling_mean_leaves_what_is_constant_and_skips_excluded_frames(series):
    keep = np.ones(260, bool)
    keep[[0, 30, 31]] = False
    series[:, 1], series[5, 2] = 42.0, np.nan
    found = applied(Convolve((1 / 3,) * 3), series[keep], keep=keep)
    assert found.shape == (257, 12)
    np.testing.assert_allclose(found[:, 1], 42)
    assert np.isnan(found[:, 2]).all()
    between = series[29, 0] + (series[32, 0] - series[29, 0]) / 3
    np.testing.assert_allclose(found[28, 0], (series[28, 0] + series[29, 0] + between) / 3)


def test_weights_that_cannot_be_are_refused_in_words():
    with pytest.raises(AnalysisError, match=r"give weights="):
        Convolve(()).bind(make_context(9))
    with pytest.raises(AnalysisError, match="convolving with 5 weights needs at least 5 frames, but there are 4"):
        Convolve((1.0,) * 5).bind(make_context(4))

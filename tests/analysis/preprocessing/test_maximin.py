"""The filters of the maximin baseline against those of scipy, also where windows are longer than the recording."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_thunder.analysis.preprocessing.maximin import extreme, smoothed


@pytest.fixture
def series():
    return np.random.default_rng(0).normal(100, 5, size=(61, 4))


@pytest.mark.parametrize("width", [1, 2, 3, 8, 21, 60, 61, 150])
def test_extremes_are_those_of_scipy(series, width):
    np.testing.assert_array_equal(extreme(series, width, np.minimum), ndimage.minimum_filter1d(series, width, axis=0))
    np.testing.assert_array_equal(extreme(series, width, np.maximum), ndimage.maximum_filter1d(series, width, axis=0))


@pytest.mark.parametrize("sigma", [0.3, 1.0, 10.0, 40.0])
def test_smoothing_is_that_of_scipy(series, sigma):
    np.testing.assert_allclose(smoothed(series, sigma), ndimage.gaussian_filter1d(series, sigma, axis=0), rtol=1e-13)
    np.testing.assert_array_equal(smoothed(series, 0.0), series)

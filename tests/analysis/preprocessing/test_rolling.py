"""Rolling percentiles are those of numpy in every window."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis.preprocessing.rolling import RollingPercentile, percentile


def _naive(series, start, stop, q):
    return np.array([np.percentile(series[a:b], q, axis=0) for a, b in zip(start, stop, strict=True)])


def _windows(times, width):
    start = np.searchsorted(times, times - width / 2 - 1e-9)
    return start, np.searchsorted(times, times + width / 2 + 1e-9, side="right")


@pytest.mark.parametrize("q", [0, 8, 20, 33.3, 50, 100])
@pytest.mark.parametrize("width", [0.5, 2, 9, 30, 61, 75, 200])
def test_every_window_cut_off_at_the_ends_has_its_percentile(width, q):
    series = np.random.default_rng(0).normal(size=(60, 7)).round(2)
    windows = _windows(np.arange(60.0), width)
    np.testing.assert_allclose(RollingPercentile(*windows, q)(series), _naive(series, *windows, q), rtol=1e-12)


@pytest.mark.parametrize("q", [10, 50])
def test_windows_hold_what_time_says_where_frames_are_missing_or_uneven(q):
    rng = np.random.default_rng(1)
    series = rng.normal(size=(80, 5))
    gaps = np.delete(np.arange(90.0), [3, 20, 21, 22, 23, 50, 51, 88, 89, 60])
    for times in (gaps, np.cumsum(rng.uniform(0.5, 1.5, 80))):
        windows = _windows(times, 11)
        np.testing.assert_allclose(RollingPercentile(*windows, q)(series), _naive(series, *windows, q), rtol=1e-12)


def test_a_voxel_with_nan_spoils_no_other():
    series = np.random.default_rng(2).normal(size=(40, 3))
    rolling = RollingPercentile(*_windows(np.arange(40.0), 7), 20)
    expected = rolling(series)
    series[5, 1] = np.nan
    found = rolling(series)
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, [0, 2]], expected[:, [0, 2]])


@pytest.mark.parametrize("q", [0, 20, 37.5, 100])
def test_one_percentile_is_that_of_numpy_and_leaves_the_series(q):
    series = np.random.default_rng(3).integers(0, 50, (101, 6)).astype(float)
    before = series.copy()
    np.testing.assert_allclose(percentile(series, q), np.percentile(series, q, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(series, before)

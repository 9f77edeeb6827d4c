"""ΔF/F has the numbers of Thunder and numpy, and says where it has none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage, stats

from napari_thunder.analysis import DeltaFOverF
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.preprocessing.applied import applied

ONE_TO_FIVE = np.arange(1.0, 6.0)[:, None]


def test_delta_f_over_f_has_the_numbers_of_thunder():
    found = applied(DeltaFOverF(percentile=20, offset=0.1), ONE_TO_FIVE)
    np.testing.assert_allclose(found[:, 0], [-0.421053, 0.105263, 0.631579, 1.157895, 1.684211], atol=1e-6)
    found = applied(DeltaFOverF(baseline="mean", offset=0.1), ONE_TO_FIVE)
    np.testing.assert_allclose(found[:, 0], [-0.645161, -0.322581, 0, 0.322581, 0.645161], atol=1e-6)


@pytest.mark.parametrize(("window", "f0"), [(2, [1.2, 1.4, 2.4, 3.4, 4.2]), (6, [1.6, 1.8, 1.8, 1.8, 2.6])])
def test_rolling_baseline_has_the_numbers_of_thunders_exact_window(window, f0):
    step = DeltaFOverF(percentile=20, baseline="rolling", window=window)
    found = applied(step, ONE_TO_FIVE, frame_times=np.arange(5.0))
    np.testing.assert_allclose(found[:, 0], np.arange(1, 6) / np.array(f0) - 1)


def test_a_rolling_window_is_in_seconds_and_skips_excluded_frames():
    keep = np.ones(40, bool)
    keep[10:14] = False
    series = np.random.default_rng(0).uniform(50, 60, (40, 3))
    times = np.arange(40) / 2
    found = applied(DeltaFOverF(30, "rolling", window=5), series[keep], keep=keep, frame_times=times)
    near = np.abs(times[keep][:, None] - times[keep]) <= 2.5
    f0 = np.array([np.percentile(series[keep][row], 30, axis=0) for row in near])
    np.testing.assert_allclose(found, series[keep] / f0 - 1)


def test_a_rolling_window_without_frame_times_is_refused_in_words():
    with pytest.raises(MissingMetadataError, match="rolling baseline needs the times of the frames"):
        applied(DeltaFOverF(baseline="rolling"), ONE_TO_FIVE)


def test_a_voxel_without_usable_baseline_is_nan():
    series = np.column_stack([ONE_TO_FIVE, ONE_TO_FIVE - 2, ONE_TO_FIVE * 0, -ONE_TO_FIVE])
    found = applied(DeltaFOverF(percentile=0), series)
    np.testing.assert_allclose(found[:, 0], [0, 1, 2, 3, 4])
    assert np.isnan(found[:, 1:]).all()
    rolling = applied(DeltaFOverF(0, "rolling", window=2), series, frame_times=np.arange(5.0))
    assert not np.isnan(rolling[:, 0]).any()
    assert np.isnan(rolling[:, 1:]).all()


def test_a_floor_bounds_the_denominator():
    found = applied(DeltaFOverF(percentile=0, floor=10), np.column_stack([ONE_TO_FIVE, 20 * ONE_TO_FIVE]))
    np.testing.assert_allclose(found[:, 0], [0, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(found[:, 1], [0, 1, 2, 3, 4])


def test_frames_before_events_are_the_baseline_and_no_others():
    events = pd.DataFrame({"start_time": [4.0, 7.0, 9.5], "stop_time": [6.0, 7.5, 12.0]})
    series = np.random.default_rng(0).uniform(50, 60, (14, 3))
    quiet = [2, 3, 6, 8]  # 5 lies in the first event, 9 is not over when the last one starts
    found = applied(DeltaFOverF(baseline="event", before=2), series, frame_times=np.arange(14.0), events=events)
    np.testing.assert_allclose(found, series / series[quiet].mean(axis=0) - 1)
    keep = np.arange(14) != 8
    found = applied(
        DeltaFOverF(baseline="event", before=2), series[keep], frame_times=np.arange(14.0), events=events, keep=keep
    )
    np.testing.assert_allclose(found, series[keep] / series[[2, 3, 6]].mean(axis=0) - 1)


def test_events_without_room_before_them_are_refused_in_words():
    events = pd.DataFrame({"start_time": [0.0], "stop_time": [5.0]})
    with pytest.raises(AnalysisError, match=r"no kept frame lies within 2 s before an event and outside all events"):
        applied(DeltaFOverF(baseline="event"), ONE_TO_FIVE, frame_times=np.arange(5.0), events=events)
    with pytest.raises(MissingMetadataError, match="a baseline before events needs events"):
        applied(DeltaFOverF(baseline="event"), ONE_TO_FIVE, frame_times=np.arange(5.0))


def test_a_maximin_baseline_fills_excluded_frames_and_keeps_nan_to_its_voxel():
    rng = np.random.default_rng(1)
    series = 100 + rng.normal(size=(200, 4)).cumsum(axis=0)
    keep = np.ones(200, bool)
    keep[[0, 50, 51, 52, 120]] = False
    filled = np.stack([np.interp(np.arange(200), np.flatnonzero(keep), s[keep]) for s in series.T], axis=1)
    f0 = ndimage.gaussian_filter1d(filled, 4, axis=0)
    f0 = ndimage.maximum_filter1d(ndimage.minimum_filter1d(f0, 30, axis=0), 30, axis=0)[keep]
    spoilt = series.copy()
    spoilt[10, 2] = np.nan
    step = DeltaFOverF(baseline="maximin", window=15, smoothing=4)
    found = applied(step, spoilt[keep], keep=keep, frame_times=np.arange(200) / 2)
    np.testing.assert_allclose(found[:, [0, 1, 3]], (series[keep] / f0 - 1)[:, [0, 1, 3]], rtol=1e-9, atol=1e-12)
    assert np.isnan(found[:, 2]).all()


def test_a_floor_can_be_a_multiple_of_each_voxels_noise():
    rng = np.random.default_rng(2)
    series = np.column_stack([rng.normal(1, 2, 500), rng.normal(100, 2, 500)])
    noise = stats.median_abs_deviation(np.diff(series, axis=0), center=lambda v, axis: np.zeros(2)) * 1.4826 / 2**0.5
    np.testing.assert_allclose(noise, 2, rtol=0.15)
    found = applied(DeltaFOverF(baseline="mean", floor=3, floor_unit="noise"), series)
    centred = series - series.mean(axis=0)
    np.testing.assert_allclose(found, centred / [3 * noise[0], series[:, 1].mean()])

"""Drift, ΔF/F and z-score have the numbers of Thunder, scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal, stats

from napari_thunder.analysis import DeltaFOverF, Detrend, SummaryImages, ZScore
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import make_context

ONE_TO_FIVE = np.arange(1.0, 6.0)[:, None]


def _apply(step, series, **known):
    context = make_context(len(known.get("keep", series)), **known)
    return step.bind(context)(np.array(series, float))


def test_delta_f_over_f_has_the_numbers_of_thunder():
    found = _apply(DeltaFOverF(percentile=20, offset=0.1), ONE_TO_FIVE)
    np.testing.assert_allclose(found[:, 0], [-0.421053, 0.105263, 0.631579, 1.157895, 1.684211], atol=1e-6)
    found = _apply(DeltaFOverF(baseline="mean", offset=0.1), ONE_TO_FIVE)
    np.testing.assert_allclose(found[:, 0], [-0.645161, -0.322581, 0, 0.322581, 0.645161], atol=1e-6)


@pytest.mark.parametrize(("window", "f0"), [(2, [1.2, 1.4, 2.4, 3.4, 4.2]), (6, [1.6, 1.8, 1.8, 1.8, 2.6])])
def test_rolling_baseline_has_the_numbers_of_thunders_exact_window(window, f0):
    step = DeltaFOverF(percentile=20, baseline="rolling", window=window)
    found = _apply(step, ONE_TO_FIVE, frame_times=np.arange(5.0))
    np.testing.assert_allclose(found[:, 0], np.arange(1, 6) / np.array(f0) - 1)


def test_a_rolling_window_is_in_seconds_and_skips_excluded_frames():
    keep = np.ones(40, bool)
    keep[10:14] = False
    series = np.random.default_rng(0).uniform(50, 60, (40, 3))
    times = np.arange(40) / 2
    found = _apply(DeltaFOverF(30, "rolling", window=5), series[keep], keep=keep, frame_times=times)
    near = np.abs(times[keep][:, None] - times[keep]) <= 2.5
    f0 = np.array([np.percentile(series[keep][row], 30, axis=0) for row in near])
    np.testing.assert_allclose(found, series[keep] / f0 - 1)


def test_a_rolling_window_without_frame_times_is_refused_in_words():
    with pytest.raises(MissingMetadataError, match="rolling baseline needs the times of the frames"):
        _apply(DeltaFOverF(baseline="rolling"), ONE_TO_FIVE)


def test_a_voxel_without_usable_baseline_is_nan():
    series = np.column_stack([ONE_TO_FIVE, ONE_TO_FIVE - 2, ONE_TO_FIVE * 0, -ONE_TO_FIVE])
    found = _apply(DeltaFOverF(percentile=0), series)
    np.testing.assert_allclose(found[:, 0], [0, 1, 2, 3, 4])
    assert np.isnan(found[:, 1:]).all()
    rolling = _apply(DeltaFOverF(0, "rolling", window=2), series, frame_times=np.arange(5.0))
    assert not np.isnan(rolling[:, 0]).any()
    assert np.isnan(rolling[:, 1:]).all()


def test_a_floor_bounds_the_denominator():
    found = _apply(DeltaFOverF(percentile=0, floor=10), np.column_stack([ONE_TO_FIVE, 20 * ONE_TO_FIVE]))
    np.testing.assert_allclose(found[:, 0], [0, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(found[:, 1], [0, 1, 2, 3, 4])


def test_linear_detrending_is_that_of_scipy_and_keeps_the_mean(series):
    found = _apply(Detrend(), series)
    np.testing.assert_allclose(found, signal.detrend(series, axis=0) + series.mean(axis=0), rtol=1e-10)
    found = _apply(Detrend(keep="nothing"), series)
    np.testing.assert_allclose(found, signal.detrend(series, axis=0), atol=1e-10)


def test_polynomial_drift_goes_and_excluded_frames_keep_their_place_in_time():
    keep = np.ones(100, bool)
    keep[30:60] = False
    t = np.arange(100) / 3
    drift = 100 + 2 * t - 0.3 * t**2 + 0.01 * t**3
    wave = np.sin(t)
    found = _apply(Detrend(order=3), np.column_stack([drift, drift + wave])[keep], keep=keep, frame_times=t)
    assert np.ptp(found[:, 0]) == 0
    residual = np.polynomial.Polynomial.fit(t[keep], (drift + wave)[keep], 3)(t[keep])
    expected = (drift + wave)[keep]
    np.testing.assert_allclose(found[:, 1], expected - residual + expected.mean(), rtol=1e-9)


def test_cosines_take_out_what_is_slower_than_the_period():
    t = np.arange(400) / 2
    slow, fast = np.cos(np.pi * 3 * (t + 0.25) / 200), np.cos(np.pi * 50 * (t + 0.25) / 200)
    found = _apply(Detrend("cosine", period=100), np.column_stack([slow, fast]) + 7, frame_times=t)
    np.testing.assert_allclose(found[:, 0], 7, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], fast + 7, atol=1e-12)


def test_a_recording_shorter_than_the_drift_is_refused_in_words():
    with pytest.raises(AnalysisError, match=r"lasts 5 s, so no cosine is slower than period=100 s. Give .* below 10 s"):
        _apply(Detrend("cosine"), ONE_TO_FIVE, frame_times=np.arange(5.0))
    with pytest.raises(
        AnalysisError, match="detrending by 4 polynomial terms needs at least 6 frames, but there are 5"
    ):
        _apply(Detrend(order=4), ONE_TO_FIVE)


def test_z_score_is_that_of_scipy(series):
    np.testing.assert_allclose(_apply(ZScore(), series), stats.zscore(series, axis=0), rtol=1e-9, atol=1e-12)
    assert np.isnan(_apply(ZScore(), np.full((9, 2), 0.1))).all()


def test_a_chain_ends_in_nan_maps_where_nothing_is_left():
    context = make_context(50, frame_times=np.arange(50.0))
    series = np.column_stack([100 + 3 * np.arange(50.0), np.full(50, 8.0), np.zeros(50)])
    for step in (Detrend(), DeltaFOverF(), ZScore()):
        series = step.bind(context)(series)
    assert np.isnan(SummaryImages().plan(context).compute(series)["std"]).all()

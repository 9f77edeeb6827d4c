"""Drift goes as with scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from napari_thunder.analysis import Detrend
from napari_thunder.errors import AnalysisError
from tests.analysis.preprocessing.applied import applied

ONE_TO_FIVE = np.arange(1.0, 6.0)[:, None]


def test_linear_detrending_is_that_of_scipy_and_keeps_the_mean(series):
    found = applied(Detrend(), series)
    np.testing.assert_allclose(found, signal.detrend(series, axis=0) + series.mean(axis=0), rtol=1e-10)
    found = applied(Detrend(keep="nothing"), series)
    np.testing.assert_allclose(found, signal.detrend(series, axis=0), atol=1e-10)


def test_polynomial_drift_goes_and_excluded_frames_keep_their_place_in_time():
    keep = np.ones(100, bool)
    keep[30:60] = False
    t = np.arange(100) / 3
    drift = 100 + 2 * t - 0.3 * t**2 + 0.01 * t**3
    wave = np.sin(t)
    found = applied(Detrend(order=3), np.column_stack([drift, drift + wave])[keep], keep=keep, frame_times=t)
    assert np.ptp(found[:, 0]) == 0
    residual = np.polynomial.Polynomial.fit(t[keep], (drift + wave)[keep], 3)(t[keep])
    expected = (drift + wave)[keep]
    np.testing.assert_allclose(found[:, 1], expected - residual + expected.mean(), rtol=1e-9)


def test_cosines_take_out_what_is_slower_than_the_period():
    t = np.arange(400) / 2
    slow, fast = np.cos(np.pi * 3 * (t + 0.25) / 200), np.cos(np.pi * 50 * (t + 0.25) / 200)
    found = applied(Detrend("cosine", period=100), np.column_stack([slow, fast]) + 7, frame_times=t)
    np.testing.assert_allclose(found[:, 0], 7, atol=1e-12)
    np.testing.assert_allclose(found[:, 1], fast + 7, atol=1e-12)


def test_a_recording_shorter_than_the_drift_is_refused_in_words():
    with pytest.raises(AnalysisError, match=r"lasts 5 s, so no cosine is slower than period=100 s. Give .* below 10 s"):
        applied(Detrend("cosine"), ONE_TO_FIVE, frame_times=np.arange(5.0))
    with pytest.raises(
        AnalysisError, match="detrending by 4 polynomial terms needs at least 6 frames, but there are 5"
    ):
        applied(Detrend(order=4), ONE_TO_FIVE)


@pytest.mark.parametrize("keep", [np.ones(50, bool), np.arange(50) % 7 > 0])
def test_the_level_of_the_start_is_where_the_fitted_drift_begins(series, keep):
    t = np.arange(50.0)
    found = applied(Detrend(order=2, keep="start"), series[:50][keep], keep=keep)
    drift = np.stack([np.polyval(np.polyfit(t[keep], s, 2), t) for s in series[:50][keep].T], axis=1)
    np.testing.assert_allclose(found, series[:50][keep] - drift[keep] + drift[0], rtol=1e-9)

"""Tuning has Thunder's known answers 7, 8 and 9."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_thunder.analysis import TuningMoments
from napari_thunder.analysis.tuning.moments import circular_moments, concentration, linear_moments
from tests.analysis.runner import compute, make_context

Y6 = np.array([1.5, 2.3, 6.2, 5.1, 3.4, 2.1])
SIX_ANGLES = np.pi * np.array([-1 / 2, -1 / 3, -1 / 4, 1 / 4, 1 / 3, 1 / 2])


def test_7_gaussian_tuning():
    center, spread = linear_moments(Y6[:, None], np.arange(1, 7) / 10)
    np.testing.assert_allclose(center, 0.362621, atol=5e-7)
    np.testing.assert_allclose(spread, 0.018360, atol=5e-7)


def test_8_circular_tuning():
    center, spread = circular_moments(Y6[:, None], SIX_ANGLES)
    np.testing.assert_allclose(center, 0.106920, atol=5e-7)
    np.testing.assert_allclose(spread, 1.619429, atol=5e-7)


def test_9_circular_tuning_at_its_extremes():
    flat, one, none = np.ones(6), np.eye(6)[2], np.zeros(6)
    center, spread = circular_moments(np.column_stack([flat, one, none]), SIX_ANGLES)
    np.testing.assert_allclose(spread, 0, atol=1e-5)
    np.testing.assert_allclose(center[1], SIX_ANGLES[2])
    assert np.isnan(center[[0, 2]]).all()


def test_the_branches_of_the_concentration_meet():
    v = np.array([0.53, 0.85])
    np.testing.assert_allclose(concentration(v - 1e-9), concentration(v), rtol=0.01)
    np.testing.assert_array_equal(concentration(np.array([0.0, 1.0])), [0, 0])


def test_the_analysis_takes_them_of_responses_to_events():
    n = 6
    events = pd.DataFrame({"start_time": np.arange(n) * 20.0 + 10, "stop_time": np.arange(n) * 20.0 + 20})
    movie = (10 + np.repeat(Y6, 20) * (np.arange(20 * n) % 20 >= 10))[:, None]
    for kind, values, center, spread in (
        ("numbers", np.arange(1, 7) / 10, 0.362621, 0.018360),
        ("radians", SIX_ANGLES, np.rad2deg(0.106920), 1.619429),
        ("degrees", np.rad2deg(SIX_ANGLES), np.rad2deg(0.106920), 1.619429),
    ):
        context = make_context(20 * n, frame_times=np.arange(20.0 * n), events=events.assign(direction=values))
        found = compute(TuningMoments(kind=kind, baseline=5), context, movie)
        np.testing.assert_allclose(found["center"], center, rtol=1e-5)
        np.testing.assert_allclose(found["spread"], spread, rtol=1e-4)

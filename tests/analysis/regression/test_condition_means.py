"""Means by condition, and one time course with a size for each condition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import BilinearRegression, MeanRegression
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_regressors
from tests.analysis.runner import compute, make_context


def test_without_rest_the_prediction_is_zero_between_events(tiny, series):
    found = compute(MeanRegression(events_by=("direction",), rest=False), tiny, series)
    covered = event_regressors(tiny.events, ("direction",), tiny.frame_times, None).to_numpy()
    mean = (covered.T @ series) / covered.sum(axis=0)[:, None]
    error = ((series - covered @ mean) ** 2).sum(axis=0)
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-12)
    expected = 1 - error / ((series - series.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(found["r_squared"], expected, rtol=1e-9)


def test_a_condition_outside_the_kept_frames_is_named(tiny):
    keep = np.ones(260, bool)
    keep[tiny.frame_times < 40] = False
    events = tiny.events.assign(direction=np.repeat([0, 90], [3, 13]))
    context = dataclasses.replace(tiny, keep=keep, events=events)
    with pytest.raises(AnalysisError, match=r"'direction=0' has no kept frame"):
        MeanRegression(events_by=("direction",)).plan(context)


def test_a_time_course_and_its_sizes_are_found_again(tiny):
    course, size = np.array([0.0, 1, 3, 4, 3, 2, 1, 0.5, 0.2]), np.array([0.5, 1, 1.5, 1])
    y = np.full(260, 100.0)
    for start, direction in zip(tiny.events["start_time"], tiny.events["direction"], strict=True):
        first = round(start * 2)
        y[first : first + 9] += course * size[int(direction) // 90]
    found = compute(BilinearRegression(events_by=("direction",), window=4.0), tiny, y[:, None])
    np.testing.assert_allclose(found["time_course"][:, 0], course, atol=1e-9)
    np.testing.assert_allclose(found["beta"][:, 0], size, atol=1e-9)
    np.testing.assert_allclose(found["r_squared"], 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"window": 0.2}, r"a window of 0.2 s is 1 frames of 0.5 s; it needs 2 to 260"),
        ({"window": 500.0}, r"needs 2 to 260. Give another window"),
    ],
)
def test_a_window_without_a_time_course_is_refused(tiny, given, message):
    with pytest.raises(AnalysisError, match=message):
        BilinearRegression(**given).plan(tiny)


def test_a_window_that_reaches_beyond_the_recording_at_every_event_is_refused():
    events = pd.DataFrame({"start_time": [30.0], "stop_time": [32.0]})
    context = make_context(42, frame_times=np.arange(42.0), events=events)
    with pytest.raises(AnalysisError, match=r"the same value in all kept frames: 'event \+12 s'"):
        BilinearRegression(window=20.0).plan(context)

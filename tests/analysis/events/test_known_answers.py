"""Thunder's known answers 18, 19, 20, 22 and 23."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import (
    AveragePanels,
    AverageTrials,
    ConditionStatistics,
    CutTrials,
    EventAverage,
    PanelAverage,
    SelectFrames,
)
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, make_context

TWELVE = np.arange(12.0)[:, None]


def _at(starts, n_frames=7):
    events = pd.DataFrame({"start_time": np.array(starts, float), "stop_time": np.array(starts) + 1.0})
    return make_context(n_frames, frame_times=np.arange(float(n_frames)), events=events)


def _by_frame(**levels):
    """Twelve frames, of which each is an event with its levels."""
    events = pd.DataFrame({"start_time": np.arange(12.0), "stop_time": np.arange(12) + 1.0, **levels})
    return make_context(12, frame_times=np.arange(12.0), events=events)


LEVELS = _by_frame(A=np.repeat([0, 1], 6), B=np.tile([0, 0, 1, 1, 1, 1], 2), C=np.tile([0, 1, 0, 1, 2, 3], 2))


@pytest.mark.parametrize(
    ("centres", "before", "after", "expected"),
    [
        ((3, 5), 1, 0, [3, 4]),
        ((3, 5), 1, 1, [3, 4, 5]),
        ((3, 5), 2, 1, [2, 3, 4, 5]),
        ((3,), 2, 1, [1, 2, 3, 4]),
    ],
    ids=["w=2", "w=3", "w=4", "one, w=4"],
)
def test_18_mean_by_window(centres, before, after, expected):
    context, series = _at(centres), np.arange(7.0)[:, None]
    step = AverageTrials(first_lag=-before, last_lag=after)
    np.testing.assert_allclose(step.bind(context)(series.copy()), np.array(expected)[:, None])
    assert step.after(context).n_kept == len(expected)
    analysis = EventAverage(baseline=0, before=before, after=after, time_course=True)
    np.testing.assert_allclose(compute(analysis, context, series)["average"][0, :, 0], expected)


def test_19_group_by_window():
    series = np.arange(7.0)[:, None]
    step = CutTrials(first_lag=-1, last_lag=1)
    np.testing.assert_allclose(step.bind(_at([3, 5]))(series.copy())[:, 0], [2, 3, 4, 4, 5, 6])
    cut_off = _at([3, 6])
    np.testing.assert_allclose(step.bind(cut_off)(series.copy())[:, 0], [2, 3, 4, 5, 6])
    assert step.after(cut_off).keep.tolist() == [True] * 5 + [False]


@pytest.mark.parametrize(("length", "expected"), [(4, [2, 3, 4, 5]), (2, [3, 4])])
def test_20_panels(length, expected):
    context, series = make_context(8), np.arange(8.0)[:, None]
    found = compute(PanelAverage(length), context, series)
    np.testing.assert_allclose(found["average"][:, 0], expected)
    np.testing.assert_allclose(found["course"][:, 0], expected)
    np.testing.assert_allclose(AveragePanels(length).bind(context)(series.copy())[:, 0], expected)


@pytest.mark.parametrize("length", [3, 8])
def test_20_panels_that_do_not_fit(length):
    with pytest.raises(AnalysisError, match=f"the 8 frames are not two or more panels of length={length}"):
        PanelAverage(length).plan(make_context(8))
    with pytest.raises(AnalysisError, match="not two or more panels"):
        AveragePanels(length).bind(make_context(8))


def test_22_statistics_by_index():
    context = _by_frame(index=np.repeat([0, 1, 2], 4))
    names = ("sum", "mean", "median", "min", "max")
    found = compute(ConditionStatistics(("index",), statistics=names), context, TWELVE)
    expected = {"sum": [6, 22, 38], "mean": [1.5, 5.5, 9.5], "median": [1.5, 5.5, 9.5], "min": [0, 4, 8]}
    for name, values in (expected | {"max": [3, 7, 11]}).items():
        np.testing.assert_allclose(found[name][:, 0], values, err_msg=name)
    assert found["n_frames"].tolist() == [4, 4, 4]


def test_23_sums_by_two_levels():
    found = compute(ConditionStatistics(("A", "B"), statistics=("sum",)), LEVELS, TWELVE)
    np.testing.assert_allclose(found["sum"][:, 0], [1, 14, 13, 38])


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (("C=0",), [0, 2, 6, 8]),
        (("A=1", "B=0"), [6, 7]),
        (("A=0", "C=2|3"), [4, 5]),
        (("B!=1",), [0, 1, 6, 7]),
    ],
)
def test_23_selection_by_levels(only, expected):
    step = SelectFrames(only=only)
    np.testing.assert_array_equal(step.bind(LEVELS)(TWELVE.copy())[:, 0], expected)
    assert np.flatnonzero(step.after(LEVELS).keep).tolist() == expected

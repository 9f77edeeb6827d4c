"""Event averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from napari_thunder.analysis import (
    AveragePanels,
    AverageTrials,
    ConditionStatistics,
    CutTrials,
    EventAverage,
    PanelAverage,
    SelectFrames,
)
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {
    "condition_statistics": {"by": ("direction",), "statistics": ("mean", "median", "std", "min", "max", "sum")},
    "event_average": {"by": ("direction",), "time_course": True},
    "panel_average": {},
}


def _trials() -> tuple[Any, Any, Any]:
    """A recording of 200 frames with 8 events of 4 frames, 30 voxels, and the frames (trials, 2, 4) off and on."""
    rng = np.random.default_rng(1)
    start = 10.0 + 22 * np.arange(8)
    events = pd.DataFrame({"start_time": start, "stop_time": start + 4, "kind": np.tile(["a", "b"], 4)})
    series = 1000 + rng.normal(size=(200, 30)) + rng.normal(size=(200, 30)).cumsum(axis=0) / 4
    windows = start[:, None, None].astype(int) + np.array([np.arange(-4, 0), np.arange(4)])
    context = make_context(200, frame_times=np.arange(200.0), events=events)
    return context, series, series[windows]


def _relative(found: Any, expected: Any) -> float:
    return float(np.abs(np.asarray(found) - expected).max() / np.abs(expected).max())


def _against_ttest_rel() -> float:
    context, series, windows = _trials()
    found = compute(EventAverage(("kind",), baseline=4), context, series)
    off, on = windows.mean(axis=2).transpose(1, 0, 2)
    worst = 0.0
    for row in (0, 1):
        test = stats.ttest_rel(on[row::2], off[row::2])
        worst = max(worst, _relative(found["t"][row], test.statistic), _relative(found["p"][row], test.pvalue))
    return worst


def _against_d_prime() -> float:
    context, series, windows = _trials()
    found = compute(EventAverage(("kind",), baseline=4), context, series)["d_prime"]
    off, on = windows.mean(axis=2).transpose(1, 0, 2)
    expected = [
        (on[k::2].mean(0) - off[k::2].mean(0)) / np.sqrt((on[k::2].var(0, ddof=1) + off[k::2].var(0, ddof=1)) / 2)
        for k in (0, 1)
    ]
    return _relative(found, np.array(expected))


def _against_sem() -> float:
    context, series, windows = _trials()
    analysis = EventAverage(("kind",), baseline=4, before=4, after=3, time_course=True)
    found = compute(analysis, context, series)
    course = np.concatenate([windows[:, 0], windows[:, 1]], axis=1) - windows[:, :1].mean(axis=2)
    worst = 0.0
    for row in (0, 1):
        worst = max(worst, _relative(found["average"][row], course[row::2].mean(0)))
        worst = max(worst, _relative(found["average_sem"][row], stats.sem(course[row::2])))
        of_all = course[row::2].mean(axis=2)
        worst = max(worst, _relative(found["course"][:, row], of_all.mean(0)))
        worst = max(worst, _relative(found["course_sem"][:, row], stats.sem(of_all)))
    return worst


def _against_groupby() -> float:
    context, series, _ = _trials()
    names = ("mean", "median", "std", "min", "max", "sum")
    found = compute(ConditionStatistics(("kind",), statistics=names), context, series)
    kind = pd.Series(np.full(200, None, object))
    for start, level in zip(context.events["start_time"].astype(int), context.events["kind"], strict=True):
        kind.iloc[start : start + 4] = level
    grouped = pd.DataFrame(series).groupby(kind)
    return max(_relative(found[name], grouped.agg(name).to_numpy()) for name in names)


def _against_reshape() -> float:
    context, series, _ = _trials()
    found = compute(PanelAverage(20), context, series)
    panels = series.reshape(10, 20, 30)
    return max(_relative(found["average"], panels.mean(0)), _relative(found["sem"], stats.sem(panels)))


def _by_step(step: Any, expected: Any) -> float:
    context, series, _ = _trials()
    return _relative(step.bind(context)(series.copy()), expected)


def _average_trials() -> float:
    windows = _trials()[2].reshape(8, 8, 30)
    step = AverageTrials(("kind",), first_lag=-4, last_lag=3)
    return _by_step(step, np.concatenate([windows[::2].mean(0), windows[1::2].mean(0)]))


def _cut_trials() -> float:
    return _by_step(CutTrials(first_lag=-4, last_lag=3), _trials()[2].reshape(64, 30))


def _average_panels() -> float:
    return _by_step(AveragePanels(20), _trials()[1].reshape(10, 20, 30).mean(0))


def _select_frames() -> float:
    windows = _trials()[2]
    return _by_step(SelectFrames(only=("kind=b",)), windows[1::2, 1].reshape(-1, 30))


CASES = [
    Case("event_average", "scipy.stats.ttest_rel", "t and p, 8 trials of 2 kinds, 30 random walks", _against_ttest_rel),
    Case("event_average", "closed form (numpy)", "d′, 8 trials of 2 kinds, 30 random walks", _against_d_prime),
    Case("event_average", "scipy.stats.sem", "average and its error at each lag, maps and curves", _against_sem),
    Case("condition_statistics", "pandas.DataFrame.groupby", "6 statistics of 2 kinds of events", _against_groupby),
    Case("panel_average", "numpy.reshape, scipy.stats.sem", "10 panels of 20 frames", _against_reshape),
    Case("average_trials", "numpy by hand", "8 trials of 2 kinds", _average_trials),
    Case("cut_trials", "numpy by hand", "8 trials", _cut_trials),
    Case("average_panels", "numpy.reshape", "10 panels of 20 frames", _average_panels),
    Case("select_frames", "numpy by hand", "the 4 events of one kind of two", _select_frames),
]

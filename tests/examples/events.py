"""Event averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from napari_thunder.analysis import EventAverage
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {"event_average": {"by": ("direction",), "time_course": True}}


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


CASES = [
    Case("event_average", "scipy.stats.ttest_rel", "t and p, 8 trials of 2 kinds, 30 random walks", _against_ttest_rel),
    Case("event_average", "closed form (numpy)", "d′, 8 trials of 2 kinds, 30 random walks", _against_d_prime),
    Case("event_average", "scipy.stats.sem", "average and its error at each lag, maps and curves", _against_sem),
]

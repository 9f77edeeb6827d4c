"""Preprocessing by trials: what follows works on the average trial, or on trials put end to end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.course import Course
from napari_thunder.analysis.events.other_frames import with_other_frames
from napari_thunder.analysis.events.selection import ONLY_HELP, chosen_events
from napari_thunder.analysis.events.weighing import weighed_series
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.analysis.trials import Trials, Window, make_trials
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]
Group = NDArray[np.intp]

_FIRST_HELP = "Where a trial begins, from the start of its event; below 0: before it"
_LAST_HELP = "Where a trial ends, from the start of its event"
_BASELINE_HELP = "Time before an event that is subtracted from the trial; 0 for none"


@dataclass(frozen=True, slots=True)
class AverageTrials:
    """Go on with the average trial: the mean over the events of each condition at each lag, conditions end to end.

    Lags, interpolation and baselines are those of EventAverage. What follows sees a recording of conditions · lags
    frames, one (median) frame apart: PCA then finds trajectories through the average trial.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition; none: all events are one.
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold.
    first_lag, last_lag
        Range of the lags in s from the start of an event.
    baseline
        In s before the start of each event: its mean is subtracted from the trial. 0 keeps the level, as ΔF/F needs it.

    Notes
    -----
    Afterwards there is one event for each condition, with the columns `by`; signals and motion are averaged alike. A
    lag that no trial of a condition has (cut off, or excluded) is an excluded frame. Thunder: `meanByWindow`.

    References
    ----------
    Thunder's `TimeSeries.meanByWindow`.
    """

    title: ClassVar[str] = "Average trials"
    summary: ClassVar[str] = "Go on with the mean over trials of each condition"

    by: tuple[str, ...] = parameter(
        (),
        help="Columns of the events that tell conditions apart; none for all events together",
        source="event columns",
    )
    only: tuple[str, ...] = parameter((), help=ONLY_HELP)
    first_lag: float = parameter(-2.0, help=_FIRST_HELP, unit="s")
    last_lag: float = parameter(8.0, help=_LAST_HELP, unit="s")
    baseline: float = parameter(0.0, help=_BASELINE_HELP, unit="s", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (conditions · lags, voxels)."""
        course = self._course(context)[0]
        return partial(weighed_series, weights=_rows(course.means, course.n_at_lag > 0))

    def after(self, context: Context) -> Context:
        """The context of the average trials."""
        course, plain, events = self._course(context)
        keep = course.n_at_lag > 0
        return _context_after(context, course, _rows(plain.means, keep), keep, events)

    def _course(self, context: Context) -> tuple[Course, Course, pd.DataFrame]:
        """With baselines, without, and an event for each condition as long as those of it on average."""
        events = _chosen(context, self.only, self.title)
        named = event_groups(events, self.by)
        trials = _trials(context, events, self.first_lag, self.last_lag, self.baseline, self.title)
        groups = [rows.index.to_numpy() for _, rows in named]
        groups = [rows[trials.usable[rows]] for rows in groups]
        for (name, _), group in zip(named, groups, strict=True):
            if not len(group):
                raise AnalysisError(f"{context.name}: {self.title}: no event of {name!r} has kept frames to average.")
        shown = pd.concat([events.iloc[rows[:1]][list(self.by)] for rows in groups], ignore_index=True)
        lasts = (events["stop_time"] - events["start_time"]).to_numpy(np.float64)
        shown.insert(0, "duration", [lasts[rows].mean() for rows in groups])
        return *_courses(trials, groups, self.first_lag, self.last_lag), shown


@dataclass(frozen=True, slots=True)
class CutTrials:
    """Go on with single trials: the frames around each event, put end to end; everything else is left out.

    Parameters
    ----------
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold.
    first_lag, last_lag
        Range of the lags in s from the start of an event.
    baseline
        In s before the start of each event: its mean is subtracted from the trial. 0 for none.

    Notes
    -----
    Series are interpolated linearly on lags one (median) frame apart, as in EventAverage, so that all trials have as
    many frames. Events keep their columns; signals and motion are cut alike. A lag that a trial does not have (cut
    off, or excluded) is an excluded frame; Thunder's `groupByWindow` refused such events.

    References
    ----------
    Thunder's `TimeSeries.groupByWindow`.
    """

    title: ClassVar[str] = "Cut out trials"
    summary: ClassVar[str] = "Go on with the frames around events only, trial after trial"

    only: tuple[str, ...] = parameter((), help=ONLY_HELP)
    first_lag: float = parameter(-2.0, help=_FIRST_HELP, unit="s")
    last_lag: float = parameter(8.0, help=_LAST_HELP, unit="s")
    baseline: float = parameter(0.0, help=_BASELINE_HELP, unit="s", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (trials · lags, voxels)."""
        course = self._course(context)[0]
        return partial(weighed_series, weights=_rows(course.weights, course.there))

    def after(self, context: Context) -> Context:
        """The context of the trials."""
        course, plain, events = self._course(context)
        return _context_after(context, course, _rows(plain.weights, course.there), course.there, events)

    def _course(self, context: Context) -> tuple[Course, Course, pd.DataFrame]:
        events = _chosen(context, self.only, self.title)
        trials = _trials(context, events, self.first_lag, self.last_lag, self.baseline, self.title)
        used = np.flatnonzero(trials.usable)
        shown = events.iloc[used].drop(columns=["start_time", "stop_time"]).reset_index(drop=True)
        lasts = (events["stop_time"] - events["start_time"]).to_numpy(np.float64)
        shown.insert(0, "duration", lasts[used])
        return *_courses(trials, [used], self.first_lag, self.last_lag), shown


def _chosen(context: Context, only: tuple[str, ...], what: str) -> pd.DataFrame:
    context.need_frames(2, what)
    return chosen_events(context.need_events(what), only, f"{context.name}: {what}").reset_index(drop=True)


def _trials(context: Context, events: pd.DataFrame, first: float, last: float, baseline: float, what: str) -> Trials:
    """Usable are those with a kept frame in the window, and in the baseline if there is one."""
    if last < first:
        raise AnalysisError(f"{context.name}: {what}: last_lag={last:g} s is before first_lag={first:g} s.")
    return make_trials(events, Window(baseline, first, last - first, max(0.0, -first), max(0.0, last)), context, what)


def _courses(trials: Trials, groups: list[Group], first: float, last: float) -> tuple[Course, Course]:
    """With the baselines subtracted, and without."""
    raw = dataclasses.replace(trials, baselines=sparse.csr_array(trials.baselines.shape, dtype=np.float64))
    return Course.of(trials, groups, -first, last), Course.of(raw, groups, -first, last)


def _rows(weights: sparse.csr_array, there: NDArray[np.bool_]) -> sparse.csr_array:
    return sparse.csr_array(weights[np.flatnonzero(there)])


def _context_after(
    context: Context, course: Course, weights: sparse.csr_array, there: NDArray[np.bool_], events: pd.DataFrame
) -> Context:
    """Of rows (trials or conditions, lags) put end to end, with an event in each that lasts its `duration`."""
    interval = float(np.median(np.diff(context.need_frame_times("trials"))))
    n_rows, n_lags = there.shape
    times = interval * np.arange(n_rows * n_lags)
    begin = interval * n_lags * np.arange(n_rows)
    start = begin + np.clip(-course.lags[0], 0, interval * (n_lags - 1))
    stop = np.minimum(start + events["duration"].to_numpy(np.float64), begin + interval * n_lags)
    shown = events.drop(columns="duration")
    shown.insert(0, "start_time", start)
    shown.insert(1, "stop_time", stop)
    return with_other_frames(context, weights, there.ravel(), times, shown)

"""The average answer to events."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.events.course import Course, course_curves
from napari_thunder.analysis.events.selection import ONLY_HELP, chosen_events
from napari_thunder.analysis.events.trial_means import CourseSums, Group, TrialMeans
from napari_thunder.analysis.groups import DrawnGroups, add
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Means, Plan, Reduce, Request, Role
from napari_thunder.analysis.statistics import with_adjusted_p
from napari_thunder.analysis.trials import Trials, Window, make_trials
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_PER_CONDITION = ("condition",)
_MAPS = (
    Map("response", "mean response", Role.SIGNED, "a.u.", _PER_CONDITION),
    Map("sem", "standard error of the response", Role.VALUE, "a.u.", _PER_CONDITION),
    Map("t", "t of the response over trials", Role.SIGNED, "1", _PER_CONDITION),
    Map("p", "p of the response, two-sided", Role.PROBABILITY, "1", _PER_CONDITION),
)
_D_PRIME = Map("d_prime", "d′ of response and baseline", Role.SIGNED, "1", _PER_CONDITION)
_COURSES = (
    Map("average", "event-triggered average", Role.SIGNED, "a.u.", ("condition", "lag")),
    Map("average_sem", "standard error of the average", Role.VALUE, "a.u.", ("condition", "lag")),
)


@dataclass(frozen=True, slots=True)
class EventAverage:
    """Event-triggered average: how each voxel answers each kind of event, over trials.

    For a trial with start τ, x(τ + u) is interpolated linearly between frames on a grid of lags u one frame apart. Its
    baseline b is the mean over u in [-baseline, 0), its response the mean over [delay, delay + duration) minus b.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition; none: all events are one, `event`.
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event.
    baseline
        In s before the start of each event; 0 for none.
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, `contrast>=0.5`, which must all hold.
    course_of
        Give the average at every lag as curves, with its standard error: of the mean over `all` voxels (of the mask),
        over those that are `responding`, of each of the `regions`; or of `none`, which spares a pass over the brain.
    alpha
        A voxel is responding if p times the number of conditions is this or less for one of them at least.
    time_course
        Also give it as maps; they are 2 · conditions · lags, so mind the memory.
    before, after
        Range of the lags in s.

    Returns
    -------
    response, sem : (condition, z, y, x)
        Mean over trials, and sd / √n with ddof 1, in units of the movie (after preprocessing).
    t, p : (condition, z, y, x)
        t = response / sem with n − 1 degrees of freedom, two-sided p: the paired t-test of response against baseline.
    p_fdr : (condition, z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg, each condition for itself.
    d_prime : (condition, z, y, x)
        If there is a baseline: (mean on − mean off) / √((s_on² + s_off²) / 2), with mean and sd (ddof 1) over trials of
        the response window (on) and of the baseline (off).
    course, course_sem : (lag, condition), or (lag, line) with a line for each region and condition
        Of the mean series: mean over the trials that have the lag, minus their baselines, and sd / √n.
    average, average_sem : (condition, lag, z, y, x)
        If `time_course`: the same of each voxel.
    n_trials : (condition,), n_at_lag : (condition, lag)
        Trials used.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    AnalysisError
        If a condition has no usable event.

    Notes
    -----
    With one trial, sem, t, p and d′ are NaN. The course of responding voxels is larger than new data will show it, as
    they were chosen for their responses. Where events follow each other within the decay of the indicator, the baseline
    holds the answer to the one before: use Regression with a kernel. Trials touched by excluded frames lose those
    frames only; trials with no kept frame in a window are left out, and `warnings` in the attributes says so.

    References
    ----------
    As pynapple `compute_perievent_continuous` and AllenSDK's mean sweep response; `scipy.stats.ttest_rel`. Thunder's
    `meanByWindow` is the average without a baseline.
    """

    family: ClassVar[str] = "Events"
    title: ClassVar[str] = "Event average"
    summary: ClassVar[str] = "Mean response to each kind of event, over trials"

    by: tuple[str, ...] = parameter(
        (),
        help="Columns of the events that tell conditions apart; none for all events together",
        source="event columns",
    )
    delay: float = parameter(0.0, help="Start of the response window after the start of an event", unit="s")
    duration: float | None = parameter(
        None, help="Length of the response window; none for as long as each event", unit="s", minimum=1e-6
    )
    baseline: float = parameter(2.0, help="Time before an event that is subtracted; 0 for none", unit="s", minimum=0)
    only: tuple[str, ...] = parameter((), help=ONLY_HELP)
    course_of: str = parameter(
        "all",
        help="Curves of the average at every lag: of all voxels, of those that respond, of regions, or none",
        choices=("all", "responding", "regions", "none"),
    )
    alpha: float = parameter(
        0.001,
        help="Largest p, times the number of conditions, of a voxel that responds",
        minimum=0,
        maximum=1,
        fine=True,
    )
    time_course: bool = parameter(False, help="Also give the average at every lag as maps (many)")
    before: float = parameter(2.0, help="First lag, before the start of an event", unit="s", minimum=0)
    after: float = parameter(8.0, help="Last lag, after the start of an event", unit="s", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Plan:
        """One pass over the brain, and one before it for the mean series whose course is wanted."""
        context.need_frames(2, self.title)
        events = self._events(context)
        named = [(name, rows.index.to_numpy()) for name, rows in event_groups(events, self.by)]
        window = Window(self.baseline, self.delay, self.duration, self._before, self._after)
        trials = make_trials(events, window, context, self.title)
        groups = [rows[trials.usable[rows]] for _, rows in named]
        for (name, rows), group in zip(named, groups, strict=True):
            if not len(group):
                raise AnalysisError(
                    f"{context.name}: {self.title}: none of the {len(rows)} events of {name!r} has kept frames both "
                    "in its response window and in its baseline. Change baseline, delay or duration."
                )
        conditions = [name for name, _ in named]
        if self.course_of == "none":
            return self._step(conditions, groups, trials)
        drawn = (
            DrawnGroups.of(context.need_regions(f"{self.title} of regions")) if self.course_of == "regions" else None
        )
        return self._with_course(conditions, groups, trials, drawn)

    def _events(self, context: Context) -> pd.DataFrame:
        events = context.need_events(self.title)
        return chosen_events(events, self.only, f"{context.name}: {self.title}").reset_index(drop=True)

    @property
    def _courses(self) -> bool:
        return self.time_course or self.course_of != "none"

    @property
    def _before(self) -> float:
        return self.before if self._courses else 0.0

    @property
    def _after(self) -> float:
        return self.after if self._courses else 0.0

    def _compute(self, groups: list[Group], trials: Trials) -> TrialMeans:
        order = np.concatenate(groups)
        shown = groups if self.time_course else []
        courses = tuple(Course.of(trials, [group], self.before, self.after) for group in shown)
        grounds = None if self.baseline == 0 else trials.baselines[order]
        return TrialMeans(trials.responses[order], grounds, tuple(map(len, groups)), courses)

    def _step(self, conditions: list[str], groups: list[Group], trials: Trials) -> MapStep:
        compute = self._compute(groups, trials)
        about = {"long_name": "trials used", "plot": "bars"}
        curves: dict[str, Any] = {"n_trials": (("condition",), np.array(compute.n_trials), about)}
        maps = _MAPS if self.baseline == 0 else (*_MAPS, _D_PRIME)
        coords: dict[str, Any] = {"condition": conditions}
        if compute.courses:
            maps = (*maps, *_COURSES)
            coords["lag"] = compute.courses[0].lags
            curves |= _counts(np.concatenate([course.n_at_lag for course in compute.courses]))
        return MapStep(maps, compute, coords, curves, partial(_finish, warnings=trials.warnings))

    def _with_course(
        self, conditions: list[str], groups: list[Group], trials: Trials, drawn: DrawnGroups | None
    ) -> Generator[Request, Answer, MapStep]:
        """The step with curves of mean series, which are asked for."""
        step, course = self._step(conditions, groups, trials), Course.of(trials, groups, self.before, self.after)
        coords, warnings = dict(step.coords) | {"lag": course.lags}, trials.warnings
        if drawn is not None:
            found = yield Means(drawn, "averaging regions")
            curves = course_curves(course, found["series"], "regions", "line")
            coords["line"] = [f"{region}: {condition}" for region in drawn.names for condition in conditions]
        else:
            tests = replace(self._compute(groups, trials), courses=()) if self.course_of == "responding" else None
            found = yield Reduce(CourseSums(tests, self.alpha), add, "averaging voxels")
            n = int(found["n_voxels"].sum())
            warnings = warnings if n else [*warnings, _NONE]
            of = f"{n} voxels" if tests is None else f"{n} responding voxels"
            curves = course_curves(course, found["total"][:, None] / (n or np.nan), of, "condition")
        curves = {**step.curves, **_counts(course.n_at_lag), **curves}
        return replace(step, coords=coords, curves=curves, finish=partial(_finish, warnings=warnings))


_NONE = "No voxel responds, or none varies, so there is no average course. Raise alpha, or look at all voxels."


def _counts(n_at_lag: NDArray[np.intp]) -> dict[str, Any]:
    return {"n_at_lag": (("condition", "lag"), n_at_lag, {"long_name": "trials used at each lag"})}


def _finish(dataset: xr.Dataset, warnings: list[str]) -> xr.Dataset:
    if "lag" in dataset.coords:
        dataset["lag"].attrs["units"] = "s"
    return with_adjusted_p(dataset).assign_attrs(warnings=warnings)

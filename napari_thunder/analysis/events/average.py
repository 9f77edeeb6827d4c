"""The average answer to events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, two_sided_p, with_adjusted_p
from napari_thunder.analysis.trials import Trials, Window, make_trials
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Group = NDArray[np.intp]

_MAPS = (
    Map("response", "mean response", Role.SIGNED, "a.u.", ("condition",)),
    Map("sem", "standard error of the response", Role.VALUE, "a.u.", ("condition",)),
    Map("t", "t of the response over trials", Role.SIGNED, "1", ("condition",)),
    Map("p", "p of the response, two-sided", Role.PROBABILITY, "1", ("condition",)),
)
_COURSE = Map("average", "event-triggered average", Role.SIGNED, "a.u.", ("condition", "lag"))


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
    time_course
        Also give the average at every lag; it holds (conditions · lags) maps, so mind the memory.
    before, after
        Range of its lags in s.

    Returns
    -------
    response, sem : (condition, z, y, x)
        Mean over trials, and sd / √n with ddof 1, in units of the movie (after preprocessing).
    t, p : (condition, z, y, x)
        t = response / sem with n − 1 degrees of freedom, two-sided p: the paired t-test of response against baseline.
    p_fdr : (condition, z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg, each condition for itself.
    average : (condition, lag, z, y, x)
        If `time_course`: the mean over the trials that have the lag, minus the trials' baselines.
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
    With one trial, sem, t and p are NaN. Where events follow each other within the decay of the indicator, the
    baseline holds the answer to the one before: use Regression with a kernel. Trials touched by excluded frames lose
    those frames only; trials with no kept frame in a window are left out, and `warnings` in the attributes says so.

    References
    ----------
    As pynapple `compute_perievent_continuous` and AllenSDK's mean sweep response; `scipy.stats.ttest_rel`.
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
    time_course: bool = parameter(False, help="Also give the average at every lag (many maps)")
    before: float = parameter(
        2.0, help="First lag of the time course, before the start of an event", unit="s", minimum=0
    )
    after: float = parameter(8.0, help="Last lag of the time course, after the start of an event", unit="s", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        events = context.need_events(self.title)
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
        return self._step([name for name, _ in named], groups, trials)

    @property
    def _before(self) -> float:
        return self.before if self.time_course else 0.0

    @property
    def _after(self) -> float:
        return self.after if self.time_course else 0.0

    def _step(self, conditions: list[str], groups: list[Group], trials: Trials) -> MapStep:
        coords: dict[str, Any] = {"condition": conditions}
        n_trials = np.array([len(group) for group in groups])
        curves: dict[str, Any] = {"n_trials": (("condition",), n_trials, {"long_name": "trials used"})}
        maps: tuple[Map, ...] = _MAPS
        course = None
        if self.time_course:
            course, n_at_lag, lags = _course(trials, groups, self.before, self.after)
            maps = (*_MAPS, _COURSE)
            coords["lag"] = lags
            curves["n_at_lag"] = (("condition", "lag"), n_at_lag, {"long_name": "trials used at each lag"})
        order = np.concatenate(groups)
        compute = TrialMeans(trials.responses[order], tuple(n_trials.tolist()), course)
        return MapStep(maps, compute, coords, curves, partial(_finish, warnings=trials.warnings))


def _course(
    trials: Trials, groups: list[Group], before: float, after: float
) -> tuple[sparse.csr_array, NDArray[np.intp], Values]:
    """Weights (conditions · lags, t) of the average at each lag, trials there (conditions, lags), and the lags in s."""
    slack = 1e-6 * (trials.lags[-1] - trials.lags[0])
    wanted = np.flatnonzero((trials.lags >= -before - slack) & (trials.lags <= after + slack))
    n_trials, n_lags = trials.sampled.shape
    counts, parts = [], []
    for group in groups:
        there = trials.sampled[np.ix_(group, wanted)]
        count = there.sum(axis=0)
        lag, trial = np.nonzero(there.T)
        share = 1 / count[lag]
        at = sparse.coo_array(
            (share, (lag, group[trial] * n_lags + wanted[lag])), shape=(len(wanted), n_trials * n_lags)
        )
        ground = sparse.coo_array((share, (lag, group[trial])), shape=(len(wanted), n_trials))
        parts.append(at.tocsr() @ trials.samples - ground.tocsr() @ trials.baselines)
        counts.append(count)
    return sparse.csr_array(sparse.vstack(parts)), np.array(counts), trials.lags[wanted]


@dataclass(frozen=True, slots=True)
class TrialMeans:
    """Means and standard errors over trials, which are sorted by condition.

    Parameters
    ----------
    responses
        (trials, t) weights.
    n_trials
        Trials of each condition.
    course
        (conditions · lags, t) weights of the averages at each lag, or None.
    """

    responses: sparse.csr_array
    n_trials: tuple[int, ...]
    course: sparse.csr_array | None = None

    def __call__(self, series: Series) -> Answer:
        """Maps (condition, voxels) and (condition, lag, voxels) of series (t, voxels)."""
        mean, _, valid = centre(series)
        mean[~valid] = np.nan
        with np.errstate(all="ignore"):
            answer = self._over_trials(_weigh(self.responses, series, mean))
            if self.course is not None:
                course = _weigh(self.course, series, mean)
                absent = np.diff(self.course.indptr) == 0
                course[absent] = np.nan
                answer["average"] = course.reshape(len(self.n_trials), -1, series.shape[1])
        return answer

    def _over_trials(self, responses: Values) -> Answer:
        shape = len(self.n_trials), responses.shape[1]
        response, sem, t, p = (np.full(shape, np.nan) for _ in range(4))
        ends = np.cumsum(self.n_trials)
        for row, (n, end) in enumerate(zip(self.n_trials, ends.tolist(), strict=True)):
            of_condition = responses[end - n : end]
            response[row] = of_condition.mean(axis=0)
            if n > 1:
                sem[row] = of_condition.std(axis=0, ddof=1) / np.sqrt(n)
                t[row] = response[row] / np.where(sem[row] > 0, sem[row], np.nan)
                p[row] = two_sided_p(t[row], n - 1)
        return {"response": response, "sem": sem, "t": t, "p": p}


def _weigh(weights: sparse.csr_array, centred: Series, mean: Values) -> Values:
    """Weights @ (centred + mean), with rounding relative to the centred values."""
    weighed: Values = weights @ centred
    # so that weights that cancel but for rounding do so
    weighed += np.outer(np.round(weights.sum(axis=1), 9), mean)
    return weighed


def _finish(dataset: xr.Dataset, warnings: list[str]) -> xr.Dataset:
    if "lag" in dataset.coords:
        dataset["lag"].attrs["units"] = "s"
    return with_adjusted_p(dataset).assign_attrs(warnings=warnings)

"""How behaviour changes the answer of each voxel: running against still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.asked import response_delay, response_duration, trial_baseline
from napari_thunder.analysis.events.selection import ONLY_HELP, chosen_events
from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, with_adjusted_p
from napari_thunder.analysis.trials import Window, make_trials
from napari_thunder.analysis.tuning.feature_bins import signals_at_frames
from napari_thunder.analysis.two_samples import sample_of, welch
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Rows = NDArray[np.intp]

_LEAST = 3
_MAPS = (
    Map("active", "mean while active", Role.SIGNED, "a.u."),
    Map("quiet", "mean while quiet", Role.SIGNED, "a.u."),
    Map("modulation", "modulation by behaviour", Role.SIGNED),
    Map("t", "Welch's t of active minus quiet", Role.SIGNED),
    Map("p", "p of the difference, two-sided", Role.PROBABILITY),
)
_PREFERRED = Map("preferred_condition", "condition of the largest mean response", Role.LABEL)
_AUTOCORRELATED = (
    "p counts frames as independent, which neither calcium signals nor behaviour are: it is too small. Use it to rank "
    "voxels, or compare trials (over=trials)."
)


@dataclass(frozen=True, slots=True)
class BehaviourModulation:
    """Whether a voxel is more active while the animal is (running against still, swimming against resting).

    A frame is active where the signal is `threshold` or more; a trial where the signal's mean over its response window
    is. Over trials each voxel is looked at in its preferred condition, the one with the largest mean response.

    Parameters
    ----------
    signal
        The behaviour signal; none: the only one there is.
    threshold
        In units of the signal.
    over
        `frames`: compare all frames. `trials`: compare responses to events, as in EventAverage.
    by
        Of trials: columns of the events that tell conditions apart; none: all events are one.
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold.
    delay, duration, baseline
        Windows of the trials, as in EventAverage.

    Returns
    -------
    active, quiet : (z, y, x)
        Mean over active and quiet frames (or responses), in units of the movie (after preprocessing).
    modulation : (z, y, x)
        (active − quiet) / |active| if active > quiet, else −(quiet − active) / |quiet|.
    t, p, p_fdr : (z, y, x)
        Welch's t-test, two-sided; adjusted for all voxels by Benjamini & Hochberg.
    preferred_condition : (z, y, x)
        Over trials, with several conditions: its number, from 1.
    n_active, n_quiet : (condition,)
        Frames or trials.

    Raises
    ------
    MissingMetadataError
        If signals (and for trials, events or frame times) are not known.
    AnalysisError
        If there are fewer than 3 active or quiet frames, or in no condition 3 trials of each.

    Notes
    -----
    Frames are not independent, so p over frames is too small; `warnings` says so. A condition with fewer than 3 active
    or quiet trials leaves the voxels that prefer it NaN. Within ΔF/F the modulation exceeds 1 where active and quiet
    have different signs.

    References
    ----------
    AllenSDK's `run_modulation` (Brain Observatory, running at 1 cm/s or more); `scipy.stats.ttest_ind`.
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Behaviour modulation"
    summary: ClassVar[str] = "Compare each voxel while the animal is active and while it is quiet"

    signal: str | None = parameter(None, help="The behaviour signal; none: the only one", source="signals")
    threshold: float = parameter(1.0, help="Active where the signal is this or more, in its units")
    over: str = parameter("frames", help="Compare frames, or responses to events", choices=("frames", "trials"))
    by: tuple[str, ...] = parameter(
        (), help="Of trials: columns of the events that tell conditions apart", source="event columns"
    )
    only: tuple[str, ...] = parameter((), help=ONLY_HELP)
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        names = () if self.signal is None else (self.signal,)
        signal = signals_at_frames(context, names, self.title).iloc[:, 0].to_numpy(np.float64)[context.keep]
        return self._over_frames(signal, context) if self.over == "frames" else self._over_trials(signal, context)

    def _over_frames(self, signal: Values, context: Context) -> MapStep:
        active = signal >= self.threshold
        self._check(active, context)
        compute = ModulationOfFrames(np.flatnonzero(active), np.flatnonzero(~active))
        return self._step(compute, _MAPS, ["frames"], [active], [_AUTOCORRELATED])

    def _over_trials(self, signal: Values, context: Context) -> MapStep:
        where = f"{context.name}: {self.title}"
        events = chosen_events(context.need_events(self.title), self.only, where).reset_index(drop=True)
        window = Window(self.baseline, self.delay, self.duration)
        trials = make_trials(events, window, context, self.title)
        during = (trials.responses + trials.baselines) @ signal
        found = [(name, rows.index.to_numpy()) for name, rows in event_groups(events, self.by)]
        groups = {name: rows[trials.usable[rows]] for name, rows in found}
        empty = [name for name, rows in groups.items() if not len(rows)]
        if empty:
            raise AnalysisError(f"{where}: no event of {empty[0]!r} has kept frames in its windows.")
        active = [during[rows] >= self.threshold for rows in groups.values()]
        enough = [min(a.sum(), (~a).sum()) >= _LEAST for a in active]
        if not any(enough):
            counts = ", ".join(f"{name}: {a.sum()} and {(~a).sum()}" for name, a in zip(groups, active, strict=True))
            raise AnalysisError(
                f"{where}: no condition has {_LEAST} active and {_LEAST} quiet trials ({counts}). Change threshold or "
                "by."
            )
        order = np.concatenate(list(groups.values()))
        compute = ModulationOfTrials(sparse.csr_array(trials.responses[order]), tuple(active))
        maps = _MAPS if len(groups) == 1 else (*_MAPS, _PREFERRED)
        return self._step(compute, maps, list(groups), active, trials.warnings)

    def _check(self, active: NDArray[np.bool_], context: Context) -> None:
        n_active, n_quiet = int(active.sum()), int((~active).sum())
        if min(n_active, n_quiet) < _LEAST:
            raise AnalysisError(
                f"{context.name}: {self.title}: {n_active} frames are active (the signal is threshold="
                f"{self.threshold:g} or more) and {n_quiet} quiet; {_LEAST} of each are needed."
            )

    def _step(
        self,
        compute: ModulationOfFrames | ModulationOfTrials,
        maps: tuple[Map, ...],
        conditions: list[str],
        active: Sequence[NDArray[np.bool_]],
        warnings: list[str],
    ) -> MapStep:
        n_active = np.array([a.sum() for a in active])
        n_quiet = np.array([len(a) for a in active]) - n_active
        curves: dict[str, Any] = {
            "n_active": (("condition",), n_active, {"long_name": f"active {self.over}", "plot": "bars"}),
            "n_quiet": (("condition",), n_quiet, {"long_name": f"quiet {self.over}", "plot": "bars"}),
        }
        return MapStep(maps, compute, {"condition": conditions}, curves, partial(_finish, warnings=warnings))


@dataclass(frozen=True, slots=True)
class ModulationOfFrames:
    """Active against quiet frames, given by their places among the kept ones."""

    active: Rows
    quiet: Rows

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        level, _, valid = centre(series)
        return _masked(_compared(series[self.active], series[self.quiet], level), valid)


@dataclass(frozen=True, slots=True)
class ModulationOfTrials:
    """Active against quiet responses in each voxel's preferred condition.

    Parameters
    ----------
    responses
        (trials, t) weights, trials sorted by condition.
    active
        Of each condition, which of its trials are active.
    """

    responses: sparse.csr_array
    active: tuple[NDArray[np.bool_], ...]

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        level, _, valid = centre(series)
        with np.errstate(all="ignore"):
            responses = weigh(self.responses, series, level)
        parts = np.split(responses, np.cumsum([len(a) for a in self.active])[:-1])
        nothing = np.zeros(responses.shape[1])
        each = [_compared(part[a], part[~a], nothing) for part, a in zip(parts, self.active, strict=True)]
        if len(each) == 1:
            return _masked(each[0], valid)
        preferred = np.argmax([part.mean(axis=0) for part in parts], axis=0)
        chosen = {name: np.choose(preferred, [found[name] for found in each]) for name in each[0]}
        return _masked(chosen | {"preferred_condition": preferred + 1.0}, valid)


def _compared(active: Values, quiet: Values, level: Values) -> Answer:
    """Maps (voxels,) of two samples (n, voxels), to whose means a level is added; NaN where one is too small."""
    if min(len(active), len(quiet)) < _LEAST:
        nothing = np.full(active.shape[1], np.nan)
        return {output.name: nothing for output in _MAPS}
    a, b = sample_of(active), sample_of(quiet)
    with np.errstate(all="ignore"):
        t, p = welch(a, b)
        high, low = a.mean + level, b.mean + level
        scale = np.abs(np.where(high > low, high, low))
        modulation = (high - low) / np.where(scale > 0, scale, np.nan)
    return {"active": high, "quiet": low, "modulation": modulation, "t": t, "p": p}


def _masked(answer: Answer, valid: NDArray[np.bool_]) -> Answer:
    for name, values in answer.items():
        answer[name] = np.where(valid, values, np.nan)
    return answer


def _finish(dataset: xr.Dataset, warnings: list[str]) -> xr.Dataset:
    return with_adjusted_p(dataset).assign_attrs(warnings=warnings)

"""Does a voxel answer differently to two conditions?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_thunder.analysis.decoding.samples import Samples, Wanted, trial_samples
from napari_thunder.analysis.events.asked import only_some, response_delay, response_duration, trial_baseline
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, with_adjusted_p
from napari_thunder.analysis.two_samples import sample_of, student, welch
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_TESTS = {"welch": welch, "student": student}
_MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class TwoConditions:
    """t-test over trials of whether a voxel answers differently to two conditions.

    The response to a trial is its mean over [delay, delay + duration) from the start of the event minus the mean over
    `baseline` s before it, as in EventAverage. t is that of the first condition (by level) minus the second.

    Parameters
    ----------
    by
        Columns of the events; with `only`, they must leave two conditions. With `rest`, there may be one.
    only
        Which events: terms such as `direction=0|180`, `kind!=blank`, which must all hold.
    rest
        Compare with `rest`, the window of `baseline` s before each event, as if it were other trials. (EventAverage
        compares in pairs, which finds more.)
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event (as the shortest
        one if there are several bins).
    baseline
        In s before the start of each event; 0 for none.
    n_bins
        Equal parts of the response window, each tested for itself.
    test
        `welch`: variances of their own. `student`: equal variances, as Thunder's.

    Returns
    -------
    difference : (z, y, x), or (bin, z, y, x) with several bins
        Mean response to the first condition minus that to the second, in units of the movie (after preprocessing).
    t, p, p_fdr : the same
        Two-sided; adjusted for all voxels by Benjamini & Hochberg, each bin for itself.
    d_prime : the same
        difference / √((s₁² + s₂²) / 2), with sd over trials (ddof 1).
    n_trials : (condition,)
        Trials used; the first condition first.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    AnalysisError
        If there are not two conditions, or one has fewer than two usable trials.

    References
    ----------
    `scipy.stats.ttest_ind`; Thunder's `MassUnivariateClassifier` with `ttest`.
    """

    family: ClassVar[str] = "Decoding"
    title: ClassVar[str] = "Two conditions"
    summary: ClassVar[str] = "t-test over trials of each voxel's answers to two conditions"

    by: tuple[str, ...] = parameter((), help="Columns of the events that tell two apart", source="event columns")
    only: tuple[str, ...] = only_some()
    rest: bool = parameter(False, help="Compare with the time before events")
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()
    n_bins: int = parameter(1, help="Equal parts of the response window, each tested for itself", minimum=1)
    test: str = parameter("welch", help="Variances of their own, or equal ones", choices=tuple(_TESTS), fine=True)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        wanted = Wanted(self.by, self.only, self.rest, self.delay, self.duration, self.baseline, self.n_bins)
        samples = trial_samples(context, wanted, self.title)
        self._check(samples, context)
        dims = ("bin",) if self.n_bins > 1 else ()
        coords: dict[str, Any] = {"condition": list(samples.classes)}
        if dims:
            coords["bin"] = np.arange(1, self.n_bins + 1)
        about = {"long_name": "trials used", "plot": "bars"}
        curves: dict[str, Any] = {"n_trials": (("condition",), samples.counts, about)}
        compute = ConditionTest(samples, self.test, bool(dims))
        return MapStep(_maps(dims), compute, coords, curves, partial(_finish, warnings=list(samples.warnings)))

    def _check(self, samples: Samples, context: Context) -> None:
        names = samples.classes
        if len(names) != 2:
            shown = ", ".join(map(repr, names[:_MOST_NAMED])) + (", …" if len(names) > _MOST_NAMED else "")
            raise AnalysisError(
                f"{context.name}: {self.title}: there are {len(names)} conditions ({shown}), not two. Choose two of "
                "them with only, for example only=direction=0|180."
            )
        if samples.counts.min() < 2:
            few = names[int(samples.counts.argmin())]
            raise AnalysisError(f"{context.name}: {self.title}: {few!r} has fewer than two usable trials.")


def _maps(dims: tuple[str, ...]) -> tuple[Map, ...]:
    return (
        Map("difference", "difference of the mean responses", Role.SIGNED, "a.u.", dims),
        Map("t", "t of the difference", Role.SIGNED, "1", dims),
        Map("p", "p of the difference, two-sided", Role.PROBABILITY, "1", dims),
        Map("d_prime", "d′ of the conditions", Role.SIGNED, "1", dims),
    )


@dataclass(frozen=True, slots=True)
class ConditionTest:
    """t-test of many voxels.

    Parameters
    ----------
    samples
        Of two classes.
    test
        `welch` or `student`.
    by_bin
        Whether maps have a dimension for bins.
    """

    samples: Samples
    test: str
    by_bin: bool

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        _, _, valid = centre(series)
        with np.errstate(all="ignore"):
            features = self.samples.features(series)
        features[..., ~valid] = np.nan
        found = [self._tested(feature) for feature in features]
        return {name: np.stack([each[name] for each in found]) if self.by_bin else found[0][name] for name in found[0]}

    def _tested(self, responses: Series) -> Answer:
        """Maps (voxels,) of responses (samples, voxels)."""
        with np.errstate(all="ignore"):
            a, b = (sample_of(responses[self.samples.labels == k]) for k in (0, 1))
            t, p = _TESTS[self.test](a, b)
            spread = np.sqrt((a.variance + b.variance) / 2)
            difference = a.mean - b.mean
            d_prime = difference / np.where(spread > 0, spread, np.nan)
        return {"difference": difference, "t": t, "p": p, "d_prime": d_prime}


def _finish(dataset: xr.Dataset, warnings: list[str]) -> xr.Dataset:
    return with_adjusted_p(dataset).assign_attrs(warnings=warnings)

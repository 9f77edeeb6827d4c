"""Which condition was it? Asked of each voxel for itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from napari_thunder.analysis.decoding.naive_bayes import NaiveBayes
from napari_thunder.analysis.decoding.samples import Wanted, chances, folds_of, trial_samples
from napari_thunder.analysis.events.asked import (
    conditions_by,
    only_some,
    response_delay,
    response_duration,
    trial_baseline,
)
from napari_thunder.analysis.protocol import Context, Map, MapStep, Role
from napari_thunder.analysis.statistics import with_adjusted_p
from napari_thunder.errors import ParameterError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_MAPS = (
    Map("accuracy", "share of trials decoded right", Role.FRACTION),
    Map("balanced_accuracy", "share of trials decoded right, mean over conditions", Role.FRACTION),
)
_P = Map("p", "p of the accuracy", Role.PROBABILITY)
_TRAINED = (
    "n_folds=0: accuracy is that on the trials the classifier was trained on, which is above chance also where there "
    "is nothing to decode. It has no p."
)


@dataclass(frozen=True, slots=True)
class VoxelDecoding:
    """How well each voxel alone tells which condition a trial was: Gaussian naive Bayes, cross-validated.

    The features of a trial are the mean response in `n_features` equal parts of the response window, minus the mean
    over the baseline, as in EventAverage. Class k has log posterior log π_k − ½ Σ_f [log 2π σ²_kf + (x_f − μ_kf)² /
    σ²_kf] with mean and variance (ddof 0, plus 1e-9 of the largest variance) over training trials; the largest wins.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition.
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold.
    rest
        Also tell conditions from `rest`, the window of `baseline` s before each event; nothing is subtracted then.
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event (as the shortest
        one if there are several features).
    baseline
        In s before the start of each event; 0 for none.
    n_features
        Parts of the response window: with several, also the course of the answer counts.
    n_folds
        Trials are tested by classifiers trained on the other folds, which are stratified by condition. 0: trained and
        tested on all trials, as Thunder did.
    n_permutations
        For p: trials are shuffled so many times, alike for all voxels. 0: binomial p, which costs nothing.
    seed
        Of folds and permutations.

    Returns
    -------
    accuracy, balanced_accuracy : (z, y, x)
        Share of all trials, and mean over conditions of the share of their trials.
    p, p_fdr : (z, y, x)
        Of the accuracy: chance of so many right or more if each is right with the share of the largest condition
        (binomial), or (1 + permutations with as many right) / (1 + permutations). Adjusted by Benjamini & Hochberg.
    n_trials : (condition,)
        Trials used. Attributes `chance` (share of the largest condition), `balanced_chance` (1 / conditions).

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    AnalysisError
        If there are fewer than two conditions, or one has fewer trials than folds.

    Notes
    -----
    Compare accuracy with `chance`, not with 0. The binomial p takes trials as tested independently, which folds share
    training trials against; for few trials use permutations. Slow drift lets trials be told by when they were: detrend,
    or mix the order of conditions.

    References
    ----------
    `sklearn.naive_bayes.GaussianNB` with `StratifiedKFold(shuffle=True)`; Thunder's `MassUnivariateClassifier`.
    """

    family: ClassVar[str] = "Decoding"
    title: ClassVar[str] = "Voxel decoding"
    summary: ClassVar[str] = "How well each voxel alone tells the conditions apart, cross-validated"

    by: tuple[str, ...] = conditions_by("direction")
    only: tuple[str, ...] = only_some()
    rest: bool = parameter(False, help="Also tell conditions from the time before events")
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()
    n_features: int = parameter(1, help="Equal parts of the response window that count separately", minimum=1)
    n_folds: int = parameter(5, help="Folds of cross-validation; 0 to test on the training trials", minimum=0)
    n_permutations: int = parameter(0, help="Permutations for p; 0 for a binomial p", minimum=0, fine=True)
    seed: int = parameter(0, help="Of folds and permutations", minimum=0, fine=True)

    def __post_init__(self) -> None:
        check(self)
        if self.n_folds == 1:
            raise ParameterError("VoxelDecoding: n_folds=1 leaves nothing to train on. Give 2 or more, or 0.")

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        wanted = Wanted(self.by, self.only, self.rest, self.delay, self.duration, self.baseline, self.n_features)
        samples = trial_samples(context, wanted, self.title)
        fold = folds_of(samples, self.n_folds, self.seed, f"{context.name}: {self.title}") if self.n_folds else None
        orders = tuple(samples.shuffled(self.n_permutations, self.seed)) if self.n_folds else ()
        maps = (*_MAPS, _P) if self.n_folds else _MAPS
        about = {"long_name": "trials used", "plot": "bars"}
        curves: dict[str, Any] = {"n_trials": (("condition",), samples.counts, about)}
        facts = chances(samples)
        if not self.n_folds:
            facts["warnings"].append(_TRAINED)
        compute = NaiveBayes(samples, fold, orders)
        return MapStep(maps, compute, {"condition": list(samples.classes)}, curves, partial(_finish, facts=facts))


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    return (with_adjusted_p(dataset) if "p" in dataset else dataset).assign_attrs(facts)

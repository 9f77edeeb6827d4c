"""Whether tuning holds from trial to trial."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_thunder.analysis.events.asked import response_delay, response_duration, trial_baseline
from napari_thunder.analysis.protocol import Context, Map, MapStep, Role
from napari_thunder.analysis.statistics import with_adjusted_p
from napari_thunder.analysis.trials import Window
from napari_thunder.analysis.tuning.angles import Values, waves
from napari_thunder.analysis.tuning.anova import Anova
from napari_thunder.analysis.tuning.conditions import Conditions, Stimulus, conditions_of
from napari_thunder.analysis.tuning.hotelling import LEAST_REPEATS, Hotelling
from napari_thunder.analysis.tuning.repeats import Repeats
from napari_thunder.analysis.tuning.resampling import (
    BetweenConditions,
    Bootstrap,
    Permutations,
    VectorLength,
)
from napari_thunder.analysis.tuning.trial_maps import FOLDS, CircularAnswer, TrialMaps
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_OF_REPEATS = (
    Map("f_statistic", "F of the analysis of variance over trials", Role.VALUE),
    Map("p", "p of the analysis of variance over trials", Role.PROBABILITY),
    Map("reliability", "mean correlation between trials at the peak", Role.SIGNED),
)
_OF_ANY = (
    Map("response_reliability", "share of trials with a response at the peak", Role.FRACTION),
    Map("lifetime_sparseness", "lifetime sparseness", Role.FRACTION),
)
_BY_REPEATS = Map("p_hotelling", "p of the vector sum over repeats (Hotelling)", Role.PROBABILITY)
_SHUFFLED = Map("p_permutation", "p of the tuning, trial labels shuffled", Role.PROBABILITY)


@dataclass(frozen=True, slots=True)
class TuningReliability:
    """Whether tuning holds from trial to trial: tests over trials, an interval of what is preferred, reliability.

    A trial's response is the mean over [delay, delay + duration) from its start minus the mean over `baseline` s
    before it, as in DirectionTuning. The peak is the condition with the largest mean response.
    Analysis of variance (one-way) of the responses by condition: F and p.
    Permutation: conditions are shuffled over the trials; p = (1 + number of shuffles at least as tuned) /
    (1 + `n_permutations`), by the length of the vector sum, |Σ w R₊ exp(iθ)| for directions or |Σ w R₊ exp(2iθ)| for
    orientations (the numerator of selectivity, rectified after averaging, as in DirectionTuning), and by F for
    categories.
    Hotelling: of the vector sums of the first, second … trials of all conditions (not rectified), whether they point
    one way: T² = n v̄' S⁻¹ v̄, F = T² (n − 2) / (2 (n − 1)) of n repeats. As fast as the analysis of variance.
    Bootstrap: trials are drawn with replacement within each condition; the preferred angles of the vector sums, taken
    relative to that of all trials, have percentiles that are the ends of the interval.
    Reliability: mean Pearson correlation of all pairs of single-trial time courses over the response window, at the
    peak. Response reliability: share of trials at the peak whose response is above 2 sd of single baseline frames.
    Lifetime sparseness: (1 − (Σ R₊)² / (n Σ R₊²)) / (1 − 1 / n) over n conditions, R₊ = max(mean response, 0).

    Parameters
    ----------
    column
        Column of the events that tells conditions apart; events without a value are left out.
    tuned_to
        `direction` (an angle that is the same again after 360°), `orientation` (after 180°) or `category` (any values,
        such as odours: no preferred angle and no interval).
    unit
        Of angles: `degrees` or `radians`.
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event.
    baseline
        In s before the start of each event; 0 for none, and then no response reliability.
    n_permutations
        Shuffles; 0 for none. The least p is 1 / (1 + n_permutations): where few voxels of many are tuned, take more, or
        no p_permutation_fdr gets below 0.05.
    n_bootstrap
        Resamples; 0 for none.
    level
        Share of resamples within the interval.
    seed
        Of shuffles and resamples, which are the same ones for all voxels.
    hotelling
        Also the p of Hotelling's T²; for angles, of which each was shown three times or more.

    Returns
    -------
    f_statistic, p, p_fdr : (z, y, x)
        Of the analysis of variance with `dof` degrees of freedom between and within conditions; p_fdr is adjusted for
        all voxels by Benjamini & Hochberg.
    p_permutation, p_permutation_fdr : (z, y, x)
        Likewise of the permutation.
    p_hotelling, p_hotelling_fdr : (z, y, x)
        Likewise of Hotelling's T².
    selectivity, shuffled_selectivity : (z, y, x)
        gDSI or gOSI, and its mean over the shuffles: what noise alone gives.
    preferred_direction or preferred_orientation, ci_low, ci_high, ci_width : (z, y, x)
        In degrees: the preferred angle, the ends of its interval, and how far they are apart.
    reliability, response_reliability, lifetime_sparseness : (z, y, x)
    n_trials : (condition,)
        Events used.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing, or angles are not numbers.
    AnalysisError
        If there are fewer than two conditions (three for angles), or a condition has no usable event.

    Notes
    -----
    Trials are counted as independent, which they nearly are if the answer to one has decayed before the next begins;
    frames are not, so these p hold where those of DirectionTuning do not: of the voxels found at a false discovery rate
    of 5 % in a simulated zebrafish, 3 % were not tuned, but half of those found by the F over frames. Without repeated
    trials there are only the maps of the permutation and of mean responses. With few trials of each
    condition the interval is too narrow: with six, nine in ten of 95 % intervals held the truth. Hotelling's T² has few
    degrees of freedom: with six trials of each condition it found three in four tuned voxels where the analysis of
    variance found nearly all, and none where activity was weak; shuffle, or repeat more often.

    References
    ----------
    `scipy.stats.f_oneway`; Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9:39 (p of permutations); Hotelling
    1931, Ann. Math. Stat. 2:360; AllenSDK (reliability); Vinje & Gallant 2000, Science 287:1273 (sparseness); Efron &
    Tibshirani 1993 (bootstrap).
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Tuning reliability"
    summary: ClassVar[str] = "Tests of tuning over trials: ANOVA, permutation, interval of the preferred angle"

    column: str = parameter(
        "direction", help="Column of the events that tells conditions apart", source="event columns"
    )
    tuned_to: str = parameter(
        "direction", help="What that column holds", choices=("direction", "orientation", "category")
    )
    unit: str = parameter("degrees", help="Unit of angles in that column", choices=("degrees", "radians"))
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()
    n_permutations: int = parameter(
        1000, help="Shuffles of the trials' conditions; 0 for none", minimum=0, maximum=100_000, title="Permutations"
    )
    n_bootstrap: int = parameter(
        1000, help="Resamples of trials for the interval; 0 for none", minimum=0, maximum=100_000, title="Resamples"
    )
    level: float = parameter(0.95, help="Share of resamples within the interval", minimum=0.5, maximum=0.999)
    seed: int = parameter(0, help="Seed of shuffles and resamples", minimum=0)
    hotelling: bool = parameter(False, help="Also test vector sums over repeats (Hotelling), without shuffling")

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        folds = FOLDS.get(self.tuned_to)
        stimulus = Stimulus(self.column, self.tuned_to if folds else "category", self.unit if folds else "labels")
        window = Window(self.baseline, self.delay, self.duration)
        conditions = conditions_of(context, stimulus, window, self.title, least=1 + (folds or 1))
        n_trials = conditions.n_trials
        anova = Anova(n_trials)
        repeated = anova.dof[1] > 0
        angles = None if folds is None else waves(np.deg2rad(conditions.values), folds)
        compute = TrialMaps(
            conditions.responses,
            conditions.means,
            anova,
            Repeats.of(conditions),
            Permutations.of(n_trials, self.n_permutations, self.seed) if self.n_permutations else None,
            BetweenConditions(n_trials) if angles is None else VectorLength(angles),
            Bootstrap.of(n_trials, self.n_bootstrap, self.seed) if self.n_bootstrap and repeated else None,
            None if angles is None else CircularAnswer(angles, self.tuned_to, self.level),
            self._hotelling(angles, conditions, context),
        )
        curves: dict[str, Any] = {"n_trials": (("condition",), n_trials, {"long_name": "events used"})}
        facts = {"dof": anova.dof, "warnings": [*conditions.trials.warnings, *self._warnings(conditions)]}
        return MapStep(
            self._maps(repeated), compute, {"condition": list(conditions.labels)}, curves, partial(_finish, facts=facts)
        )

    def _hotelling(self, angles: Values | None, conditions: Conditions, context: Context) -> Hotelling | None:
        if not self.hotelling or angles is None:
            return None
        found = Hotelling.of(angles, conditions.n_trials)
        if found is None:
            raise AnalysisError(
                f"{context.name}: {self.title}: hotelling needs {LEAST_REPEATS} usable trials of each {self.tuned_to}, "
                f"but of {conditions.labels[int(conditions.n_trials.argmin())]} there are {conditions.n_trials.min()}."
            )
        return found

    def _maps(self, repeated: bool) -> tuple[Map, ...]:
        maps: tuple[Map, ...] = (*_OF_REPEATS, *_OF_ANY) if repeated else _OF_ANY
        if self.n_permutations:
            maps = (*maps, _SHUFFLED)
        if self.tuned_to == "category":
            return maps
        maps = (*maps, _BY_REPEATS) if self.hotelling else maps
        role = Role.DIRECTION if self.tuned_to == "direction" else Role.ORIENTATION
        angles: tuple[Map, ...] = (
            Map(f"preferred_{self.tuned_to}", f"preferred {self.tuned_to}", role, "deg"),
            Map("selectivity", f"{self.tuned_to} selectivity", Role.FRACTION),
        )
        if self.n_permutations:
            angles += (Map("shuffled_selectivity", "mean selectivity of shuffled trials", Role.FRACTION),)
        if self.n_bootstrap and repeated:
            angles += (
                Map("ci_low", "lower end of the interval", role, "deg"),
                Map("ci_high", "upper end of the interval", role, "deg"),
                Map("ci_width", f"width of the interval of the preferred {self.tuned_to}", Role.VALUE, "deg"),
            )
        return (*angles, *maps)

    def _warnings(self, conditions: Conditions) -> list[str]:
        alone = [label for label, n in zip(conditions.labels, conditions.n_trials, strict=True) if n == 1]
        if len(alone) == len(conditions.labels):
            return ["Every condition has one trial: no analysis of variance, interval or reliability."]
        if alone and self.n_bootstrap and self.tuned_to != "category":
            return [f"One trial only of {', '.join(alone)}: the interval takes its response as certain."]
        return []


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    dataset = with_adjusted_p(dataset) if "p" in dataset else dataset
    for name in ("p_permutation", "p_hotelling"):
        if name in dataset:
            dataset = with_adjusted_p(dataset, name)
    return dataset.assign_attrs(facts)

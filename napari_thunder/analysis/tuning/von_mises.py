"""Direction and orientation tuning curves, fitted by von Mises functions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse

from napari_thunder.analysis.events.asked import response_delay, response_duration, trial_baseline
from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, with_adjusted_p
from napari_thunder.analysis.trials import Window
from napari_thunder.analysis.tuning.angles import Values, below
from napari_thunder.analysis.tuning.asked import angle_unit, cross_validate, kernel_for_test, largest_p, weighted_by
from napari_thunder.analysis.tuning.circular import direction_test
from napari_thunder.analysis.tuning.conditions import Conditions, Stimulus, conditions_of
from napari_thunder.analysis.tuning.cross_validation import TrialFit
from napari_thunder.analysis.tuning.f_test import CAUTION, FTest
from napari_thunder.analysis.tuning.peak_shapes import VonMisesPeaks
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, slots=True)
class VonMisesTuning:
    """Tuning curves of direction or orientation, fitted by von Mises functions: preferred angle, half-width, R².

    Mean responses R(θ), as in DirectionTuning, are fitted by least squares within bounds:
    direction: b + a₁ exp(k (cos(θ − μ) − 1)) + a₂ exp(k (cos(θ − μ − 180°) − 1)), a second peak opposite the first;
    orientation: b + a₁ exp(k (cos 2(θ − μ) − 1));
    b, a₁, a₂ ≥ 0, k in [0.1, 20]. For given μ and k the best b and a are known in closed form, so μ and k are looked
    for on a grid and from its two best places by Newton's method (variable projection).
    Half-width at half height of the first peak above b: acos(1 + ln(½) / k), half of that for orientations.
    Only voxels with p < `largest_p` are fitted, p being that of DirectionTuning's or OrientationTuning's F-test.

    Parameters
    ----------
    column
        Column of the events with the angle; events without one (blanks) are left out.
    tuned_to
        `direction` (two peaks) or `orientation` (one, the same again after 180°).
    unit
        Of that column: `degrees` or `radians`.
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event.
    baseline
        In s before the start of each event; 0 for none.
    kernel
        Calcium indicator whose answer the stimulus is convolved with, for the test only.
    weighted_by
        `trials`: each condition counts by its number of trials, which is best where all trials are equally noisy.
        `sem`: by 1 / sem², of at least 1 % of the mean sem²; needs many trials, as a sem of few is itself noise.
    largest_p
        Voxels with a p of the F-test that is not below it are NaN in the maps of the fit; 1 for all voxels.
    cross_validate
        Also tell how well the fit predicts trials that were left out; takes as many fits as there are repeats.

    Returns
    -------
    preferred_direction or preferred_orientation : (z, y, x)
        μ of the larger peak in degrees, [0, 360) or [0, 180). NaN where no peak is left.
    half_width : (z, y, x)
        In degrees. NaN where the curve never falls to half (k < 0.35).
    amplitude, second_amplitude, offset : (z, y, x)
        a₁ ≥ a₂ (of directions only) and b in units of the movie (after preprocessing).
    r_squared : (z, y, x)
        Share of the variance of the mean curve that the fit explains, weighted as the fit; below 0 where responses lie
        mostly below 0, which b ≥ 0 does not follow.
    cv_r_squared : (z, y, x)
        1 − Σ (y − ŷ)² / Σ (y − ȳ)² of single trials y, leaving out one repeat after the other; ŷ and ȳ, the mean, are
        of the others. Below 0 where the mean predicts better. NaN without repeats.
    f_statistic, p, p_fdr : (z, y, x)
        As in DirectionTuning or OrientationTuning, of all voxels.
    n_trials : (angle,)
        Events used.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or not numbers.
    AnalysisError
        If there are too few angles: five for directions, four for orientations.

    Notes
    -----
    R² of the mean curve is high by itself where there are hardly more angles than parameters (5 or 4); trust the
    cross-validated one. A half-width narrower than the spacing of the angles is not known.

    References
    ----------
    Swindale 1998, Biol. Cybern. 78:45 (von Mises functions of directions); Mazurek et al. 2014, Front. Neural Circuits
    8:92; Golub & Pereyra 1973, SIAM J. Numer. Anal. 10:413 (variable projection).
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Von Mises tuning"
    summary: ClassVar[str] = "Fitted direction or orientation curves: preferred angle, half-width, cross-validated R²"

    column: str = parameter("direction", help="Column of the events with the angle", source="event columns")
    tuned_to: str = parameter("direction", help="What that column holds", choices=("direction", "orientation"))
    unit: str = angle_unit()
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()
    kernel: str | None = kernel_for_test()
    weighted_by: str = weighted_by()
    largest_p: float = largest_p()
    cross_validate: bool = cross_validate()

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        folds = 1 if self.tuned_to == "direction" else 2
        parameters = 5 if folds == 1 else 4
        window = Window(self.baseline, self.delay, self.duration)
        conditions = conditions_of(context, Stimulus(self.column, "angle", self.unit), window, self.title, parameters)
        radians = folds * np.deg2rad(conditions.values)
        distinct = len(np.unique(np.round(np.mod(radians, 2 * np.pi), 6)))
        if distinct < parameters:
            raise AnalysisError(
                f"{context.name}: {self.title}: the events have {distinct} {self.tuned_to}s in {self.column!r}; the "
                f"curve has {parameters} parameters. Use OrientationTuning, or fit directions."
            )
        test = direction_test(conditions, window, self.kernel, context, self.title, folds)
        trial_fit = TrialFit(
            VonMisesPeaks(radians, 3 - folds), conditions.n_trials, self.weighted_by == "sem", parameters
        )
        maps = _maps(self.tuned_to, self.cross_validate)
        compute = VonMisesMaps(
            conditions.responses, test, trial_fit, folds, self.largest_p, self.cross_validate, maps[0].name
        )
        curves: dict[str, Any] = {"n_trials": (("angle",), conditions.n_trials, {"long_name": "events used"})}
        facts = {"dof_model": test.n_tested, "dof": test.dof, "warnings": self._warnings(conditions, distinct)}
        coords = {"angle": conditions.values}
        return MapStep(maps, compute, coords, curves, partial(_finish, facts=facts))

    def _warnings(self, conditions: Conditions, distinct: int) -> list[str]:
        found = conditions.trials.warnings
        parameters = 5 if self.tuned_to == "direction" else 4
        if distinct == parameters:
            found.append(f"{distinct} {self.tuned_to}s leave nothing to judge {parameters} parameters by: R² is high.")
        if self.cross_validate and conditions.n_trials.max() < 2:
            found.append("Every condition has one trial, so there is no cross-validated R².")
        if self.weighted_by == "sem" and conditions.n_trials.min() < 5:
            found.append(f"Weights are 1 / sem² of only {conditions.n_trials.min()} trials: they are mostly noise.")
        return [*found, CAUTION]


def _maps(tuned_to: str, cross_validate: bool) -> tuple[Map, ...]:
    role = Role.DIRECTION if tuned_to == "direction" else Role.ORIENTATION
    second = (Map("second_amplitude", "height of the opposite peak", Role.VALUE, "a.u."),)
    validated = (Map("cv_r_squared", "cross-validated R² of single trials", Role.SIGNED),)
    return (
        Map(f"preferred_{tuned_to}", f"preferred {tuned_to} of the fit", role, "deg"),
        Map("half_width", "half-width at half height", Role.VALUE, "deg"),
        Map("amplitude", "height of the peak", Role.VALUE, "a.u."),
        *(second if tuned_to == "direction" else ()),
        Map("offset", "response far from the peak", Role.VALUE, "a.u."),
        Map("r_squared", "R² of the fit to the mean curve", Role.FRACTION),
        *(validated if cross_validate else ()),
        Map("f_statistic", "F of the tuning", Role.VALUE),
        Map("p", "p of the tuning", Role.PROBABILITY),
    )


@dataclass(frozen=True, slots=True)
class VonMisesMaps:
    """Test of all voxels, and fit of those that pass it.

    Parameters
    ----------
    responses
        (trials, t) weights of the response to each trial, sorted by condition.
    test, trial_fit
        What is computed.
    folds
        1 for directions, 2 for orientations.
    largest_p, cross_validate
        As of the analysis.
    name
        Of the map of preferred angles.
    """

    responses: sparse.csr_array
    test: FTest
    trial_fit: TrialFit
    folds: int
    largest_p: float
    cross_validate: bool
    name: str

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        mean, total, valid = centre(series)
        mean[~valid] = total[~valid] = np.nan
        with np.errstate(all="ignore"):
            tested = self.test(series, total)
            responses = weigh(self.responses, series, mean)
            chosen = np.flatnonzero(valid & ((tested["p"] < self.largest_p) | (self.largest_p == 1)))
            fitted = self._fitted(responses[:, chosen])
        maps = {name: np.full(series.shape[1], np.nan) for name in fitted}
        for name, values in fitted.items():
            maps[name][chosen] = values
        return maps | {name: tested[name] for name in ("f_statistic", "p")}

    def _fitted(self, responses: Values) -> Answer:
        found, r_squared = self.trial_fit.fit(responses)
        first = found.amplitudes.argmax(axis=0)
        tall = found.amplitudes.max(axis=0)
        period = 360.0 / self.folds
        angle = below(np.mod(np.rad2deg(found.place + np.pi * first) / self.folds, period), period)
        width = np.rad2deg(np.arccos(1 + np.log(0.5) / np.exp(found.log_width))) / self.folds
        maps = {
            self.name: np.where(tall > 0, angle, np.nan),
            "half_width": np.where(tall > 0, width, np.nan),
            "amplitude": tall,
            "offset": found.baseline,
            "r_squared": r_squared,
        }
        if self.folds == 1:
            maps["second_amplitude"] = found.amplitudes.min(axis=0)
        if self.cross_validate:
            maps["cv_r_squared"] = self.trial_fit.cross_validated(responses)
        return maps


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    dataset["angle"].attrs["units"] = "deg"
    return with_adjusted_p(dataset).assign_attrs(facts)

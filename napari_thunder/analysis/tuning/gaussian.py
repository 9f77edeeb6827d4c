"""Tuning to a number, fitted by a Gaussian: position, speed, frequency, contrast."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from napari_thunder.analysis.events.asked import response_delay, response_duration, trial_baseline
from napari_thunder.analysis.protocol import Context, Map, MapStep, Role
from napari_thunder.analysis.statistics import with_adjusted_p
from napari_thunder.analysis.trials import Window
from napari_thunder.analysis.tuning.angles import Values
from napari_thunder.analysis.tuning.asked import cross_validate, kernel_for_test, largest_p, weighted_by
from napari_thunder.analysis.tuning.conditions import Conditions, Stimulus, conditions_of
from napari_thunder.analysis.tuning.cross_validation import TrialFit
from napari_thunder.analysis.tuning.f_test import CAUTION, f_test
from napari_thunder.analysis.tuning.gaussian_maps import Axis, GaussianMaps
from napari_thunder.analysis.tuning.peak_shapes import GaussianPeak
from napari_thunder.analysis.tuning.population_curves import with_population_curves
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_LEAST = 4


@dataclass(frozen=True, slots=True)
class GaussianTuning:
    """Tuning to a number - position, speed, frequency, contrast - fitted by a Gaussian, or a log-Gaussian.

    Mean responses R(x), as in EventAverage, are fitted by least squares within bounds:
    b + a exp(−(x − x₀)² / (2 s²)), x being the number or its log₂; a ≥ 0, x₀ no more than one step (the median one)
    beyond the values shown, s from a third of a step to the range of the values. For given x₀ and s the best a and b
    are known in closed form, so x₀ and s are looked for on a grid and from its two best places by Newton's method.
    Where x₀ lies on or beyond the lowest value the voxel is low-pass, on or beyond the highest high-pass: only a flank
    is seen, so the width is not known and the preferred value is that end.
    Only voxels with p < `largest_p` are fitted. Test: least squares over all kept frames on a constant and the stimulus
    s(t) whatever its value, without and with a weight for each value; F with q = values − 1 and dof degrees of freedom.

    Parameters
    ----------
    column
        Column of the events with the number; events without one (blanks) are left out.
    scale
        `linear`, or `log2` (spatial and temporal frequency, contrast, sound frequency): widths are then in octaves.
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
        Voxels with a p of the test that is not below it are NaN in the maps of the fit; 1 for all voxels.
    cross_validate
        Also tell how well the fit predicts trials that were left out; takes as many fits as there are repeats.

    Returns
    -------
    response : (value, z, y, x)
        R(x) in units of the movie (after preprocessing), of all voxels; `value` rises.
    preferred : (z, y, x)
        x₀ in units of the column, within the values shown. NaN where a is 0.
    half_width : (z, y, x)
        Half-width at half height, s √(2 ln 2), in units of the column or octaves. NaN for low- and high-pass.
    amplitude, offset : (z, y, x)
        a and b in units of the movie (after preprocessing).
    shape : (z, y, x)
        1 low-pass, 2 band-pass, 3 high-pass.
    r_squared, cv_r_squared : (z, y, x)
        As in VonMisesTuning.
    f_statistic, p, p_fdr : (z, y, x)
        Of the test, of all voxels.
    n_trials : (value,)
        Events used.
    peak : (z, y, x)
        Number, from 1, of the value with the largest response, of voxels with p_fdr < 0.05.
    tuning_curve, tuning_curve_sem : (value, peak_at)
        As in DirectionTuning.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or not numbers.
    AnalysisError
        If there are fewer than four values, or a log is to be taken of one that is not above 0.

    Notes
    -----
    R² of the mean curve is high by itself where there are hardly more values than the four parameters; trust the
    cross-validated one. Suppression by a value (a trough) is not fitted; the map `response` shows it.

    References
    ----------
    AllenSDK (log-Gaussian of spatial and temporal frequency, low- and high-pass); numbers as
    `scipy.optimize.curve_fit` within the same bounds.
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Gaussian tuning"
    summary: ClassVar[str] = "Fitted curve over position, speed, frequency or contrast: preferred value, width, R²"

    column: str = parameter("speed", help="Column of the events with the number", source="event columns")
    scale: str = parameter(
        "linear", help="Whether the curve is Gaussian in the number or its log2", choices=("linear", "log2")
    )
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
        window = Window(self.baseline, self.delay, self.duration)
        conditions = conditions_of(context, Stimulus(self.column, "value", "numbers"), window, self.title, _LEAST)
        scaled = self._scaled(conditions.values, context)
        n = len(scaled)
        test = f_test(conditions, np.eye(n), np.ones((n, 1)), window, self.kernel, context, self.title)
        step = float(np.median(np.diff(scaled)))
        peak = GaussianPeak((scaled - scaled[0]) / step)
        compute = GaussianMaps(
            conditions.responses,
            conditions.means,
            test,
            TrialFit(peak, conditions.n_trials, self.weighted_by == "sem", _LEAST),
            Axis(float(scaled[0]), step, float(peak.x[-1]), self.scale == "log2"),
            self.largest_p,
            self.cross_validate,
        )
        curves: dict[str, Any] = {"n_trials": (("value",), conditions.n_trials, {"long_name": "events used"})}
        facts = {"dof_model": test.n_tested, "dof": test.dof, "warnings": self._warnings(conditions)}
        coords = {"value": conditions.values}
        return MapStep(_maps(self.scale, self.cross_validate), compute, coords, curves, partial(_finish, facts=facts))

    def _scaled(self, values: Values, context: Context) -> Values:
        if self.scale == "linear":
            return values
        if values[0] <= 0:
            raise AnalysisError(
                f"{context.name}: {self.title}: {self.column!r} holds {values[0]:g}, which has no logarithm. Use "
                "scale='linear', or leave the cells of those events empty."
            )
        return np.asarray(np.log2(values))

    def _warnings(self, conditions: Conditions) -> list[str]:
        found = conditions.trials.warnings
        if len(conditions.values) == _LEAST:
            found.append(f"{_LEAST} values leave nothing to judge {_LEAST} parameters by: R² is high.")
        if self.cross_validate and conditions.n_trials.max() < 2:
            found.append("Every condition has one trial, so there is no cross-validated R².")
        return [*found, CAUTION]


def _maps(scale: str, cross_validate: bool) -> tuple[Map, ...]:
    width_units = "octaves" if scale == "log2" else "1"
    shapes = {"names": ["low-pass", "band-pass", "high-pass"], "alpha": "r_squared"}
    validated = (Map("cv_r_squared", "cross-validated R² of single trials", Role.SIGNED),)
    return (
        Map("response", "mean response to each value", Role.SIGNED, "a.u.", ("value",)),
        Map("preferred", "preferred value", Role.VALUE),
        Map("half_width", "half-width at half height", Role.VALUE, width_units),
        Map("amplitude", "height of the peak", Role.VALUE, "a.u."),
        Map("offset", "response far from the peak", Role.SIGNED, "a.u."),
        Map("shape", "low-pass, band-pass or high-pass", Role.LABEL, attrs=shapes),
        Map("r_squared", "R² of the fit to the mean curve", Role.FRACTION),
        *(validated if cross_validate else ()),
        Map("f_statistic", "F of the tuning", Role.VALUE),
        Map("p", "p of the tuning", Role.PROBABILITY),
    )


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    return with_population_curves(with_adjusted_p(dataset), "value").assign_attrs(facts)

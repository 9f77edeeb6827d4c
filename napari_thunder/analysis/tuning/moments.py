"""Tuning by moments of the response: Thunder's centre and spread, without a fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse

from napari_thunder.analysis.events.asked import response_delay, response_duration, trial_baseline
from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.analysis.trials import Window
from napari_thunder.analysis.tuning.angles import Values, below
from napari_thunder.analysis.tuning.conditions import Stimulus, conditions_of
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_FLAT = 1e-6
_LARGEST_KAPPA = 1e8


@dataclass(frozen=True, slots=True)
class TuningMoments:
    """Where the responses of a voxel lie along a stimulus, and how spread: their moments, as Thunder computes them.

    Mean responses y(s) to each value s, as in EventAverage.
    Of numbers: y₊ = max(y, 0) as weights of sum 1; centre μ = Σ y₊ s, spread Σ y₊ (s − μ)², a variance.
    Of angles: y − min y as weights of sum 1; centre, the angle of Σ y exp(is); spread, the concentration κ of the von
    Mises distribution with v = |Σ y exp(is)|: 2v + v³ + 5v⁵/6 for v < 0.53, −0.4 + 1.39 v + 0.43 / (1 − v) for
    v < 0.85, else 1 / (v³ − 4v² + 3v), and 0 where that has no value.

    Parameters
    ----------
    column
        Column of the events with the value; events without one (blanks) are left out.
    kind
        What it holds: `numbers`, or angles in `degrees` or `radians`.
    delay, duration
        Response window in s from the start of each event; without a duration, as long as each event.
    baseline
        In s before the start of each event; 0 for none.

    Returns
    -------
    center : (z, y, x)
        In units of the column; of angles, in degrees [0, 360). NaN where there is no response: no y above 0, or for
        angles all y alike.
    spread : (z, y, x)
        Variance in squared units of the column; of angles κ, 0 (flat) and up, narrow curves having a large one.
    n_trials : (value,)
        Events used.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    TableError
        If the column is missing or not numbers.
    AnalysisError
        If there are fewer than two values, or one has no usable event.

    Notes
    -----
    Noise moves the centre towards the middle of the values shown, and widens the spread. Angles have their least
    response taken off, numbers not. GaussianTuning and VonMisesTuning fit curves instead. Thunder gives a flat curve
    a centre and, where one value alone is answered, κ = 0 too.

    References
    ----------
    Thunder 0.6, `CircularTuning` and `GaussianTuning`; Fisher 1993, Statistical Analysis of Circular Data (κ).
    """

    family: ClassVar[str] = "Tuning"
    title: ClassVar[str] = "Tuning moments"
    summary: ClassVar[str] = "Centre and spread of the responses along a stimulus, without a fit"

    column: str = parameter("direction", help="Column of the events with the value", source="event columns")
    kind: str = parameter("degrees", help="What that column holds", choices=("degrees", "radians", "numbers"))
    delay: float = response_delay()
    duration: float | None = response_duration()
    baseline: float = trial_baseline()

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        window = Window(self.baseline, self.delay, self.duration)
        conditions = conditions_of(context, Stimulus(self.column, "value", self.kind), window, self.title)
        circular = self.kind != "numbers"
        maps = _CIRCULAR if circular else _LINEAR
        curves: dict[str, Any] = {"n_trials": (("value",), conditions.n_trials, {"long_name": "events used"})}
        finish = partial(_finish, warnings=conditions.trials.warnings)
        compute = MomentMaps(conditions.means, conditions.values, circular)
        return MapStep(maps, compute, {"value": conditions.values}, curves, finish)


_CIRCULAR = (
    Map("center", "mean angle of the responses", Role.DIRECTION, "deg"),
    Map("spread", "concentration of the responses, kappa", Role.VALUE),
)
_LINEAR = (
    Map("center", "mean value of the responses", Role.VALUE),
    Map("spread", "variance of the responses along the stimulus", Role.VALUE),
)


@dataclass(frozen=True, slots=True)
class MomentMaps:
    """Centre and spread of many voxels, by weights (conditions, t) of the mean responses to `values` (conditions,)."""

    means: sparse.csr_array
    values: Values
    circular: bool

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        mean, _, valid = centre(series)
        mean[~valid] = np.nan
        with np.errstate(all="ignore"):
            curves = weigh(self.means, series, mean)
            if not self.circular:
                center, spread = linear_moments(curves, self.values)
                return {"center": center, "spread": spread}
            center, spread = circular_moments(curves, np.deg2rad(self.values))
            return {"center": below(np.mod(np.rad2deg(center), 360.0), 360.0), "spread": spread}


def linear_moments(curves: Values, values: Values) -> tuple[Values, Values]:
    """Mean and variance (voxels,) of values (conditions,) weighed by curves (conditions, voxels), those above 0."""
    weights = np.maximum(curves, 0)
    total = weights.sum(axis=0)
    weights /= np.where(total > 0, total, np.nan)
    center = values @ weights
    spread = np.einsum("cv,cv->v", weights, (values[:, None] - center) ** 2)
    return center, spread


def circular_moments(curves: Values, radians: Values) -> tuple[Values, Values]:
    """Mean angle in rad (-π, π] and κ (voxels,) of angles (conditions,) weighed by curves (conditions, voxels).

    The angle is NaN, and κ 0, where all responses are alike.
    """
    weights = curves - curves.min(axis=0)
    total = weights.sum(axis=0)
    flat = total <= _FLAT * np.abs(curves).max(axis=0)
    weights /= np.where(flat, np.nan, total)
    x, y = np.cos(radians) @ weights, np.sin(radians) @ weights
    length = np.minimum(np.hypot(x, y), 1)
    return np.arctan2(y, x), np.where(flat, 0.0, concentration(length))


def concentration(length: Values) -> Values:
    """κ of a von Mises distribution by the mean resultant length v, by Fisher's approximation; 0 where it is none."""
    v = length
    low = 2 * v + v**3 + 5 * v**5 / 6
    middle = -0.4 + 1.39 * v + 0.43 / np.where(v < 1, 1 - v, np.nan)
    below_one = v**3 - 4 * v**2 + 3 * v
    high = 1 / np.where(below_one <= 1 / _LARGEST_KAPPA, np.inf, below_one)
    return np.where(v < 0.53, low, np.where(v < 0.85, middle, high))


def _finish(dataset: xr.Dataset, warnings: list[str]) -> xr.Dataset:
    return dataset.assign_attrs(warnings=warnings)

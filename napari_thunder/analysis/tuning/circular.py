"""Tuning to an angle, of directions or orientations: responses, vector sum, indices and test in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Series
from napari_thunder.analysis.statistics import centre, with_adjusted_p
from napari_thunder.analysis.trials import Window
from napari_thunder.analysis.tuning.angles import Values, preferred_angle, strength, waves
from napari_thunder.analysis.tuning.conditions import Conditions, Stimulus, conditions_of
from napari_thunder.analysis.tuning.f_test import CAUTION, FTest, f_test, harmonics
from napari_thunder.analysis.tuning.indices import mean_at, peak_index
from napari_thunder.analysis.tuning.population_curves import with_population_curves

if TYPE_CHECKING:
    import xarray as xr


def direction_test(
    conditions: Conditions, window: Window, kernel: str | None, context: Context, what: str, folds: int
) -> FTest:
    """F of the first two harmonics of direction (folds 1), or of orientation beside those of direction (folds 2)."""
    radians = np.deg2rad(conditions.values)
    shown = np.ones((len(radians), 1))
    beside = shown if folds == 1 else np.hstack([shown, harmonics(radians, 1)])
    return f_test(conditions, harmonics(radians, folds, 2 * folds), beside, window, kernel, context, what)


@dataclass(frozen=True, slots=True)
class CircularMaps:
    """Responses, vector sum, index and test of many voxels.

    Parameters
    ----------
    responses
        (angles, t) weights of the mean response.
    waves
        (3, angles) weights of the vector sum.
    folds
        1 for directions, 2 for orientations.
    other
        (angles, angles) weights of those that each angle, as the peak, is compared with.
    test
        Of the tuning.
    names
        Of the maps of the preferred angle and the index.
    """

    responses: sparse.csr_array
    waves: Values
    folds: int
    other: Values
    test: FTest
    names: tuple[str, str]

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        mean, total, valid = centre(series)
        mean[~valid] = total[~valid] = np.nan
        with np.errstate(all="ignore"):
            response = weigh(self.responses, series, mean)
            rectified = np.maximum(response, 0)
            x, y, sum_ = self.waves @ rectified
            maps = {
                "response": response,
                self.names[0]: preferred_angle(x, y, sum_, self.folds),
                "selectivity": strength(x, y, sum_),
                self.names[1]: peak_index(rectified, self.other),
            }
            if self.folds == 2:
                maps["circular_variance"] = 1 - maps["selectivity"]
            return maps | self.test(series, total)


def circular_step(
    context: Context,
    what: str,
    stimulus: Stimulus,
    window: Window,
    kernel: str | None,
    folds: int,
    maps: tuple[Map, ...],
) -> MapStep:
    """One pass over the brain, for directions (folds 1) or orientations (folds 2)."""
    conditions = conditions_of(context, stimulus, window, what, least=1 + folds)
    degrees = conditions.values
    radians = np.deg2rad(degrees)
    test = direction_test(conditions, window, kernel, context, what, folds)
    other = mean_at(degrees, 180.0) if folds == 1 else mean_at(degrees, 90.0, -90.0)
    names = maps[1].name, maps[3].name
    compute = CircularMaps(conditions.means, waves(radians, folds), folds, other, test, names)
    dim = maps[0].dims[0]
    curves: dict[str, Any] = {"n_trials": ((dim,), conditions.n_trials, {"long_name": "events used"})}
    facts = {"dof_model": test.n_tested, "dof": test.dof, "warnings": _warnings(conditions, other, names[1])}
    return MapStep(maps, compute, {dim: degrees}, curves, partial(_finish, dim=dim, facts=facts))


def _warnings(conditions: Conditions, other: Values, index: str) -> list[str]:
    found = conditions.trials.warnings
    missing = [f"{value:g}°" for value, row in zip(conditions.values, other, strict=True) if not np.isfinite(row).all()]
    if missing:
        against = "opposite" if index == "dsi" else "at a right angle"
        found.append(
            f"No stimulus lies {against} to {', '.join(missing)}: {index.upper()} is empty where one of these is "
            "preferred."
        )
    return [*found, CAUTION]


def _finish(dataset: xr.Dataset, dim: str, facts: dict[str, Any]) -> xr.Dataset:
    dataset[dim].attrs["units"] = "deg"
    return with_population_curves(with_adjusted_p(dataset), dim).assign_attrs(facts)

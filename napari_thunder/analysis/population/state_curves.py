"""What results with states of conditions have in common: their curves, and the map of loadings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.population.condition_states import ConditionStates, Scaled
from napari_thunder.analysis.protocol import Answer, LastStep, Map, MapStep, PaintStep, Role, Series

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]


def state_curves(
    states: ConditionStates, trajectory: Values, weights: Values, resamples: int, seed: int
) -> dict[str, Any]:
    """Curves of trajectories (condition, lag, component) with such weights (component, r) of the loadings."""
    units = {"units": "a.u." if states.scaled.softening is None else "ranges"}
    course = states.through_time(weights)
    about = {"long_name": "trajectory", "plot": "trajectory"} | units
    counts = np.array(states.course.n_trials)
    curves: dict[str, Any] = {
        "trajectory": (("condition", "lag", "component"), trajectory, about),
        "time_courses": (("frame", "component"), course, {"long_name": "state", "plot": "lines"} | units),
        "n_trials": (("condition",), counts, {"long_name": "trials used", "plot": "bars"}),
        "n_at_lag": (("condition", "lag"), states.course.n_at_lag, {"long_name": "trials used at each lag"}),
    }
    if resamples > 1 and (states.course.n_at_lag > 1).any():
        about["error"] = "trajectory_sem"
        spread = {"long_name": "standard error of the trajectory over trials"} | units
        sem = resampled_error(states, course, resamples, seed)
        curves["trajectory_sem"] = (("condition", "lag", "component"), sem, spread)
    return curves


def resampled_error(states: ConditionStates, course: Values, resamples: int, seed: int) -> Values:
    """(condition, lag, k) standard deviation of trajectories whose trials are drawn again; NaN with one trial."""
    rng = np.random.default_rng(seed)
    n_lags, k = len(states.course.lags), course.shape[1]
    trials = (states.course.weights @ course).reshape(-1, n_lags, k)
    there = states.course.there.astype(np.float64)
    drawn = np.empty((resamples, len(states.conditions), n_lags, k))
    for row, span in enumerate(states.course.spans):
        n = span.stop - span.start
        counts = rng.multinomial(n, np.full(n, 1 / n), size=resamples).astype(np.float64)
        present = counts @ there[span]
        total = np.einsum("bn,nlk->blk", counts, trials[span] * there[span][..., None])
        drawn[:, row] = total / np.where(present > 0, present, np.nan)[..., None]
    missing = ~np.isfinite(drawn)
    mixed = np.einsum("ij,bjk->bik", states.mixing, np.where(missing, 0, drawn).reshape(resamples, -1, k))
    mixed = np.where(missing, np.nan, mixed.reshape(drawn.shape))
    with np.errstate(all="ignore"):
        count = (~missing).sum(axis=0)
        mean = np.nansum(mixed, axis=0) / np.where(count > 0, count, np.nan)
        error: Values = np.sqrt(np.nansum((mixed - mean) ** 2, axis=0) / np.where(count > 1, count - 1, np.nan))
    error[states.course.n_at_lag < 2] = np.nan
    return error


def loading_step(
    states: ConditionStates,
    weights: Values,
    names: list[str],
    curves: dict[str, Any],
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> LastStep:
    """The last step, which maps the loadings by weights (component, r) of the averages."""
    output = Map("loadings", "loading", Role.FACTOR, "1", ("component",))
    coords = {"component": names, "condition": states.conditions, "lag": states.course.lags}
    known = {"warnings": states.warnings, "n_voxels_used": states.n_voxels} | dict(facts)
    compute, finish = partial(_loadings, weights=weights, scaled=states.scaled), partial(_finish, facts=known)
    if states.groups is None or states.series is None:
        return MapStep((output,), compute, coords, curves, finish)
    return PaintStep(states.groups, compute(states.series.copy()), (output,), coords, curves, finish)


def _loadings(series: Series, weights: Values, scaled: Scaled) -> Answer:
    averages, valid = scaled(series)
    loadings = weights @ averages
    loadings[:, ~valid] = np.nan
    return {"loadings": loadings}


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    dataset["lag"].attrs["units"] = "s"
    return dataset.assign_attrs(facts)

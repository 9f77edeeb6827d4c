"""The state of a population along the trials of each condition: what trajectories and their rotations are made of."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.course import Course
from napari_thunder.analysis.events.selection import chosen_events
from napari_thunder.analysis.factors.subspace import EXACT_FRAMES, LEAST_VOXELS, leading, upward
from napari_thunder.analysis.groups import DrawnGroups, add
from napari_thunder.analysis.population.averaging import Averaging
from napari_thunder.analysis.protocol import Answer, Context, Means, Reduce, Request, Sample, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.analysis.trials import Window, make_trials
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_groups

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SAMPLED_VOXELS = 2000
_STRONG = 99


@dataclass(frozen=True, slots=True)
class Scaled:
    """Scales series softly by the range of their averages.

    Parameters
    ----------
    means
        (conditions · lags, t) weights of the averages.
    softening
        Added to the range, in units of the series; None: series are not scaled.
    """

    means: sparse.csr_array
    softening: float | None

    def __call__(self, series: Series) -> tuple[Values, Flags]:
        """Averages (conditions · lags, voxels) of series, which are centred and scaled in place; which are valid."""
        _, _, valid = centre(series)
        if not valid.all():
            series[:, ~valid] = 0
        averages: Values = self.means @ series
        if self.softening is not None:
            size = np.ptp(averages, axis=0) + self.softening
            scale = np.where(size > 0, 1 / np.where(size > 0, size, 1), 0)
            series *= scale
            averages *= scale
        return averages, valid


@dataclass(frozen=True)
class ConditionStates:
    """The principal components of averages over trials, of a population whose voxels are scaled softly.

    Parameters
    ----------
    conditions
        Their names.
    course
        Which frames make the trials at each lag.
    scaled
        How voxels are scaled.
    mixing
        (r, r) what is done to the averages of r = conditions · lags: smoothing, subtraction of means.
    there
        (conditions, lags) where there are averages.
    cross
        (t, r) sum over voxels of scaled series times their averages.
    n_voxels
        That take part.
    warnings
        About trials that were left out.
    count
        Components that are wanted.
    groups, series
        The regions and their mean series (t, regions), where they are the population.
    """

    conditions: list[str]
    course: Course
    scaled: Scaled
    mixing: Values
    there: NDArray[np.bool_]
    cross: Values
    n_voxels: int
    warnings: list[str]
    count: int
    groups: DrawnGroups | None = None
    series: Values | None = None

    @cached_property
    def covariance(self) -> Values:
        """(r, r) sum over voxels of the averages, mixed, times themselves."""
        product: Values = self.mixing @ (self.scaled.means @ self.cross) @ self.mixing.T
        return (product + product.T) / 2

    def components(self, count: int | None = None) -> tuple[Values, Values]:
        """Eigenvalues (k,) and eigenvectors (r, k) of the covariance, their largest excursions upwards."""
        values, vectors = leading(self.covariance, count or self.count)
        return values, upward(vectors) if len(values) else vectors

    def weights(self, values: Values, vectors: Values) -> Values:
        """(k, r) weights of the averages in a voxel's loading: what makes its mean square over voxels 1."""
        weights: Values = (vectors * np.sqrt(self.n_voxels / values)).T @ self.mixing
        return weights

    def trajectory(self, values: Values, vectors: Values) -> Values:
        """(conditions, lags, k) states such that states times loadings are the averages; NaN where there are none."""
        return self.shaped(vectors * np.sqrt(values / self.n_voxels))

    def shaped(self, rows: Values) -> Values:
        """Rows (conditions · lags, k) as (conditions, lags, k), NaN where there are no averages."""
        states: Values = rows.reshape(*self.there.shape, -1).copy()
        states[~self.there] = np.nan
        return states

    def through_time(self, weights: Values) -> Values:
        """(t, k) the state at every frame: mean over voxels of scaled series times loadings by such weights."""
        states: Values = self.cross @ weights.T / self.n_voxels
        return states


def condition_states(settings: Averaging, context: Context, what: str) -> Generator[Request, Answer, ConditionStates]:
    """Ask for the passes that find the states of the conditions.

    Raises
    ------
    ThunderError
        If events or frame times are not known, a condition has no usable event, there is one condition and its mean is
        to be subtracted, nothing varies, or there are fewer independent components than wanted.
    """
    names, course, warnings = _averaged_trials(settings, context, what)
    groups, series = None, None
    if settings.of == "regions":
        groups = DrawnGroups.of(context.need_regions(what, 2))
        series = (yield Means(groups, "averaging regions"))["series"]
    sampled = series
    if sampled is None and settings.softening is not None:
        sampled = (yield Sample(_SAMPLED_VOXELS, title="sampling ranges"))["series"]
    scaled = Scaled(course.means, None if sampled is None else _softened(course.means, sampled, settings.softening))
    if series is None:
        summed = yield Reduce(partial(_cross, scaled=scaled), add, "averaging conditions", LEAST_VOXELS)
    else:
        summed = _cross(series.copy(), scaled)
    mixing = _mixing(course.lags, course.n_at_lag > 0, settings.smoothing, settings.subtract_mean)
    found = ConditionStates(
        names,
        course,
        scaled,
        mixing,
        course.n_at_lag > 0,
        summed["cross"],
        int(summed["n_voxels"]),
        warnings,
        settings.n_components,
        groups,
        series,
    )
    _check(found, context, what)
    return found


def _averaged_trials(settings: Averaging, context: Context, what: str) -> tuple[list[str], Course, list[str]]:
    context.need_frames(2, what)
    where = f"{context.name}: {what}"
    events = chosen_events(context.need_events(what), settings.only, where).reset_index(drop=True)
    window = Window(settings.baseline, 0.0, None, settings.before, settings.after)
    trials = make_trials(events, window, context, what)
    groups, names = [], []
    for name, rows in event_groups(events, settings.by):
        group = rows.index.to_numpy()[trials.usable[rows.index.to_numpy()]]
        if not len(group):
            raise AnalysisError(
                f"{where}: none of the {len(rows)} events of {name!r} has kept frames at its start and in its "
                "baseline. Change baseline, or leave them out with only=."
            )
        names.append(name)
        groups.append(group)
    if settings.subtract_mean and len(groups) < 2:
        raise AnalysisError(
            f"{where}: with one condition, nothing is left when the mean over conditions is subtracted. Give by= "
            "(columns of the events that tell conditions apart), or set subtract_mean=false."
        )
    course = Course.of(trials, groups, settings.before, settings.after)
    rows_wanted = len(groups) * len(course.lags)
    if rows_wanted * context.n_kept > EXACT_FRAMES**2:
        raise AnalysisError(
            f"{where}: {len(groups)} conditions at {len(course.lags)} lags are too many for {context.n_kept} frames. "
            "Ask for fewer conditions (by=, only=) or a shorter time (before=, after=)."
        )
    return names, course, trials.warnings


def _softened(means: sparse.csr_array, series: Values, share: float | None) -> float | None:
    """Such a share of the range of the averages of strong voxels, of those that are given."""
    series = series[:, np.isfinite(series).all(axis=0)]
    if share is None or not series.shape[1]:
        return share
    ranges = np.ptp(means @ (series - series.mean(axis=0)), axis=0)
    return share * float(np.percentile(ranges, _STRONG))


def _cross(series: Series, scaled: Scaled) -> Answer:
    averages, valid = scaled(series)
    return {"cross": series @ averages.T, "n_voxels": np.array(valid.sum())}


def _mixing(lags: Values, there: Flags, smoothing: float, subtract_mean: bool) -> Values:
    """(r, r) that smooths along lags, subtracts the mean over conditions, and the mean over all."""
    n_conditions, n_lags = there.shape
    rows = np.eye(there.size)[there.ravel()].T  # (r, present)
    tensor = rows.reshape(n_conditions, n_lags, -1)
    if smoothing > 0:
        kernel = np.exp(-0.5 * ((lags[:, None] - lags) / smoothing) ** 2)
        weights = kernel[None] * there[:, None, :]
        total = weights.sum(axis=-1, keepdims=True)
        tensor = np.einsum("cij,cjp->cip", weights / np.where(total > 0, total, 1), tensor) * there[..., None]
    if subtract_mean:
        tensor = (tensor - tensor.sum(axis=0) / np.maximum(there.sum(axis=0), 1)[:, None]) * there[..., None]
    flat = tensor.reshape(there.size, -1)
    flat = (flat - flat.sum(axis=0) / there.sum()) * there.reshape(-1, 1)
    mixing: Values = flat @ rows.T
    return mixing


def _check(found: ConditionStates, context: Context, what: str) -> None:
    where = f"{context.name}: {what}"
    if found.n_voxels == 0:
        raise AnalysisError(f"{where}: everything is constant or has NaN (after preprocessing).")
    rank = len(found.components()[0])
    if rank < found.count:
        n_conditions, n_lags = found.there.shape
        raise AnalysisError(
            f"{where}: n_components={found.count}, but the averages of {n_conditions} conditions at {n_lags} lags over "
            f"{found.n_voxels} voxels or regions have only {rank} independent components. Ask for fewer."
        )

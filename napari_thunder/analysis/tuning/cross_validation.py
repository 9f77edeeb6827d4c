"""Fits of tuning curves to trials: the mean curve and its weights, and how well trials left out are predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.tuning.angles import Places, Values
from napari_thunder.analysis.tuning.fitting import Fitted, Shape, fit

_LEAST_VARIANCE = 0.01
"""Share of the mean squared standard error of a voxel's conditions below which none counts as surer."""


@dataclass(frozen=True, slots=True)
class TrialFit:
    """A shape, fitted to the responses of trials that are sorted by condition.

    Parameters
    ----------
    shape
        What is fitted.
    n_trials
        (conditions,)
    by_sem
        Whether conditions are weighed by 1 / sem²; else by their numbers of trials.
    least
        Conditions that a fit needs.
    """

    shape: Shape
    n_trials: Places
    by_sem: bool
    least: int

    def mean_curve(self, responses: Values, used: NDArray[np.bool_] | None = None) -> tuple[Values, Values]:
        """Mean responses (conditions, voxels) over the used trials, and the weights of conditions."""
        chosen = np.ones(len(responses), bool) if used is None else used
        starts = np.cumsum(self.n_trials) - self.n_trials
        n = np.add.reduceat(chosen.astype(np.float64), starts)[:, None]
        kept = responses * chosen[:, None]
        mean = np.add.reduceat(kept, starts, axis=0) / np.maximum(n, 1)
        if not self.by_sem:
            return mean, n
        off = (responses - np.repeat(mean, self.n_trials, axis=0)) * chosen[:, None]
        squares = np.add.reduceat(off * off, starts, axis=0)
        return mean, np.where(n > 0, 1 / _variance_of_mean(squares, n), 0)

    def fit(self, responses: Values) -> tuple[Fitted, Values]:
        """The fit to the mean curve of all trials, and its R² (voxels,), weighed likewise."""
        mean, weights = self.mean_curve(responses)
        found = fit(self.shape, mean, weights)
        centre = (weights * mean).sum(axis=0) / np.broadcast_to(weights, mean.shape).sum(axis=0)
        total = (weights * (mean - centre) ** 2).sum(axis=0)
        return found, 1 - found.error / np.where(total > 0, total, np.nan)

    def cross_validated(self, responses: Values) -> Values:
        """R² of single trials (voxels,): each repeat is predicted by a fit to the others; it may be below 0.

        1 - Σ (y - ŷ)² / Σ (y - ȳ)², over the trials left out, with ȳ the mean of the trials fitted.
        """
        repeat = np.concatenate([np.arange(n) for n in self.n_trials.tolist()])
        condition = np.repeat(np.arange(len(self.n_trials)), self.n_trials)
        error, total = np.zeros(responses.shape[1]), np.zeros(responses.shape[1])
        folds = [repeat != j for j in range(int(self.n_trials.max()))]
        folds = [used for used in folds if len(np.unique(condition[used])) >= self.least]
        if not folds or self.n_trials.max() < 2:
            return np.full(responses.shape[1], np.nan)
        fitted = [self.mean_curve(responses, used) for used in folds]
        n = responses.shape[1]
        curves = np.concatenate([mean for mean, _ in fitted], axis=1)
        weights = np.concatenate([np.broadcast_to(weight, mean.shape) for mean, weight in fitted], axis=1)
        predicted = fit(self.shape, curves, weights).curve(self.shape)
        for k, used in enumerate(folds):
            left_out = responses[~used]
            error += ((left_out - predicted[condition[~used], k * n : (k + 1) * n]) ** 2).sum(axis=0)
            total += ((left_out - responses[used].mean(axis=0)) ** 2).sum(axis=0)
        return np.asarray(1 - error / np.where(total > 0, total, np.nan))


def _variance_of_mean(squares: Values, n: Values) -> Values:
    """sem² (conditions, voxels) by sums of squares about the mean of n trials; that of all where there is one trial."""
    dof = np.maximum(n - 1, 0)
    pooled = squares.sum(axis=0) / np.maximum(dof.sum(), 1)
    variance = np.where(dof > 0, squares / np.maximum(dof, 1), pooled) / np.maximum(n, 1)
    floor = _LEAST_VARIANCE * variance.mean(axis=0)
    return np.maximum(variance, np.where(floor > 0, floor, 1))

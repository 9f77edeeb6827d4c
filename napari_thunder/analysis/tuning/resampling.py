"""Tuning of shuffled and of resampled trials, for many voxels at once and in chunks that bound the memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer
from napari_thunder.analysis.tuning.angles import Places, Values, below, preferred_angle

_CHUNK_BYTES = 2**19
_TIE = 1e-9
"""Relative difference below which two statistics count as equal, so that rounding decides nothing."""


class Statistic(Protocol):
    """How strongly a voxel is tuned."""

    def __call__(self, curves: Values) -> tuple[Values, Values]:
        """What shuffles are compared by, and what is averaged over them, (…, voxels) each.

        Mean responses (…, conditions, voxels) are overwritten.
        """


@dataclass(frozen=True, slots=True)
class VectorLength:
    """Length of the vector sum by the `waves` (3, conditions), and by the sum of lengths: gDSI or gOSI.

    The length finds more than the selectivity, which is as large for a weak voxel as for a strong one. Where nothing
    is above 0 both are 0.
    """

    waves: Values

    def __call__(self, curves: Values) -> tuple[Values, Values]:
        """See `Statistic`."""
        x, y, total = np.moveaxis(self.waves @ _rectified(curves), -2, 0)
        length: Values = np.sqrt(x * x + y * y)
        return length, np.divide(length, total, out=np.zeros_like(length), where=total > 0)


@dataclass(frozen=True, slots=True)
class BetweenConditions:
    """Sum of squares between conditions of `n_trials` (conditions,) each: with shuffled labels, the order of F."""

    n_trials: Places

    def __call__(self, curves: Values) -> tuple[Values, Values]:
        """See `Statistic`."""
        share = self.n_trials / self.n_trials.sum()
        grand = np.einsum("c,...cv->...v", share, curves)
        squares: Values = np.einsum("c,...cv,...cv->...v", share, curves, curves) - grand**2
        return squares, squares


@dataclass(frozen=True, slots=True)
class Permutations:
    """Labels of trials, shuffled.

    Parameters
    ----------
    labels
        (permutations, trials) condition of each trial.
    n_trials
        (conditions,)
    """

    labels: NDArray[np.int32]
    n_trials: Places

    @classmethod
    def of(cls, n_trials: Places, n: int, seed: int) -> Permutations:
        """So many shuffles of trials, so many of each condition."""
        labels = np.repeat(np.arange(len(n_trials), dtype=np.int32), n_trials)
        return cls(np.random.default_rng(seed).permuted(np.tile(labels, (n, 1)), axis=1), n_trials)

    def test(self, responses: Values, statistic: Statistic) -> tuple[Values, Values]:
        """p of the statistic of responses (trials, voxels), sorted by condition, and what it averages under shuffling.

        p = (1 + number of shuffles with a statistic as large) / (1 + number of shuffles).
        """
        given = np.repeat(np.arange(len(self.n_trials)), self.n_trials)
        observed = statistic(self._curves(given[None], responses))[0][0]
        limit = observed - _TIE * np.abs(observed)
        count, total = np.zeros(len(observed)), np.zeros(len(observed))
        for labels in chunks(self.labels, len(self.n_trials) * responses.shape[1]):
            shuffled, averaged = statistic(self._curves(labels, responses))
            count += np.count_nonzero(shuffled >= limit, axis=0)
            total += averaged.sum(axis=0)
        return (1 + count) / (1 + len(self.labels)), total / len(self.labels)

    def _curves(self, labels: NDArray[np.integer], responses: Values) -> Values:
        """Mean responses (n, conditions, voxels) by labels (n, trials)."""
        n, n_conditions = len(labels), len(self.n_trials)
        weights = np.zeros((n, n_conditions, labels.shape[1]))
        np.put_along_axis(weights, labels[:, None].astype(np.intp), 1 / self.n_trials[labels][:, None], axis=1)
        return (weights.reshape(n * n_conditions, -1) @ responses).reshape(n, n_conditions, -1)


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Trials drawn with replacement within each condition.

    Parameters
    ----------
    weights
        (resamples, trials) of the mean over each condition's trials.
    n_trials
        (conditions,)
    """

    weights: NDArray[np.float32]
    n_trials: Places

    @classmethod
    def of(cls, n_trials: Places, n: int, seed: int) -> Bootstrap:
        """So many resamples of trials, so many of each condition."""
        rng = np.random.default_rng(seed)
        parts = [rng.multinomial(count, np.full(count, 1 / count), n) / count for count in n_trials.tolist()]
        return cls(np.concatenate(parts, axis=1).astype(np.float32), n_trials)

    def interval(self, responses: Values, own: Values, waves: Values, folds: int, level: float) -> Answer:
        """Interval of the preferred angle `own` (voxels,) of responses (trials, voxels), sorted by condition.

        The angles of the resamples are taken relative to that of all trials, within half a turn of it on either side;
        their percentiles are the ends of the interval.

        Returns
        -------
        ci_low, ci_high, ci_width : (voxels,)
            In degrees, the first two in [0, 360 / folds).
        """
        period = 360.0 / folds
        drawn = chunks(self.weights, len(self.n_trials) * responses.shape[1])
        off = np.concatenate([self._preferred(weights, responses, waves, folds) for weights in drawn])
        off = np.mod(off - own + period / 2, period) - period / 2
        low, high = quantiles(off, ((1 - level) / 2, (1 + level) / 2))
        return {
            "ci_low": below(np.mod(own + low, period), period),
            "ci_high": below(np.mod(own + high, period), period),
            "ci_width": high - low,
        }

    def _preferred(self, weights: NDArray[np.float32], responses: Values, waves: Values, folds: int) -> Values:
        """(resamples, voxels) in degrees."""
        x, y, total = np.moveaxis(waves @ _rectified(self._means(weights, responses)), -2, 0)
        return preferred_angle(x, y, total, folds)

    def _means(self, weights: NDArray[np.float32], responses: Values) -> Values:
        """Mean responses (resamples, conditions, voxels)."""
        means = np.empty((len(weights), len(self.n_trials), responses.shape[1]))
        ends = np.cumsum(self.n_trials).tolist()
        for k, (n, end) in enumerate(zip(self.n_trials.tolist(), ends, strict=True)):
            means[:, k] = weights[:, end - n : end].astype(np.float64) @ responses[end - n : end]
        return means


def _rectified(curves: Values) -> Values:
    return np.maximum(curves, 0, out=curves)


def chunks(rows: NDArray[Any], values_per_row: int) -> Iterator[NDArray[Any]]:
    """Stretches of rows whose values fit a processor's cache."""
    step = max(1, _CHUNK_BYTES // (8 * values_per_row))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def quantiles(values: Values, shares: tuple[float, float]) -> tuple[Values, Values]:
    """Quantiles over the first axis of (n, voxels), sorted in place, of those that are not NaN; NaN where all are."""
    values.sort(axis=0)
    last = np.count_nonzero(np.isfinite(values), axis=0) - 1
    found = []
    for share in shares:
        place = share * np.maximum(last, 0)
        low = place.astype(np.intp)
        a, b = (np.take_along_axis(values, np.minimum(i, np.maximum(last, 0))[None], 0)[0] for i in (low, low + 1))
        found.append(a + (place - low) * (b - a))
    return found[0], found[1]

"""Tuning of shuffled and of resampled trials, for many voxels at once and in chunks that bound the memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer
from napari_thunder.analysis.statistics import count_true
from napari_thunder.analysis.tuning.angles import Places, Values, below

_ROOM_BYTES = 2**19
_TIE = 1e-9
"""Relative difference below which two statistics count as equal, so that rounding decides nothing."""


class Statistic(Protocol):
    """How strongly a voxel is tuned."""

    def __call__(self, curves: Values) -> tuple[Values, Values]:
        """What shuffles are compared by, and what is averaged over them, (…, voxels) each.

        Mean responses (conditions, …, voxels) are overwritten.
        """


@dataclass(frozen=True, slots=True)
class Room:
    """Memory (values,) for curves (conditions, n, voxels) that fits a processor's cache and is used again and again, as
    fresh memory would cost more than what is computed in it."""

    values: Values
    n_conditions: int
    n: int
    n_voxels: int

    @classmethod
    def of(cls, n_conditions: int, n_voxels: int, most: int) -> Room:
        """For as many at once as fit, one at least."""
        n = min(most, max(1, _ROOM_BYTES // (8 * n_conditions * n_voxels)))
        return cls(np.empty(n_conditions * n * n_voxels), n_conditions, n, n_voxels)

    def curves(self, n: int) -> Values:
        """(conditions, n, voxels), not yet written to."""
        return self.values[: self.n_conditions * n * self.n_voxels].reshape(self.n_conditions, n, self.n_voxels)


@dataclass(frozen=True, slots=True)
class VectorLength:
    """Length of the vector sum by the `waves` (3, conditions), and by the sum of lengths: gDSI or gOSI.

    The length finds more than the selectivity, which is as large for a weak voxel as for a strong one. Where nothing
    is above 0 both are 0.
    """

    waves: Values

    def __call__(self, curves: Values) -> tuple[Values, Values]:
        """See `Statistic`."""
        x, y, total = _vectors(self.waves, curves)
        x *= x
        y *= y
        x += y
        length: Values = np.sqrt(x, out=x)
        total[total <= 0] = 1
        return length, np.divide(length, total, out=total)


@dataclass(frozen=True, slots=True)
class BetweenConditions:
    """Sum of squares between conditions of `n_trials` (conditions,) each: with shuffled labels, the order of F."""

    n_trials: Places

    def __call__(self, curves: Values) -> tuple[Values, Values]:
        """See `Statistic`."""
        share = self.n_trials / self.n_trials.sum()
        flat = curves.reshape(len(curves), -1)
        grand = share @ flat
        flat *= flat
        squares: Values = (share @ flat - grand * grand).reshape(curves.shape[1:])
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
        room = Room.of(len(self.n_trials), responses.shape[1], len(self.labels))
        observed = statistic(self._curves(given[None], responses, room))[0][0]
        limit = observed - _TIE * np.abs(observed)
        count, total = np.zeros(len(observed)), np.zeros(len(observed))
        for start in range(0, len(self.labels), room.n):
            labels = self.labels[start : start + room.n]
            shuffled, averaged = statistic(self._curves(labels, responses, room))
            count += count_true(shuffled >= limit)
            total += averaged.sum(axis=0)
        return (1 + count) / (1 + len(self.labels)), total / len(self.labels)

    def _curves(self, labels: NDArray[np.integer], responses: Values, room: Room) -> Values:
        """Mean responses (conditions, n, voxels) by labels (n, trials)."""
        weights = (labels == np.arange(len(self.n_trials))[:, None, None]) / self.n_trials[:, None, None]
        curves = room.curves(len(labels))
        np.matmul(weights.reshape(-1, labels.shape[1]), responses, out=curves.reshape(-1, responses.shape[1]))
        return curves


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
        ahead = np.deg2rad(folds * own)
        turned = np.stack([np.cos(ahead), np.sin(ahead)])
        room = Room.of(len(self.n_trials), responses.shape[1], len(self.weights))
        off = np.empty((len(self.weights), responses.shape[1]))
        for start in range(0, len(self.weights), room.n):
            few = slice(start, start + room.n)
            off[few] = self._off(self.weights[few], responses, waves, turned, room)
        ends = quantiles(off, ((1 - level) / 2, (1 + level) / 2), _degrees)
        low, high = (end / folds for end in ends)
        return {
            "ci_low": below(np.mod(own + low, period), period),
            "ci_high": below(np.mod(own + high, period), period),
            "ci_width": high - low,
        }

    def _off(
        self, weights: NDArray[np.float32], responses: Values, waves: Values, turned: Values, room: Room
    ) -> Values:
        """(resamples, voxels) how far the vector sum points from `turned`, as `_degrees` understands it."""
        x, y, _ = _vectors(waves, self._means(weights, responses, room))
        along = turned[0] * x
        along += turned[1] * y
        y *= turned[0]
        x *= turned[1]
        y -= x
        return _pseudo_angle(along, y)

    def _means(self, weights: NDArray[np.float32], responses: Values, room: Room) -> Values:
        """Mean responses (conditions, resamples, voxels)."""
        means = room.curves(len(weights))
        ends = np.cumsum(self.n_trials).tolist()
        for k, (n, end) in enumerate(zip(self.n_trials.tolist(), ends, strict=True)):
            np.matmul(weights[:, end - n : end].astype(np.float64), responses[end - n : end], out=means[k])
        return means


def _vectors(waves: Values, curves: Values) -> Values:
    """Vector sums (3, …, voxels) of curves (conditions, …, voxels), which are overwritten, as far as they are above
    0."""
    rectified = np.maximum(curves, 0, out=curves).reshape(len(curves), -1)
    return (waves @ rectified).reshape(len(waves), *curves.shape[1:])


def _pseudo_angle(x: Values, y: Values) -> Values:
    """What rises from -2 to below 2 as the angle of (x, y) rises from -180° to below 180°, as far around the diamond
    |x| + |y| = 1; NaN for no vector. Both are overwritten."""
    back = x < 0
    size = np.abs(y)
    size += np.abs(x, out=x)
    y /= size
    turned = np.copysign(2, y) - y
    np.copyto(y, turned, where=back)
    y[y >= 2 - _TIE] = -2
    return y


def _degrees(pseudo: Values) -> Values:
    """The angle, -180° to below 180°, of what `_pseudo_angle` gave."""
    x = 1 - np.abs(pseudo)
    y = np.where(x < 0, np.copysign(2, pseudo) - pseudo, pseudo)
    angle: Values = np.rad2deg(np.arctan2(y, x))
    return np.where(pseudo == -2, -180.0, angle)


def quantiles(values: Values, shares: tuple[float, float], meant: Callable[[Values], Values]) -> tuple[Values, Values]:
    """Quantiles over the first axis of (n, voxels), sorted in place, of those that are not NaN; NaN where all are.

    They lie between what two neighbours are `meant` to be, a rising function.
    """
    values.sort(axis=0)
    last = np.count_nonzero(np.isfinite(values), axis=0) - 1
    found = []
    for share in shares:
        place = share * np.maximum(last, 0)
        low = place.astype(np.intp)
        neighbours = (np.minimum(i, np.maximum(last, 0))[None] for i in (low, low + 1))
        a, b = (meant(np.take_along_axis(values, i, 0)[0]) for i in neighbours)
        found.append(a + (place - low) * (b - a))
    return found[0], found[1]

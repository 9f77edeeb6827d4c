"""The best baseline and amplitudes ≥ 0 of given peaks, for many voxels at once and in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.tuning.angles import Values


@dataclass(frozen=True, slots=True)
class Moments:
    """Weighted sums over conditions, of arrays that may be broadcast against each other.

    Parameters
    ----------
    weight
        Σ w.
    peak
        Σ w eᵢ, for each peak.
    square
        Σ w eᵢ eⱼ, by (i, j) with i ≤ j.
    curve, curve_square
        Σ w r and Σ w r².
    product
        Σ w eᵢ r, for each peak.
    """

    weight: Values
    peak: tuple[Values, ...]
    square: dict[tuple[int, int], Values]
    curve: Values
    curve_square: Values
    product: tuple[Values, ...]

    @classmethod
    def of(cls, peaks: Values, curves: Values, weights: Values) -> Moments:
        """Of peaks (conditions, peaks, voxels), one place and width for each voxel."""
        weighted = weights * curves
        own = [peaks[:, i] for i in range(peaks.shape[1])]
        return cls(
            weights.sum(axis=0),
            tuple(np.asarray((weights * e).sum(axis=0)) for e in own),
            {(i, j): (weights * own[i] * own[j]).sum(axis=0) for i, j in _pairs(len(own))},
            weighted.sum(axis=0),
            (weighted * curves).sum(axis=0),
            tuple((weighted * e).sum(axis=0) for e in own),
        )

    @classmethod
    def on_grid(cls, peaks: Values, curves: Values, weights: Values) -> Moments:
        """Of peaks (conditions, peaks, grid), every place and width for each voxel: sums are (grid, voxels)."""
        weighted = weights * curves
        own = [np.ascontiguousarray(peaks[:, i].T) for i in range(peaks.shape[1])]
        return cls(
            weights.sum(axis=0),
            tuple(e @ weights for e in own),
            {(i, j): (own[i] * own[j]) @ weights for i, j in _pairs(len(own))},
            weighted.sum(axis=0),
            (weighted * curves).sum(axis=0),
            tuple(e @ weighted for e in own),
        )

    def centred(self) -> Moments:
        """Of what peaks and curves are beside their means."""
        mean = [peak / self.weight for peak in self.peak]
        return Moments(
            self.weight,
            self.peak,
            {(i, j): square - self.peak[i] * mean[j] for (i, j), square in self.square.items()},
            self.curve,
            self.curve_square - self.curve**2 / self.weight,
            tuple(product - self.curve * m for product, m in zip(self.product, mean, strict=True)),
        )

    def matrix(self, n_voxels: int) -> Values:
        """(1 + peaks, 1 + peaks, voxels) of the normal equations of baseline and amplitudes."""
        n = len(self.peak)
        matrix = np.empty((n + 1, n + 1, n_voxels))
        matrix[0, 0] = self.weight
        for i, peak in enumerate(self.peak):
            matrix[0, i + 1] = matrix[i + 1, 0] = peak
        for (i, j), square in self.square.items():
            matrix[i + 1, j + 1] = matrix[j + 1, i + 1] = square
        return matrix


@dataclass(frozen=True, slots=True)
class LinearPart:
    """The best baseline, amplitudes (peaks, …), what they leave, and whether the baseline is not held at 0."""

    baseline: Values
    amplitudes: Values
    error: Values
    free_baseline: NDArray[np.bool_]


def best_linear(moments: Moments, positive_baseline: bool) -> LinearPart:
    """Least squares with amplitudes ≥ 0, and a baseline ≥ 0 if so wanted.

    The best is among those that set some of them to 0 and are free in the others, so all are tried.
    """
    n = len(moments.peak)
    nothing = np.zeros(np.broadcast(moments.product[0], moments.square[0, 0]).shape)
    best = _Candidates(nothing.copy(), np.zeros((n, *nothing.shape)), moments.curve_square + nothing, nothing > 0)
    for with_baseline in (True, False) if positive_baseline else (True,):
        sums = moments.centred() if with_baseline else moments
        for used in ((), *((i,) for i in range(n)), *(pair for pair in _pairs(n) if pair[0] != pair[1])):
            amplitudes, explained = _solved(sums, used)
            baseline: Values = nothing
            if with_baseline:
                taken = sum((a * moments.peak[i] for i, a in zip(used, amplitudes, strict=True)), start=nothing)
                baseline = (moments.curve - taken) / moments.weight
            possible = np.all([a >= 0 for a in amplitudes], axis=0) if used else True
            possible = possible & ((baseline >= 0) | (not positive_baseline))
            better = possible & ((sums.curve_square - explained < best.error) | (not positive_baseline and not used))
            best.take(better, baseline, dict(zip(used, amplitudes, strict=True)), sums.curve_square - explained)
            best.free[better] = with_baseline
    return LinearPart(best.baseline, best.amplitudes, best.error, best.free)


@dataclass(slots=True)
class _Candidates:
    """The best so far."""

    baseline: Values
    amplitudes: Values
    error: Values
    free: NDArray[np.bool_]

    def take(self, better: NDArray[np.bool_], baseline: Values, amplitudes: dict[int, Values], error: Values) -> None:
        """What is better replaces what was."""
        np.copyto(self.baseline, baseline, where=better)
        np.copyto(self.error, error, where=better)
        for i, own in enumerate(self.amplitudes):
            np.copyto(own, amplitudes.get(i, 0.0), where=better)


def _solved(sums: Moments, used: tuple[int, ...]) -> tuple[tuple[Values, ...], Values]:
    """Amplitudes of these peaks, NaN where they cannot be told apart, and the squares that they explain."""
    if not used:
        return (), np.zeros(1)
    h = [sums.product[i] for i in used]
    if len(used) == 1:
        amplitudes: tuple[Values, ...] = (h[0] / sums.square[used[0], used[0]],)
    else:
        a, b, c = sums.square[0, 0], sums.square[0, 1], sums.square[1, 1]
        determinant = a * c - b * b
        determinant = np.where(determinant > 1e-12 * a * c, determinant, np.nan)
        amplitudes = (c * h[0] - b * h[1]) / determinant, (a * h[1] - b * h[0]) / determinant
    explained = sum((x * y for x, y in zip(amplitudes, h, strict=True)), start=np.zeros(1))
    return amplitudes, np.asarray(explained)


def _pairs(n: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(n) for j in range(i, n)]

"""Curves of one or two peaks on a baseline, fitted to many voxels at once by variable projection.

A curve is b + Σ aᵢ eᵢ(place, width) with a ≥ 0. For a place and a width the best b and a are known in closed form, so
that only two numbers are looked for: first on a grid, then from its best places by Newton's method within bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.tuning.angles import Values
from napari_thunder.analysis.tuning.linear_part import LinearPart, Moments, best_linear

_MOST_STEPS = 40
_SMALL_STEP = 1e-6
"""Below this, Newton's steps are taken whatever rounding makes of the error."""
_DONE = 1e-8
_LARGEST_STEP = 0.5
_FLATTEST = 1e-10
_TINY = 1e-12
_VOXELS_AT_ONCE = 512


class Peaks(NamedTuple):
    """Peaks (conditions, peaks, voxels), and their derivatives by place (p) and log width (w)."""

    value: Values
    p: Values
    w: Values
    pp: Values
    pw: Values
    ww: Values


class Shape(Protocol):
    """What peaks look like. The place and the log of the width are so scaled that 1 is a large step."""

    @property
    def bounds(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Lowest and highest place, and log width; an infinite place wraps by itself."""

    @property
    def positive_baseline(self) -> bool:
        """Whether b ≥ 0."""

    @property
    def grid(self) -> tuple[Values, Values]:
        """(places,) and (log widths,) to start from."""

    def peaks(self, place: Values, log_width: Values) -> Values:
        """(conditions, peaks, n) at places and widths (n,)."""

    def with_derivatives(self, place: Values, log_width: Values) -> Peaks:
        """At places and widths (n,)."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The best curves.

    Parameters
    ----------
    place, log_width
        (voxels,)
    baseline
        b (voxels,).
    amplitudes
        a (peaks, voxels).
    error
        Weighted sum of squares that is left (voxels,).
    """

    place: Values
    log_width: Values
    baseline: Values
    amplitudes: Values
    error: Values

    def curve(self, shape: Shape) -> Values:
        """(conditions, voxels)."""
        peaks = shape.peaks(self.place, self.log_width)
        return np.asarray(self.baseline + np.einsum("pv,cpv->cv", self.amplitudes, peaks))


def fit(shape: Shape, curves: Values, weights: Values) -> Fitted:
    """The curves of least weighted squares.

    Parameters
    ----------
    shape
        Of the peaks.
    curves
        (conditions, voxels) finite.
    weights
        (conditions, voxels) or, the same for all, (conditions, 1); 0 for a condition that does not count.
    """
    n = curves.shape[1]
    parts = [
        _fit_some(shape, curves[:, span], weights[:, span] if weights.shape[1] > 1 else weights)
        for span in (slice(start, start + _VOXELS_AT_ONCE) for start in range(0, max(n, 1), _VOXELS_AT_ONCE))
    ]
    return Fitted(*(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in Fitted.__slots__))


def _fit_some(shape: Shape, curves: Values, weights: Values) -> Fitted:
    n = curves.shape[1]
    starts = _starts(shape, curves, weights)
    repeat = len(starts)
    many = np.tile(weights, (1, repeat)) if weights.shape[1] > 1 else weights
    search = _Search(shape, np.tile(curves, (1, repeat)), many)
    place, log_width = search.run(*(np.concatenate(parts) for parts in zip(*starts, strict=True)))
    linear = search.linear(place, log_width, slice(None))
    best = linear.error.reshape(repeat, n).argmin(axis=0) * n + np.arange(n)
    place, log_width, baseline = place[best], log_width[best], linear.baseline[best]
    found = Fitted(place, log_width, baseline, linear.amplitudes[:, best], np.empty(n))
    left = curves - found.curve(shape)
    return replace(found, error=np.einsum("cv,cv->v", weights * left, left))


def _starts(shape: Shape, curves: Values, weights: Values) -> list[tuple[Values, Values]]:
    """The best point of the grid for each voxel, and the best that lies elsewhere, as (place, log width)."""
    places, widths = shape.grid
    place, width = (grid.ravel() for grid in np.meshgrid(places, widths, indexing="ij"))
    moments = Moments.on_grid(shape.peaks(place, width), curves, weights)
    error = best_linear(moments, shape.positive_baseline).error.reshape(len(places), len(widths), -1)
    of_place, best_width = error.min(axis=1), error.argmin(axis=1)
    first = of_place.argmin(axis=0)
    apart = np.abs(np.arange(len(places))[:, None] - first)
    if np.isinf(shape.bounds[0][1]):
        apart = np.minimum(apart, len(places) - apart)
    of_place[apart <= max(1, len(places) // 6)] = np.inf
    second = of_place.argmin(axis=0)
    voxel = np.arange(curves.shape[1])
    return [(places[found], widths[best_width[found, voxel]]) for found in (first, second)]


class _Local(NamedTuple):
    """The error at a point, half its gradient (2, n), and half its Hessian (pp, pw, ww) (3, n)."""

    error: Values
    gradient: Values
    hessian: Values


@dataclass(slots=True)
class _Search:
    """Newton's method from many starts at once, each with its own largest step."""

    shape: Shape
    curves: Values
    weights: Values

    def linear(self, place: Values, log_width: Values, which: slice | NDArray[np.intp]) -> LinearPart:
        """The best baseline and amplitudes."""
        moments = Moments.of(self.shape.peaks(place, log_width), self.curves[:, which], self._weights(which))
        return best_linear(moments, self.shape.positive_baseline)

    def _weights(self, which: slice | NDArray[np.intp]) -> Values:
        return self.weights[:, which] if self.weights.shape[1] > 1 else self.weights

    def run(self, place: Values, log_width: Values) -> tuple[Values, Values]:
        """Places and log widths of the nearest least error."""
        point = np.stack([place, log_width])
        left = np.arange(point.shape[1])
        here = self._local(point, left)
        reach = np.full(len(left), _LARGEST_STEP)
        for _ in range(_MOST_STEPS):
            step = self._step(point[:, left], here, reach)
            size = np.hypot(*step)
            moving = size > _DONE
            left, step, size, reach = left[moving], step[:, moving], size[moving], reach[moving]
            if not len(left):
                break
            here = _Local(here.error[moving], here.gradient[:, moving], here.hessian[:, moving])
            there = self._local(point[:, left] + step, left)
            better = (there.error <= here.error) | (size < _SMALL_STEP)
            point[:, left[better]] += step[:, better]
            here = _Local(*(np.where(better, new, old) for new, old in zip(there, here, strict=True)))
            reach = np.where(better, np.minimum(2 * reach, _LARGEST_STEP), size / 4)
        return point[0], point[1]

    def _step(self, point: Values, here: _Local, reach: Values) -> Values:
        """Newton's step downhill, no further than `reach` and within the bounds."""
        low, high = (np.array(ends)[:, None] for ends in zip(*self.shape.bounds, strict=True))
        stuck = ((point <= low) & (here.gradient > 0)) | ((point >= high) & (here.gradient < 0))
        step = _downhill(np.where(stuck, 0, here.gradient), here.hessian, stuck)
        size = np.hypot(*step)
        step *= np.minimum(1, reach / np.maximum(size, _TINY))
        return np.asarray(np.clip(point + step, low, high) - point)

    def _local(self, point: Values, which: NDArray[np.intp]) -> _Local:
        peaks = self.shape.with_derivatives(*point)
        curves, weights = self.curves[:, which], self._weights(which)
        moments = Moments.of(peaks.value, curves, weights)
        linear = best_linear(moments, self.shape.positive_baseline)
        left = curves - linear.baseline - np.einsum("pv,cpv->cv", linear.amplitudes, peaks.value)
        p, w, pp, pw, ww = (np.einsum("pv,cpv->cv", linear.amplitudes, part) for part in peaks[1:])
        weighted = weights * left
        gradient = -np.stack([np.einsum("cv,cv->v", weighted, d) for d in (p, w)])
        pairs = ((p, p, pp), (p, w, pw), (w, w, ww))
        hessian = np.stack([
            np.einsum("cv,cv->v", weights * a, b) - np.einsum("cv,cv->v", weighted, c) for a, b, c in pairs
        ])  # fmt: skip
        cross = _cross(peaks, (p, w), weights, weighted)
        hessian -= _explained_by_linear(moments, linear, cross)
        return _Local(np.einsum("cv,cv->v", weighted, left), gradient, hessian)


def _cross(peaks: Peaks, slopes: tuple[Values, Values], weights: Values, weighted: Values) -> Values:
    """(1 + peaks, 2, voxels) second derivatives: by baseline and amplitudes, and by place and width."""
    by_baseline = np.stack([np.einsum("cv->v", weights * d) for d in slopes])
    by_amplitude = np.stack(
        [
            np.einsum("cpv,cv->pv", peaks.value, weights * d) - np.einsum("cpv,cv->pv", own, weighted)
            for d, own in zip(slopes, (peaks.p, peaks.w), strict=True)
        ],
        axis=1,
    )
    return np.concatenate([by_baseline[None], by_amplitude])


def _explained_by_linear(moments: Moments, linear: LinearPart, cross: Values) -> Values:
    """(3, voxels) of the Hessian by place and width that baseline and amplitudes, following, take off it."""
    used = np.concatenate([linear.free_baseline[None], linear.amplitudes > 0])
    matrix = moments.matrix(used.shape[1])
    matrix = np.where(used[:, None] & used[None], matrix, 0)
    diagonal = np.arange(len(used))
    matrix[diagonal, diagonal] += np.where(used, _TINY * matrix[diagonal, diagonal], 1)
    cross = np.where(used[:, None], cross, 0)
    solved = np.linalg.solve(np.moveaxis(matrix, -1, 0), np.moveaxis(cross, -1, 0))
    both = np.einsum("kav,vkb->abv", cross, solved)
    return np.stack([both[0, 0], both[0, 1], both[1, 1]])


def _downhill(gradient: Values, hessian: Values, stuck: NDArray[np.bool_]) -> Values:
    """-|H|⁻¹ g of 2 × 2 matrices (pp, pw, ww), with the size of their eigenvalues, so that it leads downhill."""
    a, b, c = hessian
    b = np.where(stuck.any(axis=0), 0, b)
    mean, half = (a + c) / 2, (a - c) / 2
    radius = np.hypot(half, b)
    high, low = mean + radius, mean - radius
    angle = np.arctan2(b, half) / 2
    cos, sin = np.cos(angle), np.sin(angle)
    most = np.maximum(np.maximum(np.abs(high), np.abs(low)), np.finfo(float).tiny)
    along = (cos * gradient[0] + sin * gradient[1]) / np.maximum(np.abs(high), _FLATTEST * most)
    across = (cos * gradient[1] - sin * gradient[0]) / np.maximum(np.abs(low), _FLATTEST * most)
    return -np.stack([cos * along - sin * across, sin * along + cos * across])

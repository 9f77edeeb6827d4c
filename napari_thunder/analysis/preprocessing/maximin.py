"""A baseline of extremes: smoothed, then the least values over a window, then the largest of those."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.even import Filled
from napari_thunder.analysis.protocol import Series

Values = NDArray[np.float64]

_TRUNCATE = 4.0
_LEAST_ROWS = 32


@dataclass(frozen=True, slots=True)
class MaxiMin:
    """Smoothed along time, then the least value of a window around each frame, then the largest of those.

    Parameters
    ----------
    fill, kept
        From kept frames to all and back.
    sigma
        Of the Gaussian, in frames.
    width
        Of both windows, in frames.
    """

    fill: Filled
    kept: NDArray[np.intp] | None
    sigma: float
    width: int

    def __call__(self, series: Series) -> Values:
        """F0 (t, voxels)."""
        with np.errstate(invalid="ignore"):
            smooth = smoothed(self.fill(series), self.sigma)
            found = extreme(extreme(smooth, self.width, np.minimum), self.width, np.maximum)
            if self.kept is not None:
                found = found[self.kept]
            found[:, ~np.isfinite(series.sum(axis=0))] = np.nan
        return found


def smoothed(series: Values, sigma: float) -> Values:
    """`scipy.ndimage.gaussian_filter1d(series, sigma, axis=0)` of series (t, voxels).

    As products of a matrix with stretches of about the radius, as many voxels are smoothed alike.
    """
    weights, radius = _gaussian(sigma)
    padded, n = series[_mirrored(len(series), radius, radius)], len(series)
    found = np.empty_like(series)
    for start in range(0, n, len(weights)):
        rows = min(len(weights), n - start)
        width = rows + 2 * radius
        np.matmul(weights[:rows, :width], padded[start : start + width], out=found[start : start + rows])
    return found


def extreme(series: Values, width: int, of_two: np.ufunc) -> Values:
    """`scipy.ndimage.minimum_filter1d(series, width, axis=0)` of series (t, voxels), or `maximum`.

    Windows of 1, 2, 4 … frames are made of two of half their length, and the wanted one of two that overlap.
    """
    before, n = width // 2, len(series)
    padded, size = series[_mirrored(n, before, width - 1 - before)], 1
    while 2 * size <= width:
        padded = of_two(padded[:-size], padded[size:])
        size *= 2
    found: Values = padded[:n] if size == width else of_two(padded[:n], padded[width - size : width - size + n])
    return found


@lru_cache(maxsize=8)
def _gaussian(sigma: float) -> tuple[Values, int]:
    """Weights (rows, rows + 2 · radius) of a stretch and of the radius on either side, and the radius."""
    radius = int(_TRUNCATE * sigma + 0.5)
    kernel = np.exp(-0.5 * np.square(np.arange(-radius, radius + 1) / max(sigma, 1e-9)))
    rows = max(radius, _LEAST_ROWS)
    weights = np.zeros((rows, rows + 2 * radius))
    for row in range(rows):
        weights[row, row : row + len(kernel)] = kernel / kernel.sum()
    return weights, radius


def _mirrored(n: int, before: int, after: int) -> NDArray[np.intp]:
    """Places of frames from so many before the first to so many after the last, mirrored at the ends."""
    place = np.arange(-before, n + after) % (2 * n)
    return np.where(place < n, place, 2 * n - 1 - place)

"""How alike a registered frame and the template are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Likeness:
    """A template to which frames are compared.

    Parameters
    ----------
    template
        (z, y, x); a voxel that is NaN does not count.
    mask
        (z, y, x) the voxels that count.
    """

    def __init__(self, template: Floats, mask: NDArray[np.bool_] | None = None) -> None:
        self._counts = np.isfinite(template) if mask is None else np.isfinite(template) & mask
        middle = template[self._counts].mean(dtype=np.float64) if self._counts.any() else 0.0
        self._template = np.where(self._counts, template - np.float32(middle), np.float32(0))

    def of(self, frame: Floats) -> float:
        """Pearson correlation of a frame (z, y, x) with the template, over voxels that both have; NaN if none."""
        both = self._counts & np.isfinite(frame)
        n = int(np.count_nonzero(both))
        if n < 2:
            return math.nan
        a = np.where(both, frame, np.float32(0))
        a -= np.float32(a.sum(dtype=np.float64) / n)
        a *= both
        b = self._template * both
        return _correlation(a, b, n)


def _correlation(a: Floats, b: Floats, n: int) -> float:
    """Of two images that are 0 where they do not count and nearly 0 in the mean of the `n` voxels where they do."""
    mean_a, mean_b = (float(v.sum(dtype=np.float64)) / n for v in (a, b))
    covariance = _dot(a, b) / n - mean_a * mean_b
    variance = (_dot(a, a) / n - mean_a**2) * (_dot(b, b) / n - mean_b**2)
    return covariance / math.sqrt(variance) if variance > 0 else math.nan


def _dot(a: Floats, b: Floats) -> float:
    """Product of two images, summed in float32 along rows and in float64 over them."""
    return float(np.einsum("zyx,zyx->zy", a, b).sum(dtype=np.float64))

"""A coarse volume that is indexed as if it were whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape3 = tuple[int, int, int]
Factors = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Upsampled:
    """Every voxel of a small volume stands for a box of the whole one; only what is looked at is made.

    Parameters
    ----------
    small
        The coarse volume (z, y, x).
    shape
        Of the whole volume.
    factors
        Voxels (z, y, x) of a box.
    """

    small: Array
    shape: Shape3
    factors: Factors

    def __getitem__(self, key: tuple[int | slice, ...]) -> Array:
        """By whole numbers and slices of all three axes."""
        places = [
            np.minimum(np.arange(n)[_kept(k)] // f, m - 1)
            for k, n, f, m in zip(key, self.shape, self.factors, self.small.shape, strict=True)
        ]
        found = self.small
        for axis in sorted(range(3), key=lambda axis: (len(places[axis]) > 1, -axis)):
            found = found.take(places[axis], axis)
        whole: Array = found[tuple(0 if isinstance(k, int) else slice(None) for k in key)]
        return whole


def factors_between(whole: Shape3, small: Shape3) -> Factors:
    """Voxels of the whole volume in one of the small one, along each axis."""
    z, y, x = (max(1, round(n / m)) for n, m in zip(whole, small, strict=True))
    return z, y, x


def reduced(volume: Array, small: Shape3, factors: Factors) -> Array:
    """Means of a whole volume over the boxes that the voxels of a small one stand for, in float32.

    Where a small volume lacks a box at the far border, its last box takes the voxels of that too, as `Upsampled` does.
    """
    found = volume
    for axis, (m, f) in enumerate(zip(small, factors, strict=True)):
        starts = np.arange(m) * f
        sums = np.add.reduceat(found, starts, axis=axis, dtype=np.float64)
        widths = np.diff(np.append(starts, found.shape[axis]))
        found = sums / widths.reshape([-1 if i == axis else 1 for i in range(3)])
    return found.astype(np.float32)


def _kept(key: int | slice) -> slice:
    return slice(key, key + 1) if isinstance(key, int) else key

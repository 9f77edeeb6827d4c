"""From a volume as it was recorded to one as it is stored: binned, without the dark level, in the type wanted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_thunder.io.storing.layout import Factors

Array = NDArray[Any]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Misfits:
    """Voxels that the type cannot hold as they are.

    Parameters
    ----------
    below, above
        Were cut off at the least and the largest number.
    not_numbers
        Were NaN or infinite where only whole numbers can be stored.
    """

    below: int = 0
    above: int = 0
    not_numbers: int = 0

    def __add__(self, other: Misfits) -> Misfits:
        return Misfits(self.below + other.below, self.above + other.above, self.not_numbers + other.not_numbers)

    def __bool__(self) -> bool:
        return bool(self.below or self.above or self.not_numbers)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What is done to each volume.

    Parameters
    ----------
    bin
        Voxels (z, y, x) that are averaged to one; those at the far border may be cut off by it.
    background
        Counts that are taken away from every voxel.
    dtype
        As numpy names it. Whole numbers are rounded to even, and cut off at the type's limits.
    """

    bin: Factors
    background: float
    dtype: str

    def space(self, space: Factors) -> Factors:
        """Shape (z, y, x) of what comes of a volume of this shape."""
        z, y, x = (math.ceil(n / f) for n, f in zip(space, self.bin, strict=True))
        return z, y, x

    def __call__(self, volume: Array, inside: Mask | None = None) -> tuple[Array, Misfits]:
        """A volume (z, y, x) as it is stored, and how many voxels had to be changed to fit.

        Parameters
        ----------
        inside
            (z, y, x) of the outcome: the voxels that are counted, if not all are.
        """
        wanted = np.dtype(self.dtype)
        if self.bin == (1, 1, 1) and self.background == 0 and volume.dtype == wanted:
            return volume, Misfits()
        values = means(volume, self.bin) if self.bin != (1, 1, 1) else volume.astype(_exact(volume.dtype))
        if self.background:
            values = values - values.dtype.type(self.background)
        if wanted.kind == "f":
            return values.astype(wanted), Misfits()
        return _whole_numbers(values, wanted, inside)

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"bin": list(self.bin), "background": self.background, "dtype": self.dtype}

    @classmethod
    def from_plain(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_plain` was made of."""
        z, y, x = stored["bin"]
        return cls((z, y, x), stored["background"], stored["dtype"])


def means(volume: Array, factors: Factors) -> Array:
    """Means over boxes of `factors` (z, y, x) voxels, in float32 for small voxel types, else in float64."""
    exact = _exact(volume.dtype)
    sums = volume
    for axis in (1, 0, 2):  # y first, as its neighbours are rows, which are added fastest
        if factors[axis] > 1:
            sums = _sums(sums, axis, factors[axis], exact)
    if all(n % f == 0 for n, f in zip(volume.shape, factors, strict=True)):
        return np.divide(sums, math.prod(factors), dtype=exact)
    counts = (_counts(n, f).astype(exact) for n, f in zip(volume.shape, factors, strict=True))
    z, y, x = counts
    averaged: Array = sums / (z[:, None, None] * y[:, None] * x)
    return averaged


def coarser(volume: Array, factors: Factors) -> Array:
    """The next level of a pyramid: means over boxes (z, y, x), in the volume's type; of NaN only if all are."""
    if volume.dtype.kind != "f":
        averaged = means(volume, factors)
        return np.rint(averaged, out=averaged).astype(volume.dtype)
    known = np.isfinite(volume)
    if known.all():
        return means(volume, factors).astype(volume.dtype)
    share = means(known.astype(volume.dtype), factors)
    total = means(np.where(known, volume, volume.dtype.type(0)), factors)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = (total / share).astype(volume.dtype)
    return found


def coarser_mask(mask: Mask, factors: Factors) -> Mask:
    """Where any voxel of a box (z, y, x) is in the mask."""
    found = mask
    for axis, factor in enumerate(factors):
        if factor > 1:
            found = np.logical_or.reduceat(found, np.arange(0, found.shape[axis], factor), axis=axis)
    return found


def _exact(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A type in which sums of a few voxels are exact, or as good as the voxels themselves."""
    return np.dtype(np.float32 if dtype.itemsize <= 2 or dtype == np.float32 else np.float64)


def _sums(array: Array, axis: int, factor: int, exact: np.dtype[Any]) -> Array:
    """Sums of `factor` neighbours along an axis, the last of fewer."""
    even = array.shape[axis] // factor * factor
    at = [slice(None)] * array.ndim
    at[axis] = slice(0, even, factor)
    total = array[tuple(at)].astype(exact)
    for i in range(1, factor):
        at[axis] = slice(i, even, factor)
        total += array[tuple(at)]
    if even == array.shape[axis]:
        return total
    at[axis] = slice(even, None)
    rest = array[tuple(at)].sum(axis=axis, keepdims=True, dtype=exact)
    return np.concatenate([total, rest], axis=axis)


def _counts(n: int, factor: int) -> Array:
    return np.diff(np.append(np.arange(0, n, factor), n))


def _whole_numbers(values: Array, wanted: np.dtype[Any], inside: Mask | None) -> tuple[Array, Misfits]:
    limits = np.iinfo(wanted)
    rounded = np.rint(values, out=values if values.dtype.kind == "f" else None)
    known = np.isfinite(rounded)
    below, above = rounded < limits.min, rounded > limits.max
    counted = [
        int(np.count_nonzero(bad if inside is None else bad & inside)) for bad in (below & known, above & known, ~known)
    ]
    np.copyto(rounded, 0, where=~known)
    clipped = np.clip(rounded, *_holdable(limits, rounded.dtype), out=rounded)
    return clipped.astype(wanted), Misfits(*counted)


def _holdable(limits: np.iinfo[Any], dtype: np.dtype[Any]) -> tuple[float, float]:
    """The type's limits as floats that do not lie outside of it: 2**32 - 1 rounds up in float32."""
    low, high = dtype.type(limits.min), dtype.type(limits.max)
    if int(high) > limits.max:
        high = np.nextafter(high, dtype.type(0))
    if int(low) < limits.min:
        low = np.nextafter(low, dtype.type(0))
    return low, high

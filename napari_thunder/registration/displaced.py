"""A volume looked up at one displacement: along one axis after the other, by slices, which is fast."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.shifts import Space
from napari_thunder.registration.spline import PAD, weights

Floats = NDArray[np.float32]
Where = tuple[Space, Space, Space]
"""First voxel that is wanted, first voxel of the part that was read (both in the frame), and shape of the frame."""


def displaced(
    out: Floats, part: NDArray[Any], shift: tuple[float, float, float], where: Where, order: Literal[0, 1, 3]
) -> None:
    """Write ``frame[v + shift]`` to `out` for the voxels v that lie inside the frame; the others are left as they are.

    Parameters
    ----------
    out
        (z, y, x) for the voxels that are wanted.
    part
        (z, y, x) of the frame; its `spline.coefficients` if cubic.
    shift
        (z, y, x) in voxels.
    where
        See `Where`.
    order
        Of the spline between voxels: 0 nearest, 1 linear, 3 cubic.
    """
    start, origin, space = where
    inside = [_inside(*axis) for axis in zip(shift, start, out.shape, space, strict=True)]
    if any(a >= b for a, b in inside):
        return
    first = [_split(a + s) for (a, _), s in zip(inside, shift, strict=True)]
    if order == 0:
        first = [(math.floor(low + fraction + 0.5), 0.0) for low, fraction in first]
    low = [place - o for (place, _), o in zip(first, origin, strict=True)]
    sizes = [b - a for a, b in inside]
    fractions = [fraction for _, fraction in first]
    found = _cubic(part, low, sizes, fractions) if order == 3 else _linear(part, low, sizes, fractions)
    z, y, x = (slice(a - v, b - v) for (a, b), v in zip(inside, start, strict=True))
    out[z, y, x] = found


def _inside(shift: float, start: int, size: int, n: int) -> tuple[int, int]:
    """The wanted voxels along an axis whose place lies inside the frame: the first, and the one after the last."""
    first, last = math.ceil(-shift), math.floor(n - 1 - shift)
    return max(start, first), min(start + size, last + 1)


def _split(place: float) -> tuple[int, float]:
    low = math.floor(place)
    return low, place - low


def _linear(part: NDArray[Any], low: list[int], sizes: list[int], fractions: list[float]) -> Floats:
    ends = [a + n + (f > 0) for a, n, f in zip(low, sizes, fractions, strict=True)]
    z, y, x = (slice(a, b) for a, b in zip(low, ends, strict=True))
    found = part[z, y, x].astype(np.float32)
    for axis, fraction in enumerate(fractions):
        if fraction > 0:
            left, right = _from(found, axis, 0, sizes[axis]), _from(found, axis, 1, sizes[axis])
            found = (right - left) * np.float32(fraction)
            found += left
    return found


def _cubic(found: Floats, low: list[int], sizes: list[int], fractions: list[float]) -> Floats:
    for axis, (first, size, fraction) in enumerate(zip(low, sizes, fractions, strict=True)):
        before = found
        found = np.zeros([size if a == axis else n for a, n in enumerate(before.shape)], np.float32)
        for tap, weight in enumerate(weights(fraction), first + PAD - 1):
            found += _from(before, axis, tap, size) * np.float32(weight)
    return found


def _from(volume: Floats, axis: int, first: int, size: int) -> Floats:
    return volume[tuple(slice(first, first + size) if a == axis else slice(None) for a in range(3))]

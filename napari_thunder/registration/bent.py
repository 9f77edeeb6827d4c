"""A volume looked up at a displacement that changes from voxel to voxel, a plane at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from napari_thunder.registration.displaced import Where
from napari_thunder.registration.shifts import Centers
from napari_thunder.registration.spline import PAD

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]


def bent(
    out: Floats,
    part: Floats,
    shifts: Floats,
    centers: Centers,
    where: Where,
    order: Literal[0, 1, 3],
) -> None:
    """Write the frame at every voxel's own displacement to `out`, NaN where that lies outside the frame.

    Parameters
    ----------
    out
        (z, y, x) for the voxels that are wanted.
    part
        (z, y, x) float32 of the frame; its `spline.coefficients` if cubic.
    shifts, centers
        As in `Shifts`, of one frame.
    where, order
        As in `displaced`.
    """
    start, origin, space = where
    for plane, (z, field) in zip(out, _planes(shifts, centers, start, out.shape), strict=True):
        whole = np.floor(field).astype(np.intp)
        fraction = field - whole.astype(np.float32)
        places = [index + w for index, w in zip(_indices(z, start, plane.shape), whole, strict=True)]
        ends = zip(places, fraction, space, strict=True)
        inside = np.logical_and.reduce([(p >= 0) & ((p < n - 1) | ((p == n - 1) & (f == 0))) for p, f, n in ends])
        local = [p - o for p, o in zip(places, origin, strict=True)]
        plane[...] = np.where(inside, _LOOKUP[order](part, local, fraction), np.float32(np.nan))


def _planes(
    shifts: Floats, centers: Centers, start: tuple[int, ...], shape: tuple[int, ...]
) -> Iterator[tuple[int, Floats]]:
    """Yield z and the displacement (3, y, x) of each plane, interpolated linearly between the centres of the blocks."""
    along_z, along_y, along_x = (
        _weights(np.asarray(c), first, size) for c, first, size in zip(centers, start, shape, strict=True)
    )
    rows = np.einsum("bzyi,jy->bzji", np.moveaxis(shifts, -1, 0), along_y)
    for z, weights in enumerate(along_z, start[0]):
        yield z, np.tensordot(rows, weights, (1, 0)) @ along_x.T


def _weights(centers: NDArray[np.float32], first: int, size: int) -> Floats:
    """(size, blocks) what each block counts for each voxel along an axis."""
    weights = np.zeros((size, len(centers)), np.float32)
    place = np.interp(np.arange(first, first + size), centers, np.arange(len(centers)))
    low = np.minimum(place.astype(np.intp), max(0, len(centers) - 2))
    rows = np.arange(size)
    weights[rows, low] = 1 - (place - low)
    if len(centers) > 1:
        weights[rows, low + 1] = place - low
    return weights


def _indices(z: int, start: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, Indices, Indices]:
    rows, columns = (np.arange(first, first + size) for first, size in zip(start[1:], shape, strict=True))
    return z, rows[:, None], columns


def _nearest(part: Floats, places: list[Indices], fraction: Floats) -> Floats:
    z, y, x = (np.clip(p + (f >= 0.5), 0, n - 1) for p, f, n in zip(places, fraction, part.shape, strict=True))
    return np.asarray(part[z, y, x])


def _linear(part: Floats, places: list[Indices], fraction: Floats) -> Floats:
    """Trilinear; bilinear where nothing moved along z."""
    low = [np.clip(p, 0, n - 1) for p, n in zip(places, part.shape, strict=True)]
    step = [np.minimum(p + 1, n - 1) - p for p, n in zip(low, part.shape, strict=True)]
    _, ny, nx = part.shape
    flat = part.ravel()
    corner = (low[0] * ny + low[1]) * nx + low[2]
    down, right = step[1] * nx, step[2]

    def along_x(index: Indices) -> Floats:
        return _between(flat.take(index), flat.take(index + right), fraction[2])

    def in_plane(index: Indices) -> Floats:
        return _between(along_x(index), along_x(index + down), fraction[1])

    if not fraction[0].any():
        return in_plane(corner)
    return _between(in_plane(corner), in_plane(corner + step[0] * (ny * nx)), fraction[0])


def _between(left: Floats, right: Floats, fraction: Floats) -> Floats:
    right -= left
    right *= fraction
    right += left
    return right


def _cubic(part: Floats, places: list[Indices], fraction: Floats) -> Floats:
    where = np.stack([p + f + PAD for p, f in zip(places, fraction, strict=True)]).astype(np.float64)
    return np.asarray(map_coordinates(part, where, np.float32, order=3, mode="nearest", prefilter=False))


_LOOKUP = {0: _nearest, 1: _linear, 3: _cubic}

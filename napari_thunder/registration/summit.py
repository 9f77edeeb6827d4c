"""The highest places of correlation maps, between their grid points and away from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box
from napari_thunder.registration.spectrum import Floats

Places = NDArray[np.intp]


def summits(maps: Floats) -> Places:
    """Indices (n, 3) of the largest value of each of the maps (n, z, y, x)."""
    flat = np.argmax(maps.reshape(len(maps), -1), axis=1)
    return np.stack(np.unravel_index(flat, maps.shape[1:]), axis=1)


def heights(maps: Floats, places: Places) -> Floats:
    """Values (n,) of maps (n, z, y, x) at indices (n, 3)."""
    return maps[np.arange(len(maps)), places[:, 0], places[:, 1], places[:, 2]]


def between_points(maps: Floats, places: Places) -> NDArray[np.float64]:
    """How far (n, 3) maxima lie from the grid points `places` (n, 3), by a parabola along each axis: from -0.5 to 0.5.

    0 where a place is at the border of the grid.
    """
    offset = np.zeros(places.shape)
    middle = heights(maps, places).astype(np.float64)
    edge = np.subtract(maps.shape[1:], 1)
    for axis, step in enumerate(np.eye(3, dtype=np.intp)):
        inside = (places[:, axis] > 0) & (places[:, axis] < edge[axis])
        left, right = (heights(maps, np.clip(places + side * step, 0, edge)) for side in (-1, 1))
        bend = left.astype(np.float64) - 2 * middle + right
        usable = inside & (bend < 0)
        offset[usable, axis] = 0.5 * (left - right)[usable] / bend[usable]
    return np.clip(offset, -0.5, 0.5)


def elsewhere(maps: Floats, places: Places, spared: Box) -> Floats:
    """The largest value (n,) of each map further than `spared` points from `places`; -inf if there is none."""
    near = [
        np.abs(np.arange(size) - places[:, axis, None]) <= width
        for axis, (size, width) in enumerate(zip(maps.shape[1:], spared, strict=True))
    ]
    spot = near[0][:, :, None, None] & near[1][:, None, :, None] & near[2][:, None, None, :]
    return np.asarray(np.where(spot, -np.inf, maps).max(axis=(1, 2, 3)))

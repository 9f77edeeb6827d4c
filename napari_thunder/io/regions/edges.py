"""The border of a mask along the edges of its voxels: lines that enclose exactly its voxels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_thunder.regions import Mask, Region

Points = NDArray[np.float64]
Polygon = list[Points]
"""Its outer line, then its holes; (n, 2) y and x, the middle of the first voxel at 0."""

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def polygons_of(plane: Mask, corner: tuple[int, int]) -> list[Polygon]:
    """One polygon for each part of a mask (y, x) whose voxels share edges.

    Outer lines go from x to y (counterclockwise where y points up), holes the other way; none meets itself.

    Parameters
    ----------
    corner
        Where the mask's first voxel (y, x) lies.
    """
    from scipy.ndimage import find_objects, label

    labels, _ = label(plane)
    found = []
    for i, (rows, columns) in enumerate(find_objects(labels)):
        rings = _rings(labels[rows, columns] == i + 1)
        shift = np.array([rows.start, columns.start]) + corner - 0.5
        # the only ring that goes round the other way is the outer one
        found.append([ring + shift for ring in sorted(rings, key=_area, reverse=True)])
    return found


def runs_of(region: Region) -> Iterator[tuple[tuple[int, int], Mask]]:
    """First and last plane of every stretch on which a region is the same, and its mask (y, x) there."""
    z = region.corner[0]
    if region.same_on_every_plane:
        yield region.planes, region.mask[0]
        return
    starts = [0, *(i for i in range(1, len(region.mask)) if not np.array_equal(region.mask[i], region.mask[i - 1]))]
    for first, after in zip(starts, [*starts[1:], len(region.mask)], strict=True):
        if region.mask[first].any():
            yield (z + first, z + after - 1), region.mask[first]


def _rings(part: Mask) -> list[Points]:
    inside = np.pad(part, 1)
    here, above, left = inside[1:, 1:], inside[:-1, 1:], inside[1:, :-1]
    corner = inside[:-1, :-1]
    # which ways edges leave a corner of the grid, the mask on their right: to the right, down, left, up
    ways = (here & ~above) | (left & ~here) << 1 | (corner & ~left) << 2 | (above & ~corner) << 3
    width = ways.shape[1]
    grid = ways.ravel().astype(np.uint8).tolist()
    left_over = list(grid)
    offsets = [dy * width + dx for dy, dx in _STEPS]
    rings = []
    for start in np.flatnonzero(ways).tolist():
        while left_over[start]:
            corners = _walk(grid, left_over, start, offsets)
            rings.append(np.stack(np.divmod(np.array(corners), width), axis=1).astype(np.float64))
    return rings


def _walk(grid: list[int], left_over: list[int], start: int, offsets: list[int]) -> list[int]:
    """The corners of the ring that leaves `start`, its edges taken from what is left over."""
    first = left_over[start].bit_length() - 1
    at, way, corners = start, first, []
    while left_over[at] >> way & 1:
        left_over[at] &= ~(1 << way)
        at += offsets[way]
        # where two parts touch at a corner, go on along the other one, so that no ring meets itself
        turned = next(t % 4 for t in (way - 1, way, way + 1) if grid[at] >> (t % 4) & 1)
        if turned != way:
            corners.append(at)
        way = turned
    return corners


def _area(ring: Points) -> float:
    y, x = ring.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))

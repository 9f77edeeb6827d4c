"""The ring around a region, whose activity is that of the neuropil."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions.region import Box, Mask, Region, region_of_mask

VoxelSize = tuple[float, float, float]

_FURTHEST = 4.0


def surround(
    region: Region,
    *,
    voxel_size: VoxelSize | None = None,
    exclude: Iterable[Region] = (),
    inner: float = 2.0,
    outer: float = 10.0,
    minimum: int = 350,
    flat: bool | None = None,
) -> Region:
    """The voxels around a region, without a gap next to it and without other regions.

    Those further than `inner` and not further than `outer` from the middle of its nearest voxel. Are there fewer than
    `minimum`, the ring grows outwards until it has that many, at most to four times `outer`. Gap and least
    size as suite2p has them (`inner_neuropil_radius`, `min_neuropil_pixels`).

    Parameters
    ----------
    voxel_size
        (z, y, x) in µm; distances are in voxels if it is not given.
    exclude
        Regions whose voxels are left out; the region itself may be among them.
    inner, outer
        Distances in µm, or in voxels if there is no voxel size.
    minimum
        Voxels.
    flat
        Whether the ring stays on the region's planes, each for itself; None: if it was drawn, or lies on one plane.

    Raises
    ------
    RegionError
        If there is no voxel left, a distance makes no sense, or a region to exclude is of another volume.
    """
    if not 0 <= inner < outer or not np.isfinite(outer):
        raise RegionError(f"The ring around {region.name} from {inner:g} to {outer:g} is none: outer must be larger.")
    others = [other for other in exclude if other is not region]
    for other in others:
        if reason := other.why_unfit(region.volume):
            raise RegionError(f"The ring around {region.name} cannot leave out {other.name}: {reason}")
    flat = region.outline is not None or len(region.mask) == 1 if flat is None else flat
    around = _Around(region, voxel_size or (1.0, 1.0, 1.0), flat)
    for reach in (outer, outer * 2, outer * _FURTHEST):
        corner, distance = around.distances(reach)
        free = (distance > inner) & (distance <= reach) & ~_taken(others, corner, _shape(distance))
        ring = free & (distance <= outer)
        if ring.sum() < minimum:
            ring = _nearest(free, distance, minimum, outer)
        if ring.sum() >= minimum or reach == outer * _FURTHEST:
            break
    if not ring.any():
        raise RegionError(f"There is no free voxel around {region.name}: other regions or the border leave none.")
    return region_of_mask(ring, f"{region.name} surround", region.color, corner=corner, volume=region.volume)


@dataclass(frozen=True, slots=True)
class _Around:
    region: Region
    voxel_size: VoxelSize
    flat: bool

    def distances(self, reach: float) -> tuple[Box, NDArray[np.float64]]:
        """Distance to the region of every voxel in its box and `reach` around it, and the corner of that box."""
        wide = [0 if self.flat and a == 0 else int(reach / size) + 1 for a, size in enumerate(self.voxel_size)]
        low = [min(c, w) for c, w in zip(self.region.corner, wide, strict=True)]
        spans = zip(self.region.volume, self.region.corner, self.region.mask.shape, wide, strict=True)
        high = [min(n - c - m, w) for n, c, m, w in spans]
        corner = tuple(c - a for c, a in zip(self.region.corner, low, strict=True))
        planes = self.region.mask[:1] if self.flat and self.region.same_on_every_plane else self.region.mask
        near = _distances(np.pad(planes, list(zip(low, high, strict=True))), self.voxel_size, self.flat)
        shape = (len(self.region.mask), *near.shape[1:]) if self.flat else near.shape
        return (corner[0], corner[1], corner[2]), np.broadcast_to(near, shape)


def _distances(mask: Mask, voxel_size: VoxelSize, flat: bool) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    if not flat:
        return np.asarray(distance_transform_edt(~mask, sampling=voxel_size))
    far = np.full(mask.shape[1:], np.inf)
    planes = [distance_transform_edt(~plane, sampling=voxel_size[1:]) if plane.any() else far for plane in mask]
    return np.stack(planes)


def _taken(regions: Iterable[Region], corner: Box, shape: Box) -> Mask:
    """The voxels of a box that are some region's."""
    taken = np.zeros(shape, bool)
    for region in regions:
        start = [max(c, r) for c, r in zip(corner, region.corner, strict=True)]
        ends = zip(corner, shape, region.corner, region.mask.shape, strict=True)
        stop = [min(c + n, r + m) for c, n, r, m in ends]
        if all(a < b for a, b in zip(start, stop, strict=True)):
            here = tuple(slice(a - c, b - c) for a, b, c in zip(start, stop, corner, strict=True))
            there = tuple(slice(a - c, b - c) for a, b, c in zip(start, stop, region.corner, strict=True))
            taken[here] |= region.mask[there]
    return taken


def _nearest(free: Mask, distance: NDArray[np.float64], minimum: int, outer: float) -> Mask:
    """The free voxels up to the distance at which there are enough, all those at that distance among them."""
    far = np.sort(distance[free])
    if not len(far):
        return free
    return np.asarray(free & (distance <= max(outer, far[min(minimum, len(far)) - 1])))


def _shape(array: NDArray[np.float64]) -> Box:
    z, y, x = array.shape
    return z, y, x

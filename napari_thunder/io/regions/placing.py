"""Regions of what a file holds, put into a recording's volume; what lies outside is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions import Box, Mask, Outline, Region, region_of_mask, region_of_outline

Say = Callable[[str], None]


def place_outline(outline: Outline, volume: Box, name: str, color: str, say: Say) -> Region | None:
    """The region of an outline, or None, and a word, if it encloses no voxel of the volume."""
    try:
        region = region_of_outline(outline, volume, name, color)
    except RegionError as error:
        say(f"{error} It is left out.")
        return None
    if sticks_out([outline.vertices], volume) or outline.planes[0] < 0 or outline.planes[1] >= volume[0]:
        say(_cut_off(name))
    return region


def place_planes(parts: dict[int, Mask], volume: Box, name: str, color: str, say: Say, *, cut: bool) -> Region | None:
    """The region of a mask (y, x) on each of some planes, or None, and a word, if no voxel is in it.

    Parameters
    ----------
    cut
        Whether something of it was beyond the planes' borders already.
    """
    inside = {z: mask for z, mask in parts.items() if 0 <= z < volume[0] and mask.any()}
    if not inside:
        say(f"{name}: no voxel of this recording lies in it. It is left out.")
        return None
    if cut or len(inside) < sum(mask.any() for mask in parts.values()):
        say(_cut_off(name))
    first, last = min(inside), max(inside)
    mask = np.zeros((last - first + 1, *volume[1:]), bool)
    for z, plane in inside.items():
        mask[z - first] = plane
    return region_of_mask(mask, name, color, corner=(first, 0, 0), volume=volume)


def sticks_out(rings: Iterable[NDArray[np.float64]], volume: Box) -> bool:
    """Whether a line goes beyond the borders of the planes."""
    return any((ring < -0.5).any() or (ring > np.array(volume[1:]) - 0.5).any() for ring in rings)


def _cut_off(name: str) -> str:
    return f"{name} lies partly outside of the recording; that part is cut off."


def planes_or_error(planes: tuple[int, int] | None, plane: int | None, volume: Box, name: str) -> tuple[int, int]:
    """The planes something says it is on, else the one that was asked for, else the only one."""
    if planes is not None:
        return planes
    if plane is None and volume[0] > 1:
        raise RegionError(f"{name} does not say on which plane it lies. Choose the plane (z) it should go to.")
    return plane or 0, plane or 0

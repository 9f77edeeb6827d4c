"""The voxels that count: given as a region, an array or a file; always one region in the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions import Box, Region, region_of_mask

MaskLike = Region | NDArray[Any] | str | Path
"""A region, an array (z, y, x) that is not 0 where an analysis may look, or a file of regions or labels."""

RegionsLike = Sequence[Region] | str | Path
"""Several regions, or a file of regions or labels."""

_COLOR = "#ffffff"


def mask_of(given: MaskLike, volume: Box) -> Region:
    """The voxels that count, as one region.

    Parameters
    ----------
    given
        A region; an array (z, y, x), True or not 0 inside; or the path of a file of regions or labels, which are taken
        together.
    volume
        Shape (z, y, x) of the recording.

    Raises
    ------
    RegionError
        If it does not fit the recording, has no voxel, or cannot be read.
    """
    if isinstance(given, Region):
        return _fitting(given, volume)
    if isinstance(given, str | Path):
        return _union(_regions_in(given, volume), Path(given).stem)
    mask = np.asarray(given)
    if mask.dtype.kind not in "bui":
        raise RegionError(f"mask: an array of True and False (or of labels) is wanted, not one of {mask.dtype}.")
    return _fitting(region_of_mask(mask, "mask", _COLOR), volume)


def regions_of(given: RegionsLike, volume: Box) -> tuple[Region, ...]:
    """Regions one by one, given as such or as the path of a file of regions or labels.

    Raises
    ------
    RegionError
        If they do not fit the recording or cannot be read.
    """
    if isinstance(given, str | Path):
        return tuple(_regions_in(given, volume))
    return tuple(_fitting(region, volume) for region in given)


def _fitting(region: Region, volume: Box) -> Region:
    if region.volume != tuple(volume):
        has, wants = (" × ".join(map(str, shape)) for shape in (region.volume, volume))
        raise RegionError(
            f"{region.name}: a mask of {has} voxels (z, y, x) does not fit a recording of {wants}. "
            "Choose one that was made on this recording."
        )
    return region


def _regions_in(path: str | Path, volume: Box) -> Iterable[Region]:
    from napari_thunder.io.regions import read_regions

    return read_regions(path, volume)


def _union(regions: Iterable[Region], name: str) -> Region:
    found = list(regions)
    if not found:
        raise RegionError(f"{name}: there is no region in this file.")
    full = np.zeros(found[0].volume, bool)
    for region in found:
        full[region.box] |= region.mask
    return region_of_mask(full, name, _COLOR)

"""Label images: a number for each voxel, which says whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.registry import MOST_REGIONS
from napari_thunder.regions import Box, Region, region_of_mask
from napari_thunder.regions.colors import color_of

Look = tuple[str | None, str | None]
"""Name and colour, as far as they are known."""


def sheets(regions: Sequence[Region]) -> list[list[int]]:
    """Numbers of regions that share no voxel with each other, in as few sheets as come of taking each in turn."""
    found: list[list[int]] = []
    for i, region in enumerate(regions):
        free = next((s for s in found if not any(overlap(regions[other], region) for other in s)), None)
        if free is None:
            found.append([i])
        else:
            free.append(i)
    return found


def overlap(one: Region, other: Region) -> int:
    """How many voxels two regions share."""
    if any(a.start >= b.stop or b.start >= a.stop for a, b in zip(one.box, other.box, strict=True)):
        return 0
    low = [max(a, b) for a, b in zip(one.corner, other.corner, strict=True)]
    high = [min(a.stop, b.stop) for a, b in zip(one.box, other.box, strict=True)]
    first, second = (
        r.mask[tuple(slice(a - c, b - c) for a, b, c in zip(low, high, r.corner, strict=True))] for r in (one, other)
    )
    return int(np.count_nonzero(first & second))


def label_planes(regions: Sequence[Region], labels: Sequence[int], dtype: Any) -> Iterator[NDArray[Any]]:
    """Plane after plane (y, x) of a label image, where each region has its label."""
    for z in range(regions[0].volume[0]):
        plane = np.zeros(regions[0].volume[1:], dtype)
        for region, label in zip(regions, labels, strict=True):
            if region.planes[0] <= z <= region.planes[1]:
                plane[region.box[1:]][region.mask[z - region.corner[0]]] = label
        yield plane


def label_type(n: int) -> type[np.unsignedinteger[Any]]:
    """The smallest type that napari, ImageJ and ilastik all take as labels and that holds labels up to n."""
    return np.uint16 if n < 2**16 else np.uint32


def fit_labels(shape: tuple[int, ...], volume: Box, plane: int | None, path: object) -> tuple[int, Box]:
    """First plane, and shape (z, y, x), of a label image in a volume; axes of length 1 do not count.

    Raises
    ------
    RegionError
        If it does not fit, or no plane was chosen for it.
    """
    long, *wanted = (tuple(n for n in s if n > 1) for s in (shape, volume, volume[1:]))
    if long == wanted[0]:
        return 0, volume
    if long == wanted[1]:
        if plane is None:
            raise RegionError(f"{path}: a label image of one plane. Choose the plane (z) it should go to.")
        return plane, (1, *volume[1:])
    has, wants = (" × ".join(map(str, s)) for s in (shape, volume))
    raise RegionError(
        f"{path}: a label image of {has} voxels does not fit a recording of {wants} (z, y, x). Choose one that was "
        "made on this recording."
    )


def check_label_type(dtype: np.dtype[Any], path: object) -> None:
    """RegionError unless an array may hold labels."""
    if dtype.kind not in "bui":
        raise RegionError(f"{path}: labels are whole numbers, this image holds {dtype}. Choose a label image.")


def regions_of_labels(
    image: NDArray[Any], first_plane: int, volume: Box, looks: Mapping[int, Look], path: object
) -> dict[int, Region]:
    """A region for each label above 0 of an image (z, y, x), in the order of labels."""
    numbered, values = _numbered(image)
    if len(values) > MOST_REGIONS:
        raise RegionError(f"{path}: it holds {len(values)} labels; this program takes at most {MOST_REGIONS}.")
    regions = {}
    boxes = _boxes(numbered, values)
    for i, ((number, label), box) in enumerate(zip(values.items(), boxes, strict=True)):
        name, color = looks.get(label, (None, None))
        corner = (box[0].start + first_plane, box[1].start, box[2].start)
        mask = numbered[box] == number
        name, color = name or f"label {label}", color or color_of(i)
        regions[label] = region_of_mask(mask, name, color, corner=corner, volume=volume)
    return regions


def _numbered(image: NDArray[Any]) -> tuple[NDArray[Any], dict[int, int]]:
    """An image of small numbers above 0, and which label each one stands for, in the order of labels."""
    if image.dtype.kind == "b":
        image = image.astype(np.uint8)
    if image.dtype.itemsize <= 2 and image.dtype.kind == "u":
        seen = np.zeros(2**16, bool)
        for plane in image:
            seen[plane] = True
        return image, {int(n): int(n) for n in np.flatnonzero(seen) if n}
    import pandas as pd

    used = np.flatnonzero(image > 0)
    codes, labels = pd.factorize(image.reshape(-1)[used], sort=True)
    numbered = np.zeros(image.shape, np.int32)
    numbered.reshape(-1)[used] = codes + 1
    return numbered, {i + 1: int(label) for i, label in enumerate(labels)}


def _boxes(numbered: NDArray[Any], values: Mapping[int, int]) -> list[tuple[slice, ...]]:
    from scipy.ndimage import find_objects

    found = find_objects(numbered, max(values, default=0) or 1)
    return [found[number - 1] for number in values]

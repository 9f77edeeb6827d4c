"""Regions as ImageJ's ROIs: one in a `.roi`, many in a `.zip`.

ImageJ counts coordinates from the corner of the first pixel, whose middle is (0.5, 0.5); ours count from its middle.
An ROI is on one plane, so a region is as many of them as it has planes, held together by a property. Rectangles, ovals
and polygons are written as such if they come back with the same voxels, all else as the edges of voxels (traced, or
composite where there are holes or several parts). ImageJ itself rounds ovals in its own way: there, some voxels at
their border may differ.
"""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count, groupby
from pathlib import Path

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.imagej_reading import Shape, shape_of
from napari_thunder.io.regions.imagej_writing import rois_of
from napari_thunder.io.regions.placing import place_outline, place_planes, planes_or_error, sticks_out
from napari_thunder.regions import Box, Mask, Outline, Region
from napari_thunder.regions.colors import color_of
from napari_thunder.regions.inside import enclosed

Say = Callable[[str], None]

_LARGEST_ROI = 64 * 2**20
_LARGEST_ZIP = 512 * 2**20
_MOST_ROIS = 100_000


def write(regions: Sequence[Region], path: Path, voxel_size: tuple[float, float, float] | None) -> None:
    """Write a `.zip`, or a `.roi` of the one region on one plane."""
    rois = [roi for i, region in enumerate(regions) for roi in rois_of(i, region)]
    if path.suffix.lower() == ".roi":
        if len(rois) > 1:
            raise RegionError(
                f"{path.name}: a .roi holds one region on one plane; these are {len(rois)} with their planes. "
                "Write a .zip."
            )
        path.write_bytes(rois[0][1])
        return
    taken: set[str] = set()
    with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as file:
        for name, roi in rois:
            # ImageJ calls an ROI as its file is called
            free = next(n for k in count(1) if (n := name if k == 1 else f"{name} ({k})") not in taken)
            taken.add(free)
            file.writestr(f"{free}.roi", roi)


def read(path: Path, volume: Box, plane: int | None, say: Say) -> list[Region]:
    """Read areas; points, lines and texts are left out, and said.

    One without a position is on `plane`, or on all planes as in ImageJ.
    """
    shapes = [shape for i, (name, data) in enumerate(_files(path)) if (shape := shape_of(i, name, data, path, say))]
    regions = []
    for i, (_, group) in enumerate(groupby(shapes, key=lambda shape: shape.group)):
        if region := _region(list(group), volume, plane, color_of(i), say):
            regions.append(region)
    return regions


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    # what roifile has to say about odd files is said here
    logging.getLogger("roifile").setLevel(logging.ERROR)
    if path.suffix.lower() == ".roi":
        if path.stat().st_size > _LARGEST_ROI:
            raise RegionError(f"{path}: it is too large for an ROI of ImageJ.")
        yield path.stem, path.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as file:
            entries = [entry for entry in file.infolist() if entry.filename.lower().endswith(".roi")]
            too_large = max((entry.file_size for entry in entries), default=0) > _LARGEST_ROI
            if too_large or sum(entry.file_size for entry in entries) > _LARGEST_ZIP or len(entries) > _MOST_ROIS:
                raise RegionError(f"{path}: its content is too large for ROIs of ImageJ.")
            if not entries:
                raise RegionError(f"{path}: there is no .roi in this .zip.")
            for entry in entries:
                with file.open(entry) as one:
                    yield Path(entry.filename).stem, one.read(_LARGEST_ROI)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise RegionError(f"{path}: not a .zip this program can read ({error}).") from error


def _region(shapes: list[Shape], volume: Box, plane: int | None, color: str, say: Say) -> Region | None:
    first = shapes[0]
    color = first.color or color
    spans = [_planes(shape, volume, plane) for shape in shapes]
    planes = min(a for a, _ in spans), max(b for _, b in spans)
    alone = len(shapes) == 1 or len(shapes) == planes[1] - planes[0] + 1
    if alone and all(shape.drawn and shape.same_as(first) for shape in shapes):
        return place_outline(Outline(first.kind, first.rings[0], planes), volume, first.name, color, say)
    masks: dict[int, Mask] = {}
    for shape, (a, b) in zip(shapes, spans, strict=True):
        mask = shape.mask(volume[1:]) if shape.drawn else enclosed(shape.rings, volume[1:])
        for z in range(a, b + 1):
            masks[z] = masks[z] | mask if z in masks else mask
    cut = sticks_out((ring for shape in shapes for ring in shape.rings), volume)
    return place_planes(masks, volume, first.name, color, say, cut=cut)


def _planes(shape: Shape, volume: Box, plane: int | None) -> tuple[int, int]:
    if shape.plane is not None:
        return shape.plane, shape.plane
    return (0, volume[0] - 1) if plane is None else planes_or_error(None, plane, volume, shape.name)

"""A region as ROIs of ImageJ, one for each of its planes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.edges import Polygon, polygons_of
from napari_thunder.io.regions.imagej_reading import DRAWN, GROUP, NUMBERED, Shape, shape_of
from napari_thunder.regions import Mask, Outline, Region

Points = NDArray[np.float64]

_MOST = 30_000
"""ImageJ keeps corners in 16 bits."""


def rois_of(i: int, region: Region) -> Iterator[tuple[str, bytes]]:
    """A name for the file, and its bytes, for each plane of the i-th region."""
    if max(region.volume[1:]) > _MOST:
        raise RegionError(f"{region.name}: ImageJ's ROIs go to {_MOST} voxels, the recording further. Write GeoJSON.")
    line = _drawn(region.outline, region) if region.outline and region.same_on_every_plane else None
    first, last = region.planes
    made: ImagejRoi | None = None
    for z in range(first, last + 1):
        mask = region.mask[z - first]
        if not mask.any():
            continue
        if made is None or not region.same_on_every_plane:
            made = line or _edges(polygons_of(mask, region.corner[1:]))
        numbered = first < last
        made.name = _plain_name(f"{region.name} z{z + 1:04}" if numbered else region.name)
        made.properties = {GROUP: i, DRAWN: line is not None, NUMBERED: numbered}
        made.stroke_color = bytes([255, *(int(region.color[a : a + 2], 16) for a in (1, 3, 5))])
        made.position = made.z_position = z + 1
        yield _file_name(made.name), made.tobytes()


def _plain_name(name: str) -> str:
    """A name without the characters that roifile would cut in the middle."""
    return "".join(c if ord(c) < 2**16 else "\ufffd" for c in name)


def _drawn(outline: Outline, region: Region) -> ImagejRoi | None:
    """An outline as ImageJ draws it, if that encloses the same voxels."""
    vertices = np.asarray(outline.vertices, np.float64)
    low, high = vertices.min(axis=0) + 0.5, vertices.max(axis=0) + 0.5
    upright = outline.kind != "polygon" and all(len(np.unique(vertices[:, a])) == 2 for a in (0, 1))
    if not upright and outline.kind == "ellipse":
        return None
    if np.abs(vertices).max() > _MOST:
        return None
    roi = _in_box(outline, low, high) if upright else _polygon(vertices)
    shape = shape_of(0, region.name, roi.tobytes(), Path(), lambda said: None)
    return roi if shape is not None and np.array_equal(_voxels(shape, region), region.mask[0]) else None


def _voxels(shape: Shape, region: Region) -> Mask:
    return shape.mask(region.volume[1:])[region.box[1:]]


def _in_box(outline: Outline, low: Points, high: Points) -> ImagejRoi:
    roi = ImagejRoi(roitype=ROI_TYPE.OVAL if outline.kind == "ellipse" else ROI_TYPE.RECT)
    (roi.top, roi.left), (roi.bottom, roi.right) = _whole(low, high)
    if not (np.array_equal(low, np.round(low)) and np.array_equal(high, np.round(high))):
        roi.options |= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
        roi.yd, roi.xd = (float(n) for n in low)
        roi.heightd, roi.widthd = (float(n) for n in high - low)
    return roi


def _polygon(vertices: Points) -> ImagejRoi:
    roi = ImagejRoi.frompoints((vertices[:, ::-1] + 0.5).astype(np.float32))
    roi.roitype = ROI_TYPE.POLYGON if len(vertices) < 50 else ROI_TYPE.FREEHAND
    return roi


def _edges(polygons: list[Polygon]) -> ImagejRoi:
    rings = [ring[:, ::-1] + 0.5 for polygon in polygons for ring in polygon]
    if len(rings) == 1:
        roi = ImagejRoi.frompoints(rings[0].astype(np.int32))
        roi.roitype = ROI_TYPE.TRACED
        return roi
    path = np.concatenate([_path(ring) for ring in rings]).astype(np.float32)
    roi = ImagejRoi(roitype=ROI_TYPE.RECT, shape_roi_size=len(path), multi_coordinates=path)
    corners = np.vstack(rings)[:, ::-1]
    (roi.top, roi.left), (roi.bottom, roi.right) = _whole(corners.min(axis=0), corners.max(axis=0))
    return roi


def _path(ring: Points) -> Points:
    """To the first corner, lines to the others, and back."""
    what = np.r_[0, np.ones(len(ring) - 1)]
    return np.append(np.column_stack([what, ring]).ravel(), 4.0)


def _whole(low: Points, high: Points) -> tuple[tuple[int, int], tuple[int, int]]:
    (a, b), (c, d) = np.floor(low).astype(int), np.ceil(high).astype(int)
    return (int(a), int(b)), (int(c), int(d))


def _file_name(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name)[:100]

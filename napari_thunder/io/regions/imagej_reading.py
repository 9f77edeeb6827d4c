"""What an ROI of ImageJ encloses."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from roifile import ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from napari_thunder.errors import RegionError
from napari_thunder.io.regions.imagej_path import rings_of_path
from napari_thunder.regions import Kind, Mask
from napari_thunder.regions.inside import are_points, inside_ellipse, inside_polygon

Points = NDArray[np.float64]

GROUP = "thunder.region"
DRAWN = "thunder.drawn"
NUMBERED = "thunder.numbered"

_AREAS = (ROI_TYPE.POLYGON, ROI_TYPE.RECT, ROI_TYPE.OVAL, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)
_DAMAGE = (ValueError, TypeError, IndexError, KeyError, RuntimeError, AssertionError, struct.error, MemoryError)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An area on a plane.

    Parameters
    ----------
    group
        The same for those that are one region.
    plane
        z from 0, or None if it is on all.
    rings
        (n, 2) y and x from the middle of the first voxel.
    drawn
        Whether it is one line someone drew, not edges of voxels or a composite.
    """

    group: int
    name: str
    color: str | None
    plane: int | None
    kind: Kind
    rings: list[Points]
    drawn: bool

    def mask(self, plane: tuple[int, int]) -> Mask:
        """Its voxels on a plane (y, x), as those of an outline."""
        fill = inside_ellipse if self.kind == "ellipse" else inside_polygon
        return fill(self.rings[0], plane)

    def same_as(self, other: Shape) -> bool:
        """Whether it is the same line."""
        return self.kind == other.kind and np.array_equal(self.rings[0], other.rings[0])


def shape_of(i: int, name: str, data: bytes, path: Path, say: Callable[[str], None]) -> Shape | None:
    """The area of an ROI file, or None, and a word, if it has none."""
    try:
        roi = ImagejRoi.frombytes(data)
        name = roi.name or name
        area = roi.roitype in _AREAS and roi.subtype not in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE)
        if not area:
            say(f"{name} is no area (ImageJ: {roi.roitype.name.lower()}). It is left out.")
            return None
        kind, rings = _lines(roi)
        ours = roi.properties
    except _DAMAGE as error:
        raise RegionError(f"{path}: {name} is not an ROI of ImageJ, or damaged ({error}).") from error
    if not rings or not all(len(ring) > 2 and are_points(ring) for ring in rings):
        raise RegionError(f"{path}: {name} has no outline.")
    group = ours.get(GROUP)
    return Shape(
        group if isinstance(group, int) else -1 - i,
        name.rpartition(" z")[0] if ours.get(NUMBERED) is True and " z" in name else name,
        roi.hexcolor(roi.stroke_color) or roi.hexcolor(roi.fill_color),
        (roi.z_position or roi.position) - 1 if roi.z_position or roi.position else None,
        kind,
        rings,
        drawn=len(rings) == 1 and not roi.composite and ours.get(DRAWN) is not False,
    )


def _lines(roi: ImagejRoi) -> tuple[Kind, list[Points]]:
    if roi.composite:
        path = roi.multi_coordinates if roi.multi_coordinates is not None else np.empty(0)
        return "polygon", [_ours(ring) for ring in rings_of_path(path.tolist())]
    if roi.roitype in (ROI_TYPE.RECT, ROI_TYPE.OVAL):
        return ("rectangle" if roi.roitype == ROI_TYPE.RECT else "ellipse"), [_corners(roi)]
    return "polygon", [_ours(np.asarray(roi.coordinates(), np.float64))]


def _corners(roi: ImagejRoi) -> Points:
    left, top, right, bottom = float(roi.left), float(roi.top), float(roi.right), float(roi.bottom)
    if roi.subpixelrect:
        left, top, right, bottom = roi.xd, roi.yd, roi.xd + roi.widthd, roi.yd + roi.heightd
    return _ours(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))


def _ours(points: Points) -> Points:
    return points[:, ::-1] - 0.5

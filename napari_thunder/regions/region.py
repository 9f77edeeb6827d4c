"""A region: a set of voxels with a name and a colour, drawn as an outline or painted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions.inside import are_points, inside_ellipse, inside_polygon

Box = tuple[int, int, int]
Mask = NDArray[np.bool_]

Kind = Literal["polygon", "rectangle", "ellipse"]


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A closed line on a plane, the same on every plane of a stretch.

    Parameters
    ----------
    kind
        `polygon` (freehand lines too), `rectangle` or `ellipse` (its four corners).
    vertices
        (n, 2) y and x in voxels; the middle of the first voxel is 0.
    planes
        First and last plane z, both included.
    """

    kind: Kind
    vertices: NDArray[np.float64]
    planes: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A set of voxels of a volume, with a name and a colour.

    Parameters
    ----------
    name
        As a person calls it.
    color
        `#rrggbb`.
    volume
        Shape (z, y, x) of the volume it lies in, in voxels.
    corner
        Lowest (z, y, x) of its bounding box.
    mask
        (dz, dy, dx) bool, True for its voxels; the bounding box is tight. Not to be written to.
    outline
        The line it was drawn as, or None if it was painted, imported or made from a map.
    visible
        Whether it is shown, its trace included.
    key
        Number on a desk, which stays the same when the region is edited; 0 before it is on one.
    """

    name: str
    color: str
    volume: Box
    corner: Box
    mask: Mask = field(repr=False)
    outline: Outline | None = None
    visible: bool = True
    key: int = 0

    @property
    def n_voxels(self) -> int:
        """How many voxels it has."""
        if self.same_on_every_plane:
            return int(np.count_nonzero(self.mask[0])) * len(self.mask)
        return int(np.count_nonzero(self.mask))

    @property
    def same_on_every_plane(self) -> bool:
        """Whether it is known to have the same voxels on each of its planes, as a drawn one has."""
        return len(self.mask) == 1 or self.mask.strides[0] == 0

    @property
    def planes(self) -> tuple[int, int]:
        """First and last plane z, both included."""
        return self.corner[0], self.corner[0] + self.mask.shape[0] - 1

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where its mask lies in the volume."""
        z, y, x = (slice(a, a + n) for a, n in zip(self.corner, self.mask.shape, strict=True))
        return z, y, x

    def size_um3(self, voxel_size: tuple[float, float, float] | None) -> float | None:
        """Its size in µm³, or None if the voxel size is not known."""
        return None if voxel_size is None else self.n_voxels * float(np.prod(voxel_size))

    def full_mask(self) -> Mask:
        """Its voxels as a mask of the whole volume (z, y, x)."""
        full = np.zeros(self.volume, bool)
        full[self.box] = self.mask
        return full

    def holds(self, voxel: Box) -> bool:
        """Whether a voxel (z, y, x) is one of its own."""
        z, y, x = (at - start for at, start in zip(voxel, self.corner, strict=True))
        inside = all(0 <= at < n for at, n in zip((z, y, x), self.mask.shape, strict=True))
        return inside and bool(self.mask[z, y, x])

    def why_unfit(self, volume: Box) -> str:
        """What keeps it from being a region of a volume of this shape (z, y, x); empty when nothing does."""
        if self.volume == volume:
            return ""
        mine, other = (" × ".join(map(str, shape)) for shape in (self.volume, volume))
        return f"{self.name} was made for a volume of {mine} voxels (z, y, x); this one has {other}."

    def with_voxels_of(self, other: Region) -> Region:
        """The same name, colour and key with the voxels of another region."""
        return replace(self, volume=other.volume, corner=other.corner, mask=other.mask, outline=other.outline)


def region_of_mask(
    mask: NDArray[Any], name: str, color: str, *, corner: Box = (0, 0, 0), volume: Box | None = None
) -> Region:
    """A region of the voxels that are not 0 in `mask` (z, y, x).

    Parameters
    ----------
    corner
        Where the mask's first voxel (z, y, x) lies in the volume.
    volume
        Shape (z, y, x) of the volume, if the mask is only a part of it.

    Raises
    ------
    RegionError
        If no voxel is, or the mask does not lie in the volume.
    """
    filled = np.asarray(mask, bool)
    if filled.ndim != 3:
        raise RegionError(f"{name}: a region needs a mask (z, y, x), not one of {filled.ndim} dimensions.")
    shape = _box(filled.shape) if volume is None else volume
    if any(c < 0 or c + n > m for c, n, m in zip(corner, filled.shape, shape, strict=True)):
        raise RegionError(f"{name}: a mask {filled.shape} at {corner} does not lie in a volume {shape}.")
    spans = [_span(any_along(filled, axis)) for axis in range(3)]
    if not all(n for _, n in spans):
        raise RegionError(f"{name}: there is no voxel in this region.")
    tight = np.ascontiguousarray(filled[tuple(slice(a, a + n) for a, n in spans)])
    return Region(name, color, shape, _box(c + a for c, (a, _) in zip(corner, spans, strict=True)), tight)


def region_of_outline(outline: Outline, volume: Box, name: str, color: str) -> Region:
    """A region of the voxels whose middle lies inside an outline (or on it), on each of its planes.

    Parameters
    ----------
    volume
        Shape (z, y, x); what lies outside of it is cut off.

    Raises
    ------
    RegionError
        If no voxel lies inside, or the outline is none.
    """
    vertices = _checked(outline, name)
    first, last = max(0, outline.planes[0]), min(volume[0] - 1, outline.planes[1])
    fill = inside_ellipse if outline.kind == "ellipse" else inside_polygon
    inside = fill(vertices, volume[1:])
    if last < first or not inside.any():
        raise RegionError(f"{name}: no voxel lies inside this outline. Draw it larger, and inside the brain.")
    flat = region_of_mask(inside[None], name, color, volume=(1, *volume[1:]))
    # one plane in memory, seen many times
    mask = np.broadcast_to(flat.mask, (last - first + 1, *flat.mask.shape[1:]))
    return replace(flat, volume=volume, corner=(first, *flat.corner[1:]), mask=mask, outline=outline)


def _checked(outline: Outline, name: str) -> NDArray[np.float64]:
    vertices = np.asarray(outline.vertices, np.float64)
    if not are_points(vertices):
        raise RegionError(f"{name}: an outline is a list of points (y, x), every one a finite number.")
    if outline.kind == "polygon" and len(vertices) < 3:
        raise RegionError(f"{name}: an outline of {len(vertices)} points encloses nothing. It needs three or more.")
    if outline.kind != "polygon" and len(vertices) != 4:
        raise RegionError(f"{name}: {outline.kind} needs four corners, not {len(vertices)}.")
    return vertices


def any_along(mask: Mask, axis: int) -> Mask:
    """Which of the planes across an axis hold a voxel."""
    return np.asarray(mask.any(axis=tuple(a for a in range(3) if a != axis)))


def _span(filled: Mask) -> tuple[int, int]:
    """First one filled, and how many from there to the last."""
    first = int(filled.argmax())
    return (first, len(filled) - int(filled[::-1].argmax()) - first) if filled[first] else (0, 0)


def _box(numbers: Iterable[int]) -> Box:
    z, y, x = (int(n) for n in numbers)
    return z, y, x

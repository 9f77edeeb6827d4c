"""A region: a set of voxels with a name and a colour, drawn as an outline or painted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError

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
        (dz, dy, dx) bool, True for its voxels; the bounding box is tight.
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
    mask: Mask
    outline: Outline | None = None
    visible: bool = True
    key: int = 0

    @property
    def n_voxels(self) -> int:
        """How many voxels it has."""
        return int(np.count_nonzero(self.mask))

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

    def with_voxels_of(self, other: Region) -> Region:
        """The same name, colour and key with the voxels of another region."""
        return replace(self, volume=other.volume, corner=other.corner, mask=other.mask, outline=other.outline)


def region_of_mask(mask: NDArray[Any], name: str, color: str) -> Region:
    """A region of the voxels that are not 0 in `mask` (z, y, x).

    Raises
    ------
    RegionError
        If there is none.
    """
    filled = np.asarray(mask, bool)
    if filled.ndim != 3:
        raise RegionError(f"{name}: a region needs a mask (z, y, x), not one of {filled.ndim} dimensions.")
    spans = [np.flatnonzero(filled.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if not all(len(span) for span in spans):
        raise RegionError(f"{name}: there is no voxel in this region.")
    z, y, x = (slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    corner = (z.start, y.start, x.start)
    shape = (filled.shape[0], filled.shape[1], filled.shape[2])
    return Region(name, color, shape, corner, np.ascontiguousarray(filled[z, y, x]))


def region_of_outline(outline: Outline, volume: Box, name: str, color: str) -> Region:
    """A region of the voxels whose middle lies inside an outline, on each of its planes.

    Parameters
    ----------
    volume
        Shape (z, y, x); what lies outside of it is cut off.

    Raises
    ------
    RegionError
        If no voxel lies inside.
    """
    first, last = max(0, outline.planes[0]), min(volume[0] - 1, outline.planes[1])
    inside = _inside(outline, volume[1:])
    if last < first or not inside.any():
        raise RegionError(f"{name}: no voxel lies inside this outline. Draw it larger, and inside the brain.")
    full = np.zeros((1, *volume[1:]), bool)
    full[0] = inside
    flat = region_of_mask(full, name, color)
    mask = np.repeat(flat.mask, last - first + 1, axis=0)
    return replace(flat, volume=volume, corner=(first, *flat.corner[1:]), mask=mask, outline=outline)


def _inside(outline: Outline, plane: tuple[int, int]) -> Mask:
    from skimage.draw import ellipse, polygon

    vertices = np.asarray(outline.vertices, float)
    mask = np.zeros(plane, bool)
    if outline.kind == "ellipse":
        middle, first, second = vertices.mean(axis=0), vertices[1] - vertices[0], vertices[3] - vertices[0]
        radii = np.hypot(*second) / 2, np.hypot(*first) / 2
        turn = -np.arctan2(first[0], first[1])
        rows, columns = ellipse(middle[0], middle[1], radii[0], radii[1], shape=plane, rotation=turn)
    else:
        rows, columns = polygon(vertices[:, 0], vertices[:, 1], shape=plane)
    mask[rows, columns] = True
    return mask

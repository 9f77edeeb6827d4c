"""What is pointed at in the brain, as it stands in a plot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.display.maps import SPACE_DIMS
from napari_thunder.models.plots.plane import Plane
from napari_thunder.regions import Region

Array = NDArray[Any]
Voxel = tuple[int, int, int]

_MOST = 4000
"""Voxels of a region that are drawn as points; of more, every so many."""


def _none() -> Array:
    return np.empty((0, 2))


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Places of a plot.

    Parameters
    ----------
    rows
        Numbers of rows, from 0.
    points
        (n, 2) x and y on a plane.
    """

    rows: frozenset[int] = frozenset()
    points: Array = field(default_factory=_none, repr=False)

    def __bool__(self) -> bool:
        return bool(self.rows) or len(self.points) > 0


def voxel_in(dataset: xr.Dataset, voxel: Voxel, voxel_size: tuple[float, float, float] | None) -> Voxel | None:
    """The voxel of a result's maps that holds a voxel of its recording; None if it lies outside of them."""
    if any(dim not in dataset.sizes for dim in SPACE_DIMS):
        return None
    if "preview" in dataset.attrs:
        size = voxel_size or (1.0, 1.0, 1.0)
        axes = [dataset.coords[dim] for dim in SPACE_DIMS]
        at = [
            round((v * s - float(axis[0])) / float(axis.attrs["step"]))
            for v, s, axis in zip(voxel, size, axes, strict=True)
        ]
        voxel = (at[0], at[1], at[2])
    inside = all(0 <= i < dataset.sizes[dim] for i, dim in zip(voxel, SPACE_DIMS, strict=True))
    return voxel if inside else None


def point_of(dataset: xr.Dataset, plane: Plane, voxel: Voxel) -> Array:
    """Where a voxel lies on a plane, (1, 2); (0, 2) if it has no values."""
    point = np.array([[plane.x.values(dataset)[voxel], plane.y.values(dataset)[voxel]]], np.float64)
    return point[np.isfinite(point).all(axis=1)]


def points_of(dataset: xr.Dataset, plane: Plane, region: Region) -> Array:
    """Where the voxels of a region lie on a plane, (n, 2)."""
    x, y = (choice.values(dataset)[region.box][region.mask] for choice in (plane.x, plane.y))
    points = np.stack([x, y], axis=1).astype(np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    return points[:: max(1, -(-len(points) // _MOST))]

"""What is chosen in a plot, and which voxels that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.display.maps import SPACE_DIMS
from napari_thunder.models.plots.area import Area
from napari_thunder.models.plots.plane import Plane
from napari_thunder.models.plots.plot import Plot
from napari_thunder.regions import Region

Mask = NDArray[np.bool_]
Labels = NDArray[np.floating]

_MANY = 0.2

HIGHLIGHT = "#ff3df2"
"""Colour of what is chosen, in plots and in the brain: none of the colormaps of maps comes near it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a heat map or matrix, lines, bars, points, or leaves of a tree.

    Parameters
    ----------
    plot
        Name of the curve.
    numbers
        Of the rows, from 0.
    """

    plot: str
    numbers: frozenset[int]

    def beside(self, other: Selection | None) -> Selection:
        """These and what was chosen before in the same plot."""
        if isinstance(other, Rows) and other.plot == self.plot:
            return Rows(self.plot, self.numbers | other.numbers)
        return self


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas of the plane of two maps.

    Parameters
    ----------
    plane
        Which maps.
    areas
        What lies in any of them is chosen.
    """

    plane: Plane
    areas: tuple[Area, ...]

    def beside(self, other: Selection | None) -> Selection:
        """These and what was chosen before on the same plane."""
        if isinstance(other, Areas) and other.plane == self.plane:
            return Areas(self.plane, (*other.areas, *self.areas))
        return self


Selection = Rows | Areas


@dataclass(frozen=True, slots=True, eq=False)
class Tie:
    """What ties the rows of a plot to voxels.

    Parameters
    ----------
    labels
        (z, y, x) number of the row of each voxel, from 1; NaN or 0 where it has none. Or None.
    regions
        The region of each row that is one, where there are no labels.
    """

    labels: Labels | None = field(default=None, repr=False)
    regions: Mapping[int, Region] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return self.labels is not None or bool(self.regions)

    def mask(self, rows: Iterable[int], volume: tuple[int, ...]) -> Mask:
        """The voxels (z, y, x) of rows."""
        if self.labels is not None:
            return voxels_of_rows(self.labels, rows)
        mask = np.zeros(volume, bool)
        for row in rows:
            if row in self.regions:
                region = self.regions[row]
                mask[region.box] |= region.mask
        return mask

    def rows_at(self, voxel: tuple[int, int, int], n_rows: int) -> frozenset[int]:
        """The rows that a voxel (z, y, x) belongs to."""
        if self.labels is not None:
            return rows_of(self.labels[voxel], n_rows)
        return frozenset(row for row, region in self.regions.items() if region.holds(voxel))

    def rows_in(self, region: Region, n_rows: int) -> frozenset[int]:
        """The rows that many voxels of a region belong to: a fifth as many as to the most frequent, or more."""
        if self.labels is not None:
            return rows_of(self.labels[region.box][region.mask], n_rows, _MANY)
        return frozenset(row for row, other in self.regions.items() if other.key == region.key)


def tie_of(plot: Plot, regions: Iterable[Region] = ()) -> Tie:
    """What ties the rows of a plot to voxels: the map that it names, or regions of the same names."""
    name = plot.attrs.get("voxels_by")
    if name in plot.dataset and set(map(str, plot.dataset[name].dims)) == set(SPACE_DIMS):
        labels = plot.dataset[name].transpose(*SPACE_DIMS).values
        if labels.dtype.kind in "fiu":
            return Tie(labels)
    volume = volume_of(plot.dataset)
    fitting = {region.name: region for region in regions if region.volume == volume}
    if not fitting or plot.row_dim in (None, "frame"):
        return Tie()
    return Tie(regions={row: fitting[name] for row, name in enumerate(plot.rows) if name in fitting})


def volume_of(dataset: xr.Dataset) -> tuple[int, ...]:
    """Shape (z, y, x) of the maps of a result; 0 along what it does not have."""
    return tuple(dataset.sizes.get(dim, 0) for dim in SPACE_DIMS)


def voxels_of_rows(labels: Labels, rows: Iterable[int]) -> Mask:
    """The voxels whose number, from 1, is that of one of these rows, from 0."""
    numbers = np.array(sorted(rows), np.float64) + 1
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1:
        run: Mask = (labels >= numbers[0]) & (labels <= numbers[-1])
        return run
    mask: Mask = np.isin(labels, numbers)
    return mask


def voxels_in_areas(dataset: xr.Dataset, chosen: Areas) -> Mask:
    """The voxels whose two values lie in one of the areas."""
    x, y = chosen.plane.x.values(dataset), chosen.plane.y.values(dataset)
    mask = np.zeros(x.shape, bool)
    for area in chosen.areas:
        mask |= area.holds(x, y)
    return mask


def rows_of(labels: Labels, n_rows: int, share: float = 0.0) -> frozenset[int]:
    """The rows, from 0, that numbers from 1 are of, and that are found at least so often as the most frequent one."""
    labels = np.atleast_1d(labels)
    there = labels[(labels >= 1) & (labels <= n_rows)].astype(np.intp) - 1
    counts = np.bincount(there, minlength=1)
    return frozenset(np.flatnonzero((counts > 0) & (counts >= share * counts.max())).tolist())

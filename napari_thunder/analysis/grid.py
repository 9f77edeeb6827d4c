"""Every k-th voxel of a volume, and their series gathered block by block.

Workers on a cluster import this, so it needs no more than numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.blockwise import Within
from napari_thunder.analysis.protocol import Answer, Array
from napari_thunder.blocks import Block, Box

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Grid:
    """A volume cut into cells, each stood for by one voxel of its middle.

    Parameters
    ----------
    volume
        Shape (z, y, x) in voxels.
    steps
        Size (z, y, x) of a cell in voxels.
    """

    volume: Box
    steps: Box

    @property
    def shape(self) -> Box:
        """Cells along (z, y, x)."""
        z, y, x = (-(-n // step) for n, step in zip(self.volume, self.steps, strict=True))
        return z, y, x

    def voxels(self, axis: int) -> Places:
        """The voxel of each cell along an axis."""
        step = self.steps[axis]
        return np.minimum(np.arange(self.shape[axis]) * step + step // 2, self.volume[axis] - 1)

    def middles(self, axis: int) -> NDArray[np.float64]:
        """The middle of each cell along an axis, in voxels; the middle of the first voxel is 0."""
        step = self.steps[axis]
        middles: NDArray[np.float64] = np.arange(self.shape[axis], dtype=np.float64) * step + (step - 1) / 2
        return middles

    def within(self, block: Block) -> tuple[Places, Places]:
        """The cells whose voxel lies in a block: their numbers, and their voxels' numbers in the block's box."""
        cells, places = [], []
        for axis in range(3):
            voxels = self.voxels(axis)
            inside = np.flatnonzero((voxels >= block.start[axis]) & (voxels < block.stop[axis]))
            cells.append(inside)
            places.append(voxels[inside] - block.start[axis])
        return _flat(cells, self.shape), _flat(places, block.box_shape)


@dataclass(frozen=True, slots=True)
class GatherSeries:
    """What a worker does with a block to get the series of its voxels on a grid: (t, n), and the cells they stand for.

    Parameters
    ----------
    grid
        Which voxels.
    within
        The voxels that take part; None for all.
    """

    grid: Grid
    within: Within | None = None

    def __call__(self, voxels: Array, block: Block) -> Answer:
        cells, places = self.grid.within(block)
        chosen = None if self.within is None else self.within.voxels(block)
        if chosen is not None:
            inside = np.isin(places, chosen, assume_unique=True)
            cells, places = cells[inside], places[inside]
        z, y, x = np.unravel_index(places, block.box_shape)
        box = voxels[(slice(None), *block.inner)]
        return {"series": np.ascontiguousarray(box[:, z, y, x]), "cells": cells}


def _flat(along: list[Places], shape: Box) -> Places:
    """Numbers in C order of all combinations of indices along z, y and x."""
    z, y, x = along
    numbers: Places = ((z[:, None, None] * shape[1] + y[:, None]) * shape[2] + x).ravel()
    return numbers

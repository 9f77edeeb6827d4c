"""One voxel of each cell of a coarse grid, chosen at random, and their series gathered block by block.

Workers on a cluster import this, so it needs no more than numpy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Array
from napari_thunder.analysis.slabs import Within
from napari_thunder.blocks import Block, Box

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Grid:
    """A volume cut into cells, each stood for by one of its voxels, chosen at random.

    Parameters
    ----------
    volume
        Shape (z, y, x) in voxels.
    steps
        Size (z, y, x) of a cell in voxels.
    seed
        Of what is chosen.
    """

    volume: Box
    steps: Box
    seed: int = 0

    @property
    def shape(self) -> Box:
        """Cells along (z, y, x)."""
        z, y, x = (-(-n // step) for n, step in zip(self.volume, self.steps, strict=True))
        return z, y, x

    def middles(self, axis: int) -> NDArray[np.float64]:
        """The middle of each cell along an axis, in voxels; the middle of the first voxel is 0."""
        step = self.steps[axis]
        middles: NDArray[np.float64] = np.arange(self.shape[axis], dtype=np.float64) * step + (step - 1) / 2
        return middles

    def chosen(self, cells: Places) -> tuple[Places, Places, Places]:
        """The voxel (z, y, x) of each cell, cells numbered in C order; each voxel of a cell is as likely as others."""
        z, y, x = (self._along(axis, places, cells) for axis, places in enumerate(np.unravel_index(cells, self.shape)))
        return z, y, x

    def inside(self, corner: Box, shape: tuple[int, ...]) -> tuple[Places, tuple[Places, Places, Places]]:
        """The cells whose voxel lies in a box, and where (z, y, x) in the box it lies."""
        spans = [
            np.arange(low // step, -(-(low + n) // step))
            for low, n, step in zip(corner, shape, self.steps, strict=True)
        ]
        cells = _flat(spans, self.shape)
        places = [place - low for place, low in zip(self.chosen(cells), corner, strict=True)]
        inside = np.ones(len(cells), bool)
        for place, n in zip(places, shape, strict=True):
            inside &= (place >= 0) & (place < n)
        z, y, x = (place[inside] for place in places)
        return cells[inside], (z, y, x)

    def within(self, block: Block) -> tuple[Places, Places]:
        """The cells whose voxel lies in a block: their numbers, and their voxels' numbers in the block's box."""
        cells, places = self.inside(block.start, block.box_shape)
        return cells, np.ravel_multi_index(places, block.box_shape).astype(np.intp)

    def _along(self, axis: int, places: Places, cells: Places) -> Places:
        first = places * self.steps[axis]
        width = np.minimum(self.steps[axis], self.volume[axis] - first)
        chosen: Places = first + (_random(cells, 3 * self.seed + axis) * width).astype(np.intp)
        return chosen


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


def _random(numbers: Places, stream: int) -> NDArray[np.float64]:
    """A number from 0 up to 1 for each number, always the same (the finaliser of splitmix64), so that any part of a
    grid is chosen without the rest.
    """
    with np.errstate(over="ignore"):
        mixed = (numbers.astype(np.uint64) + np.uint64(stream << 40 & 2**64 - 1)) * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)


def _flat(along: list[Places], shape: Box) -> Places:
    """Numbers in C order of all combinations of indices along z, y and x."""
    z, y, x = along
    numbers: Places = ((z[:, None, None] * shape[1] + y[:, None]) * shape[2] + x).ravel()
    return numbers

"""What a worker does with a block: preprocess its series slab by slab, and compute maps or shares of a sum.

Workers on a cluster import this, so it needs no more than numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Array, Reduce, Series
from napari_thunder.analysis.slabs import Columns, SeriesOf
from napari_thunder.blocks import Block, Box


@dataclass(frozen=True, slots=True)
class MapWork:
    """What a worker does with a block to get its maps.

    Parameters
    ----------
    compute, halo
        As of a `MapStep`.
    """

    series: SeriesOf
    compute: Callable[..., Answer]
    halo: Box | None = None

    def __call__(self, voxels: Array, block: Block) -> Answer:
        maps: Answer = {}
        if self.halo is not None:
            return self._with_neighbours(voxels, block, self.halo)
        for columns, series in self.series.slabs(voxels, block):
            for name, values in self.compute(series).items():
                if name not in maps:
                    maps[name] = np.full((*values.shape[:-1], block.n_voxels), np.nan, np.float32)
                maps[name][..., columns] = values
        return {name: values.reshape(*values.shape[:-1], *block.box_shape) for name, values in maps.items()}

    def _with_neighbours(self, voxels: Array, block: Block, halo: Box) -> Answer:
        maps: Answer = {}
        for part in self.series.boxes(voxels, block, halo):
            for name, values in self.compute(part.series, part.inner).items():
                if name not in maps:
                    maps[name] = np.full((*values.shape[:-3], *block.box_shape), np.nan, np.float32)
                maps[name][(..., *part.place)] = values
        chosen = None if self.series.within is None else self.series.within.voxels(block)
        if chosen is not None:
            outside = np.ones(block.n_voxels, bool)
            outside[chosen] = False
            for values in maps.values():
                values[..., outside.reshape(block.box_shape)] = np.nan
        return maps


@dataclass(frozen=True, slots=True)
class ReduceWork:
    """What a worker does with a block to get its share of a sum over the brain."""

    series: SeriesOf
    reduce: Reduce

    def __call__(self, voxels: Array, block: Block) -> Answer:
        slabs = self.series.slabs(voxels, block, self.reduce.least_voxels)
        so_far = self.reduce.partial(next(slabs)[1])
        for _, series in slabs:
            so_far = self.reduce.merge(so_far, self.reduce.partial(series))
        return so_far


@dataclass(frozen=True, slots=True)
class SampleWork:
    """What a worker does with a block to get the series of some of its voxels.

    Parameters
    ----------
    series
        Of the voxels that are wanted.
    space
        Voxels (z, y, x) of the volume.
    kept
        As of a `Sample`.
    """

    series: SeriesOf
    space: Box
    kept: Callable[[Series], Array] | None = None

    def __call__(self, voxels: Array, block: Block) -> Answer:
        slabs = self.series.slabs(voxels, block)
        found = [(numbers_of(columns, block, self.space), self.kept(s) if self.kept else s) for columns, s in slabs]
        numbers, series = zip(*found, strict=True)
        return {"series": np.concatenate(series, axis=1), "voxels": np.concatenate(numbers)}


def numbers_of(columns: Columns, block: Block, space: Box) -> NDArray[np.intp]:
    """Numbers in C order of a volume (z, y, x) of voxels of a block."""
    local: Any = np.arange(columns.start, columns.stop) if isinstance(columns, slice) else columns
    z, y, x = (low + i for low, i in zip(block.start, np.unravel_index(local, block.box_shape), strict=True))
    numbers: NDArray[np.intp] = np.ravel_multi_index((z, y, x), space).astype(np.intp)
    return numbers

"""What a worker does with a block: preprocess its series slab by slab, and compute maps or shares of a sum.

Workers on a cluster import this, so it needs no more than numpy.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Array, Reduce, Series
from napari_thunder.blocks import Block

_SLAB_BYTES = 2 * 2**20


Columns = slice | NDArray[np.intp]
"""Voxels of a block, numbered in C order of its box."""


@dataclass(frozen=True, slots=True)
class Within:
    """The voxels of each block that take part.

    Parameters
    ----------
    packed
        By the block's index: one bit for each voxel of its box, compressed. A block that is not in it takes part as a
        whole.
    """

    packed: Mapping[int, bytes]

    def voxels(self, block: Block) -> NDArray[np.intp] | None:
        """Those of a block, in C order of its box; None for all."""
        if block.index not in self.packed:
            return None
        bits = np.frombuffer(zlib.decompress(self.packed[block.index]), np.uint8)
        return np.flatnonzero(np.unpackbits(bits, count=block.n_voxels))


@dataclass(frozen=True, slots=True)
class SeriesOf:
    """Cuts a block (t, z, y, x) into slabs of preprocessed series (t, voxels) that fit a processor's cache."""

    frames: NDArray[np.intp] | None
    steps: tuple[Callable[[Series], Series], ...]
    within: Within | None = None

    def slabs(self, voxels: Array, block: Block, least: int = 1) -> Iterator[tuple[Columns, Series]]:
        """Yield which of the block's voxels a slab has, and their series."""
        flat = voxels[(slice(None), *block.inner)].reshape(voxels.shape[0], -1)
        chosen = None if self.within is None else self.within.voxels(block)
        count = flat.shape[1] if chosen is None else len(chosen)
        width = max(least, _SLAB_BYTES // (8 * voxels.shape[0]))
        for start in range(0, count, width):
            span = slice(start, min(start + width, count))
            columns = span if chosen is None else chosen[span]
            slab = flat[:, columns] if self.frames is None else flat[:, columns][self.frames]
            series = slab.astype(np.float64)
            for step in self.steps:
                series = step(series)
            yield columns, series


@dataclass(frozen=True, slots=True)
class MapWork:
    """What a worker does with a block to get its maps."""

    series: SeriesOf
    compute: Callable[[Series], Answer]

    def __call__(self, voxels: Array, block: Block) -> Answer:
        maps: Answer = {}
        for columns, series in self.series.slabs(voxels, block):
            for name, values in self.compute(series).items():
                if name not in maps:
                    maps[name] = np.full((*values.shape[:-1], block.n_voxels), np.nan, np.float32)
                maps[name][..., columns] = values
        return {name: values.reshape(*values.shape[:-1], *block.box_shape) for name, values in maps.items()}


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

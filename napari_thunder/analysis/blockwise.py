"""What a worker does with a block: preprocess its series slab by slab, and compute maps or shares of a sum.

Workers on a cluster import this, so it needs no more than numpy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Array, Reduce, Series
from napari_thunder.blocks import Block

_SLAB_BYTES = 2 * 2**20


@dataclass(frozen=True, slots=True)
class SeriesOf:
    """Cuts a block (t, z, y, x) into slabs of preprocessed series (t, voxels) that fit a processor's cache."""

    frames: NDArray[np.intp] | None
    steps: tuple[Callable[[Series], Series], ...]

    def slabs(self, voxels: Array, block: Block, least: int = 1) -> Iterator[tuple[slice, Series]]:
        """Yield where a slab lies among the block's voxels, and its series."""
        flat = voxels[(slice(None), *block.inner)].reshape(voxels.shape[0], -1)
        width = max(least, _SLAB_BYTES // (8 * voxels.shape[0]))
        for start in range(0, flat.shape[1], width):
            span = slice(start, min(start + width, flat.shape[1]))
            slab = flat[:, span] if self.frames is None else flat[self.frames, span]
            series = slab.astype(np.float64)
            for step in self.steps:
                series = step(series)
            yield span, series


@dataclass(frozen=True, slots=True)
class MapWork:
    """What a worker does with a block to get its maps."""

    series: SeriesOf
    compute: Callable[[Series], Answer]

    def __call__(self, voxels: Array, block: Block) -> Answer:
        maps: Answer = {}
        for span, series in self.series.slabs(voxels, block):
            for name, values in self.compute(series).items():
                if name not in maps:
                    maps[name] = np.empty((*values.shape[:-1], block.n_voxels), np.float32)
                maps[name][..., span] = values
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

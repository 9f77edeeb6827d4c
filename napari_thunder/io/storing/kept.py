"""Which voxels a store keeps, and which of its chunks and shards therefore are never written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.io.storing.conversion import coarser_mask
from napari_thunder.io.storing.layout import ArrayLayout, StoreLayout

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Where a store holds voxels.

    Parameters
    ----------
    levels
        (z, y, x) of the voxels that are kept on each level of the image, the finest first, or None for all.
    chunks, shards
        (z, y, x) of the chunks and shards of each array, by its key: whether they are written.
    """

    levels: tuple[Mask | None, ...]
    chunks: dict[str, Mask]
    shards: dict[str, Mask]

    @property
    def mask(self) -> Mask | None:
        """(z, y, x) of the voxels that are kept, or None for all."""
        return self.levels[0]

    @classmethod
    def of(cls, layout: StoreLayout, mask: Mask | None) -> Kept:
        """Where a store of this layout holds voxels, if it keeps those of the mask."""
        levels: list[Mask | None] = [None] * len(layout.levels)
        if mask is not None:
            levels = [*accumulate(layout.factors, coarser_mask, initial=mask)]
        arrays = list(zip((*layout.levels, layout.series), (*levels, mask), strict=True))
        chunks = {array.key: _any(array, array.chunk, kept) for array, kept in arrays}
        shards = {array.key: _any(array, array.shard, kept) for array, kept in arrays}
        return cls(tuple(levels), chunks, shards)

    def names(self, array: ArrayLayout) -> Iterator[str]:
        """Names of all the shards of an array that a whole store has."""
        present = np.argwhere(self.shards[array.key]).tolist()
        for t in range(array.grid[0]):
            for z, y, x in present:
                yield array.shard_at((t, z, y, x))

    def n_voxels(self, array: ArrayLayout) -> int:
        """Voxels of one frame in the chunks that are written, without those beyond the array's border."""
        along = zip(array.shape[1:], array.chunk[1:], strict=True)
        z, y, x = (np.diff(np.append(np.arange(0, n, c), n)).astype(np.int64) for n, c in along)
        return int((self.chunks[array.key] * (z[:, None, None] * y[:, None] * x)).sum())


def clear(volume: NDArray[Any], mask: Mask | None, fill: float) -> NDArray[Any]:
    """A volume with `fill` where nothing is kept; a new one unless all is kept."""
    if mask is None:
        return volume
    kept: NDArray[Any] = np.where(mask, volume, volume.dtype.type(fill))
    return kept


def _any(array: ArrayLayout, box: tuple[int, ...], mask: Mask | None) -> Mask:
    along = [-(-n // b) for n, b in zip(array.shape[1:], box[1:], strict=True)]
    return np.ones(along, bool) if mask is None else coarser_mask(mask, (box[1], box[2], box[3]))

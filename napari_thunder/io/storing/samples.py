"""Looks at a few frames before a store is made: their mean, and how small they become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.io.storing.conversion import Conversion, Mask, means
from napari_thunder.io.storing.draft import unpacked
from napari_thunder.io.storing.kept import clear
from napari_thunder.io.storing.layout import Factors, StoreLayout
from napari_thunder.io.storing.shard import compressed

Array = NDArray[Any]
_MOST_BYTES = 2**24


@dataclass(frozen=True, slots=True)
class SumFrames:
    """Sums of frames, binned, and of how many at each voxel; see `add_sums`."""

    bin: Factors

    def __call__(self, voxels: Array, block: Block) -> dict[str, Array]:
        frames = [means(volume, self.bin).astype(np.float64) for volume in voxels]
        known = [np.isfinite(frame) for frame in frames]
        total = sum(np.where(k, f, 0) for f, k in zip(frames, known, strict=True))
        return {"sum": np.asarray(total), "n": np.sum(known, axis=0)}


def add_sums(one: dict[str, Array], other: dict[str, Array]) -> dict[str, Array]:
    """Of two answers of `SumFrames`, the one of all their frames."""
    return {name: one[name] + other[name] for name in one}


@dataclass(frozen=True, slots=True)
class MeasureSize:
    """How small a few neighbouring frames become: bytes for each that was given, in the image and in the series.

    Parameters
    ----------
    layout, conversion
        Of the store.
    kept
        One bit for each voxel that is kept, or None for all.
    """

    layout: StoreLayout
    conversion: Conversion
    kept: Array | None

    def __call__(self, voxels: Array, block: Block) -> dict[str, Array]:
        mask = None if self.kept is None else unpacked(self.kept, self.layout.shape[1:])
        volumes = np.stack([self._stored(volume, mask) for volume in voxels])
        image = _ratio((part for part in _pieces(volumes[:1], self.layout.levels[0].chunk, mask)), self.layout)
        series = _ratio((part for part in _pieces(volumes, self.layout.series.chunk, mask)), self.layout)
        return {"image": np.array(image), "series": np.array(series)}

    def _stored(self, volume: Array, mask: Mask | None) -> Array:
        return clear(self.conversion(volume, mask)[0], mask, self.layout.fill)


def _pieces(volumes: Array, chunk: tuple[int, ...], mask: Mask | None) -> Iterator[Array]:
    """Chunks of these volumes that would be written, spread over them, until they are enough."""
    along = [range(0, n, c) for n, c in zip(volumes.shape[1:], chunk[1:], strict=True)]
    corners = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, 3)
    order = np.random.default_rng(0).permutation(len(corners))
    n_bytes = 0
    for corner in corners[order]:
        box = tuple(slice(a, a + c) for a, c in zip(corner, chunk[1:], strict=True))
        if mask is None or mask[box].any():
            yield (part := volumes[(slice(None), *box)])
            n_bytes += part.nbytes
            if n_bytes > _MOST_BYTES:
                return


def _ratio(pieces: Iterator[Array], layout: StoreLayout) -> float:
    raw = small = 0
    for piece in pieces:
        raw += piece.nbytes
        small += len(compressed(piece, layout.compressor))
    return small / raw if raw else 0.0

"""A store that is being made, as a movie: the finest level of its image, read back to make the series of."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.source import Metadata
from napari_thunder.io.storing.draft import Draft, opened_draft
from napari_thunder.io.storing.layout import ArrayLayout, Shape
from napari_thunder.io.storing.shard import ShardReader

Array = NDArray[Any]
At = tuple[int, int, int]


@dataclass(frozen=True)
class DraftSource:
    """The finest level of the image of a store that is being made.

    Parameters
    ----------
    folder, ticket
        Of the draft.
    """

    folder: str
    ticket: str
    shape: Shape
    dtype: np.dtype[Any]
    chunks: Shape
    metadata: Metadata = field(default_factory=Metadata, compare=False)
    format: str = "store being prepared"

    @classmethod
    def of(cls, draft: Draft) -> DraftSource:
        """That of a draft."""
        layout = draft.layout
        return cls(draft.folder, draft.ticket, layout.shape, layout.voxel_type, layout.levels[0].chunk)

    @property
    def uri(self) -> str:
        return self.folder

    def fingerprint(self) -> str:
        return self.ticket

    def read_volume(self, t: int) -> Array:
        _, z, y, x = self.shape
        volume: Array = self.read_block(Block(0, (t, t + 1), (0, 0, 0), (z, y, x)))[0]
        return volume

    def read_block(self, block: Block) -> Array:
        draft = opened_draft(self.folder, self.ticket)
        array = draft.layout.levels[0]
        found = np.full(block.shape, draft.layout.fill, self.dtype)
        for t, part in _shards_over(array, block):
            for place, chunks in part:
                self._read_shard(array, (t, *place), chunks, block, found)
        return found

    def _read_shard(self, array: ArrayLayout, place: Shape, chunks: list[At], block: Block, found: Array) -> None:
        path = Path(self.folder, array.shard_at(place))
        if not opened_draft(self.folder, self.ticket).kept.shards[array.key][place[1:]]:
            return
        try:
            shard = ShardReader(path, array.inner)
            first = place[0] * array.shard[0]
            times = range(max(first, block.times[0]), min(first + array.shard[0], block.times[1]))
            for t, chunk in itertools.product(times, chunks):
                at = tuple(c % n for c, n in zip(chunk, array.inner[1:], strict=True))
                voxels = shard.chunk((t - first, *at), array.chunk, self.dtype)
                if voxels is not None:
                    _place_chunk(voxels[0], chunk, array, block, found[t - block.times[0]])
        except (OSError, ValueError, RuntimeError) as error:
            raise RecordingError(
                f"{path}: what was just written cannot be read back ({error}). Is the disk sound? Remove "
                f"{self.folder} and begin again."
            ) from error


def _shards_over(array: ArrayLayout, block: Block) -> Iterator[tuple[int, list[tuple[At, list[At]]]]]:
    """Shards along time that a block touches, and of each the places in space with their chunks."""
    ranges = (range(s.start // c, -(-s.stop // c)) for s, c in zip(block.padded, array.chunk[1:], strict=True))
    by_place: dict[At, list[At]] = {}
    for z, y, x in itertools.product(*ranges):
        a, b, c = (i // n for i, n in zip((z, y, x), array.inner[1:], strict=True))
        by_place.setdefault((a, b, c), []).append((z, y, x))
    length = array.shard[0]
    for t in range(block.times[0] // length, -(-block.times[1] // length)):
        yield t, list(by_place.items())


def _place_chunk(voxels: Array, chunk: At, array: ArrayLayout, block: Block, volume: Array) -> None:
    """Put what a chunk (z, y, x) has of a block into the block's volume."""
    into, outof = [], []
    for c, size, part in zip(chunk, array.chunk[1:], block.padded, strict=True):
        low, high = max(c * size, part.start), min((c + 1) * size, part.stop)
        into.append(slice(low - part.start, high - part.start))
        outof.append(slice(low - c * size, high - c * size))
    volume[tuple(into)] = voxels[tuple(outof)]

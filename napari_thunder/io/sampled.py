"""Some frames of a movie as a movie of its own."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.io.source import Array, Metadata, Source

_PIECE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class SampledSource:
    """The chosen frames of a movie.

    Parameters
    ----------
    source
        The movie.
    frames
        The chosen ones, rising.
    """

    source: Source
    frames: tuple[int, ...]
    metadata: Metadata = field(default_factory=Metadata, compare=False)

    @property
    def uri(self) -> str:
        return self.source.uri

    @property
    def format(self) -> str:
        return f"{self.source.format}, some frames"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        _, z, y, x = self.source.shape
        return len(self.frames), z, y, x

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        _, z, y, x = self.source.chunks
        return 1, z, y, x

    def read_volume(self, t: int) -> Array:
        return self.source.read_volume(self.frames[t])

    def read_block(self, block: Block) -> Array:
        """Frames that share a chunk are read together, in slabs, as chunks may be as long as the movie."""
        found = np.empty(block.shape, self.dtype)
        for places in self._together(block):
            frames = [self.frames[i] for i in places]
            within = slice(places[0] - block.times[0], places[-1] + 1 - block.times[0])
            for slab, part in _slabs(block, (frames[0], frames[-1] + 1), self.dtype.itemsize):
                found[within, part] = self.source.read_block(slab)[[f - frames[0] for f in frames]]
        return found

    def fingerprint(self) -> str:
        digest = hashlib.sha256(repr(self.frames).encode()).hexdigest()[:12]
        return f"{self.source.fingerprint()}-frames-{digest}"

    def _together(self, block: Block) -> Iterator[list[int]]:
        length = self.source.chunks[0]
        for _, places in itertools.groupby(range(*block.times), lambda i: self.frames[i] // length):
            yield list(places)


def _slabs(block: Block, times: tuple[int, int], itemsize: int) -> Iterator[tuple[Block, slice]]:
    """The block over other times, in slabs of planes that fit in memory, each with its place in the block."""
    planes, n_y, n_x = (s.stop - s.start for s in block.padded)
    plane_bytes = (times[1] - times[0]) * n_y * n_x * itemsize
    step = max(1, _PIECE_BYTES // max(1, plane_bytes))
    for first in range(0, planes, step):
        last = min(first + step, planes)
        yield _slab(block, times, first, last), slice(first, last)


def _slab(block: Block, times: tuple[int, int], first: int, last: int) -> Block:
    z, y, x = block.padded
    start, stop = (z.start + first, y.start, x.start), (z.start + last, y.stop, x.stop)
    return replace(block, times=times, start=start, stop=stop, before=(0, 0, 0), after=(0, 0, 0))


def spread(frames: tuple[int, ...], n: int) -> tuple[int, ...]:
    """At most `n` of the frames, evenly spread."""
    if len(frames) <= n:
        return frames
    return tuple(frames[math.floor((i + 0.5) * len(frames) / n)] for i in range(n))

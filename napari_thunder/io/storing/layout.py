"""How a store is cut: levels of an image for viewing, and the same voxels for time series, in chunks inside shards."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from napari_thunder.blocks import Block

Shape = tuple[int, int, int, int]
Factors = tuple[int, int, int]
VoxelSize = tuple[float, float, float]

SHARD_BYTES = 128 * 2**20
"""Voxels of one shard, uncompressed, at most."""

_CHUNK_BYTES = 2**20
_BLOCK_BYTES = 8 * 2**20
_LONGEST_STRETCH = 512
_WIDEST_TILE = 512
_LEAST_EDGE = 8
_SMALLEST_LEVEL = 128
_ALIKE = 1.5


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """How one array (t, z, y, x) is cut.

    Parameters
    ----------
    key
        Its name in the store.
    shape
        Frames and voxels.
    chunk
        What is compressed, and read, as one.
    shard
        What is written as one file: whole chunks.
    """

    key: str
    shape: Shape
    chunk: Shape
    shard: Shape

    @property
    def grid(self) -> Shape:
        """Shards along each axis."""
        return _four(math.ceil(n / s) for n, s in zip(self.shape, self.shard, strict=True))

    @property
    def inner(self) -> Shape:
        """Chunks along each axis of a shard."""
        return _four(s // c for s, c in zip(self.shard, self.chunk, strict=True))

    @property
    def n_shards(self) -> int:
        """How many files it has, if none is left out."""
        return math.prod(self.grid)

    def shard_at(self, at: Shape) -> str:
        """Name of a shard in the store, by its place in the grid."""
        return f"{self.key}/c/{'/'.join(map(str, at))}"


@dataclass(frozen=True, slots=True)
class StoreLayout:
    """How a store is cut.

    Parameters
    ----------
    dtype
        Of a voxel, as numpy names it.
    compressor
        `lz4` or `zstd`.
    levels
        The image, finest first; each shard holds the same frames on every level.
    factors
        Voxels (z, y, x) of a level that one of the next stands for.
    series
        The movie chunked for time; the box of one of its shards is that of a chunk of the finest level.
    """

    dtype: str
    compressor: str
    levels: tuple[ArrayLayout, ...]
    factors: tuple[Factors, ...]
    series: ArrayLayout

    @property
    def shape(self) -> Shape:
        """(t, z, y, x) in frames and voxels."""
        return self.series.shape

    @property
    def voxel_type(self) -> np.dtype[Any]:
        """Of a voxel, in native byte order."""
        return np.dtype(self.dtype)

    @property
    def arrays(self) -> tuple[ArrayLayout, ...]:
        """The image's levels and the series."""
        return (*self.levels, self.series)

    @property
    def fill(self) -> float:
        """What stands where nothing is kept: 0, or NaN where the voxels can hold it."""
        return math.nan if self.voxel_type.kind == "f" else 0

    def stretches(self) -> list[Block]:
        """The frames of each of the image's shards, over the whole volume: what one worker writes at once."""
        t, z, y, x = self.shape
        cuts = _cuts(t, self.levels[0].shard[0])
        return [Block(i, span, (0, 0, 0), (z, y, x)) for i, span in enumerate(cuts)]

    def columns(self) -> list[Block]:
        """The voxels of each of the series' shards."""
        spans = (list(_cuts(n, s)) for n, s in zip(self.shape, self.series.shard, strict=True))
        return [
            Block(i, t, (z[0], y[0], x[0]), (z[1], y[1], x[1]))
            for i, (t, z, y, x) in enumerate(itertools.product(*spans))
        ]

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_plain(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_plain` was made of."""
        levels = tuple(_array_from_plain(level) for level in stored["levels"])
        factors = tuple(_three(f) for f in stored["factors"])
        return cls(stored["dtype"], stored["compressor"], levels, factors, _array_from_plain(stored["series"]))


def plan_layout(
    shape: Shape,
    dtype: np.dtype[Any],
    voxel_size: VoxelSize | None = None,
    *,
    compressor: str = "lz4",
    most_frames: int = 2**31,
    shard_bytes: int | None = None,
) -> StoreLayout:
    """Cut a movie for viewing and for reading time series.

    The series have chunks of a long stretch of frames by a small square of one plane, and shards of the same stretch
    by a box. This box is also the image's chunk, so that a shard of the series is made of whole chunks of the image.
    An image's shard holds whole volumes, as many as fit, or part of one. Each further level halves the axes along
    which voxels are finest, until a plane is small.

    Parameters
    ----------
    shape, dtype
        Of the movie (t, z, y, x) in frames and voxels.
    voxel_size
        (z, y, x) in µm; without it only y and x are halved.
    compressor
        `lz4` or `zstd`.
    most_frames
        An image's shard holds no more, for the sake of the memory of who writes it.
    shard_bytes
        A shard is not larger, uncompressed; 128 MiB if not given.
    """
    n_bytes, shard_bytes = dtype.itemsize, shard_bytes or SHARD_BYTES
    stretch = _even(shape[0], _LONGEST_STRETCH)
    chunk, box = _boxes(shape, n_bytes, stretch, shard_bytes)
    series = ArrayLayout("series", shape, (stretch, 1, *chunk), (stretch, *box))
    factors = tuple(_halvings(_three(shape[1:]), voxel_size))
    spaces = list(itertools.accumulate(factors, _coarser, initial=_three(shape[1:])))
    frames = max(1, min(most_frames, shard_bytes * 3 // 4 // (math.prod(shape[1:]) * n_bytes)))
    frames = _even(shape[0], frames)
    levels = tuple(
        _level(str(k), (shape[0], *space), box, frames, shard_bytes // n_bytes) for k, space in enumerate(spaces)
    )
    return StoreLayout(dtype.newbyteorder("=").name, compressor, levels, factors, series)


def _boxes(shape: Shape, n_bytes: int, stretch: int, shard_bytes: int) -> tuple[tuple[int, int], Factors]:
    """Square (y, x) of the series' chunks, and the box (z, y, x) of their shards."""
    _, depth, height, width = shape
    most = min(_CHUNK_BYTES // (stretch * n_bytes), _BLOCK_BYTES // (shape[0] * n_bytes))
    edge = max(_LEAST_EDGE, math.isqrt(max(1, most)))
    y, x = _even(height, edge), _even(width, edge)
    voxels = shard_bytes // (stretch * n_bytes)
    wide = _grown(x, width, min(_WIDEST_TILE, voxels // y))
    high = _grown(y, height, min(_WIDEST_TILE, voxels // wide))
    planes = min(voxels, _CHUNK_BYTES // n_bytes) // (high * wide)
    return (y, x), (_even(depth, max(1, planes)), high, wide)


def _grown(edge: int, n: int, most: int) -> int:
    """A multiple of `edge`, at most `most`, that cuts `n` into pieces as equal as can be."""
    return edge * _even(math.ceil(n / edge), max(1, most // edge))


def _level(key: str, shape: Shape, box: Factors, frames: int, most_voxels: int) -> ArrayLayout:
    chunk = _three(min(b, n) for b, n in zip(box, shape[1:], strict=True))
    z, y, x = (math.ceil(n / c) * c for n, c in zip(shape[1:], chunk, strict=True))
    if z * y * x > most_voxels:
        z = _grown(chunk[0], shape[1], most_voxels // (y * x))
    return ArrayLayout(key, shape, (1, *chunk), (frames, z, y, x))


def _halvings(space: Factors, voxel_size: VoxelSize | None) -> Iterator[Factors]:
    size = list(voxel_size or (math.inf, 1.0, 1.0))
    while max(space[1:]) > _SMALLEST_LEVEL:
        finest = min(size)
        factors = _three(2 if s <= finest * _ALIKE and n > 1 else 1 for s, n in zip(size, space, strict=True))
        if factors[1:] == (1, 1):  # planes closer together than voxels within them
            factors = (factors[0], 2, 2)
        yield factors
        space = _coarser(space, factors)
        size = [s * f for s, f in zip(size, factors, strict=True)]


def _coarser(space: Factors, factors: Factors) -> Factors:
    return _three(math.ceil(n / f) for n, f in zip(space, factors, strict=True))


def _even(n: int, most: int) -> int:
    """The length, at most `most`, that cuts `n` into pieces as equal as can be."""
    return math.ceil(n / math.ceil(n / max(1, most)))


def _cuts(n: int, length: int) -> Iterator[tuple[int, int]]:
    return ((a, min(a + length, n)) for a in range(0, n, length))


def _array_from_plain(stored: Mapping[str, Any]) -> ArrayLayout:
    return ArrayLayout(stored["key"], _four(stored["shape"]), _four(stored["chunk"]), _four(stored["shard"]))


def _four(numbers: Any) -> Shape:
    t, z, y, x = numbers
    return t, z, y, x


def _three(numbers: Any) -> Factors:
    z, y, x = numbers
    return z, y, x

"""A movie with neighbouring voxels averaged: made where the files are, so that little crosses a wire."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.io.source import Array, Metadata, Source

Factors = tuple[int, int, int]


@dataclass(frozen=True)
class BinnedSource:
    """Every volume of a movie in boxes of `factors` (z, y, x) voxels, each replaced by its mean.

    Whole numbers stay whole (rounded). A level of the movie's own pyramid is read instead where one has these factors.

    Parameters
    ----------
    source
        The movie.
    factors
        Voxels (z, y, x) of a box; those at the far border may be cut off by it.
    """

    source: Source
    factors: Factors
    metadata: Metadata = field(default_factory=Metadata, compare=False)

    @property
    def uri(self) -> str:
        return self.source.uri

    @property
    def format(self) -> str:
        return f"{self.source.format}, binned"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        n_frames, *space = self.source.shape
        z, y, x = (math.ceil(n / f) for n, f in zip(space, self.factors, strict=True))
        return n_frames, z, y, x

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.source.dtype

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return (self.source.chunks[0], *self.shape[1:])

    def read_volume(self, t: int) -> Array:
        seen = self.source.seen() if isinstance(self.source, ElsewhereSource) else self.source
        for level in getattr(seen, "levels", ())[1:]:
            if level.shape == self.shape:
                volume: Array = level.read_volume(t)
                return volume
        return binned(seen.read_volume(t), self.factors)

    def read_block(self, block: Block) -> Array:
        return np.stack([self.read_volume(t)[block.padded] for t in range(*block.times)])

    def fingerprint(self) -> str:
        return "-".join((self.source.fingerprint(), "binned", *map(str, self.factors)))


def binned(volume: Array, factors: Factors) -> Array:
    """Means over boxes of `factors` (z, y, x) voxels of a volume (z, y, x), in its own type."""
    sums = volume
    for axis, (factor, n) in enumerate(zip(factors, volume.shape, strict=True)):
        sums = np.add.reduceat(sums, np.arange(0, n, factor), axis=axis, dtype=np.float64)
    means = sums / _counts(volume.shape, factors)
    if volume.dtype.kind in "ui":
        means = np.rint(means)
    return means.astype(volume.dtype)


def _counts(shape: tuple[int, ...], factors: Factors) -> Array:
    z, y, x = (np.diff(np.append(np.arange(0, n, f), n)) for n, f in zip(shape, factors, strict=True))
    counts: Array = z[:, None, None] * y[:, None] * x
    return counts

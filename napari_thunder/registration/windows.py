"""A movie of means over stretches of time, made where the files are, so that only the means are registered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.io.averaged import mean_of
from napari_thunder.io.source import Array, Metadata, Source


@dataclass(frozen=True)
class WindowMeans:
    """Frame k is the mean (float32) of the frames of window k that are not excluded; NaN if all are.

    Parameters
    ----------
    source
        The movie.
    windows
        First frame of each, and the frame after its last.
    exclude_frames
        Frames that are left out of every mean.
    """

    source: Source
    windows: tuple[tuple[int, int], ...]
    exclude_frames: tuple[int, ...] = ()
    metadata: Metadata = field(default_factory=Metadata, compare=False)

    @property
    def uri(self) -> str:
        return self.source.uri

    @property
    def format(self) -> str:
        return f"{self.source.format}, averaged"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.windows), *self.source.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float32)

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return (1, *self.source.chunks[1:])

    def read_volume(self, t: int) -> Array:
        left_out = set(self.exclude_frames)
        frames = (frame for frame in range(*self.windows[t]) if frame not in left_out)
        return mean_of((self.source.read_volume(frame) for frame in frames), self.shape[1:])

    def read_block(self, block: Block) -> Array:
        return np.stack([self.read_volume(t)[block.padded] for t in range(*block.times)])

    def fingerprint(self) -> str:
        what = hashlib.sha256(repr((self.windows, self.exclude_frames)).encode()).hexdigest()[:16]
        return f"{self.source.fingerprint()}-windows-{what}"

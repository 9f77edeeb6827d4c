"""A movie averaged over a window around each frame, where the files are, so that only the mean crosses a wire."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.io.derived import DerivedSource
from napari_thunder.io.source import Array, Metadata


@dataclass(frozen=True)
class AveragedSource(DerivedSource):
    """Frame t is the mean of the frames from t − half_width to t + half_width, in float32.

    At the ends of the recording the window is cut off. A window without a usable frame gives NaN.

    Parameters
    ----------
    source
        The movie.
    half_width
        Frames on either side.
    exclude_frames
        Frames that are left out of every mean.
    """

    done = "averaged"

    half_width: int
    exclude_frames: tuple[int, ...] = ()
    metadata: Metadata = field(default_factory=Metadata, compare=False)

    def read_volume(self, t: int) -> Array:
        frames = window(t, self.half_width, self.shape[0], self.exclude_frames)
        return mean_of((self.source.read_volume(frame) for frame in frames), self.shape[1:])

    def read_block(self, block: Block) -> Array:
        return np.stack([self.read_volume(t)[block.padded] for t in range(*block.times)])

    def fingerprint(self) -> str:
        left_out = "-".join(map(str, self.exclude_frames))
        return f"{self.source.fingerprint()}-mean-{self.half_width}-{left_out}"


def window(t: int, half_width: int, n_frames: int, exclude_frames: Iterable[int] = ()) -> tuple[int, ...]:
    """Frames of the window around `t` that count."""
    excluded = set(exclude_frames)
    around = range(max(0, t - half_width), min(n_frames, t + half_width + 1))
    return tuple(frame for frame in around if frame not in excluded)


def mean_of(volumes: Iterable[Array], shape: tuple[int, ...]) -> Array:
    """Mean (float32) of volumes of this shape, summed in float64; NaN if there is none."""
    total, n = np.zeros(shape), 0
    for n, volume in enumerate(volumes, 1):  # noqa: B007
        total += volume
    return (total / n).astype(np.float32) if n else np.full(shape, np.nan, np.float32)

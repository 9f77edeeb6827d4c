"""How a volume is cut into overlapping blocks that may each move in their own way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box
from napari_thunder.registration.shifts import Centers

Array = NDArray[Any]
Starts = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Overlapping:
    """Blocks of one size on a grid.

    Parameters
    ----------
    size
        (z, y, x) of a block in voxels.
    starts
        First voxels of the blocks along z, y and x.
    """

    size: Box
    starts: Starts

    @property
    def grid(self) -> Box:
        """Blocks along z, y and x."""
        z, y, x = map(len, self.starts)
        return z, y, x

    @property
    def centers(self) -> Centers:
        """Their centres along z, y and x, in voxels, as in `Shifts.centers`."""
        z, y, x = (
            np.asarray(start, np.float32) + np.float32((n - 1) / 2)
            for start, n in zip(self.starts, self.size, strict=True)
        )
        return z, y, x

    def start(self, block: tuple[int, int, int]) -> Box:
        """First voxel (z, y, x) of a block, given its place in the grid."""
        z, y, x = (starts[i] for starts, i in zip(self.starts, block, strict=True))
        return z, y, x

    def cut(self, frames: Array, block: tuple[int, int, int], shifts: NDArray[np.int64]) -> Array:
        """A block of frames (n, z, y, x), looked up at whole-voxel `shifts` (n, 3); the frame's edge repeats itself."""
        found = np.empty((len(frames), *self.size), frames.dtype)
        begin = np.asarray(self.start(block)) + shifts
        for cut, frame, start in zip(found, frames, begin, strict=True):
            cut[:] = _cut(frame, start, self.size)
        return found


def overlapping(space: Box, size: Box) -> Overlapping:
    """Blocks of about this size (never larger than the volume), of which neighbours share a half or a little more.

    Parameters
    ----------
    space
        (z, y, x) of the volume in voxels.
    size
        (z, y, x) wanted of a block.
    """
    z, y, x = (max(1, min(n, wanted)) for n, wanted in zip(space, size, strict=True))
    a, b, c = (_starts(n, length) for n, length in zip(space, (z, y, x), strict=True))
    return Overlapping((z, y, x), (a, b, c))


def _starts(n: int, length: int) -> tuple[int, ...]:
    n_blocks = 1 + math.ceil((n - length) / max(1, length // 2))
    return tuple(int(start) for start in np.round(np.linspace(0, n - length, n_blocks)))


def _cut(frame: Array, start: NDArray[np.int64], size: Box) -> Array:
    stop = start + size
    if (start >= 0).all() and (stop <= frame.shape).all():
        return frame[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
    z, y, x = (np.arange(a, b).clip(0, n - 1) for a, b, n in zip(start, stop, frame.shape, strict=True))
    return np.asarray(frame[z[:, None, None], y[:, None], x])

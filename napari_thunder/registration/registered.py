"""A movie whose motion is undone as it is read: nothing is stored, and the shifts can be taken away again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.errors import RegistrationError
from napari_thunder.io.derived import DerivedSource
from napari_thunder.io.source import Array, Metadata
from napari_thunder.registration.apply import INTERPOLATIONS, REACH, Interpolation, warped
from napari_thunder.registration.shifts import Shifts, Space

_READ_BYTES = 2**23


@dataclass(frozen=True)
class RegisteredSource(DerivedSource):
    """A movie with its shifts applied, in float32; NaN where a voxel lay outside the frame.

    Parameters
    ----------
    source
        The movie as it was recorded.
    shifts
        Of all its frames.
    interpolation
        Between voxels: `linear`, `cubic` (keeps more detail) or `nearest` (keeps the recorded values).

    Raises
    ------
    RegistrationError
        If the shifts are of another movie, or the interpolation is unknown.
    """

    done = "registered"

    shifts: Shifts
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        if (self.shifts.n_frames, *self.shifts.space) != tuple(self.source.shape):
            raise RegistrationError(
                f"{self.source.uri}: the shifts are of {self.shifts.n_frames} frames of "
                f"{_by(self.shifts.space)} voxels (z, y, x); this recording has {self.source.shape[0]} of "
                f"{_by(self.source.shape[1:])}. Take those of this recording."
            )
        if self.interpolation not in INTERPOLATIONS:
            raise RegistrationError(
                f"interpolation={self.interpolation!r}: there is none of this name. "
                f"Choose one of {', '.join(INTERPOLATIONS)}."
            )

    @property
    def metadata(self) -> Metadata:
        return self.source.metadata

    def read_volume(self, t: int) -> Array:
        whole = ((0, 0, 0), self._space)
        return self._undo(self.source.read_volume(t), t, (0, 0, 0), whole)

    def read_block(self, block: Block) -> Array:
        first, last = block.times
        length = self._frames_at_once(block)
        out = np.empty(block.shape, np.float32)
        for start in range(first - first % length, last, length):
            begin, end = max(first, start), min(last, start + length)
            self._fill(out[begin - first : end - first], Block(block.index, (begin, end), *_corners(block)))
        return out

    def _frames_at_once(self, block: Block) -> int:
        """Whole chunks of time, as few as make a read worth it: what is read is far more than what is wanted of it."""
        n_bytes: int = math.prod(block.shape[1:]) * self.source.dtype.itemsize
        chunk = self.source.chunks[0]
        return math.ceil(_READ_BYTES / (n_bytes * chunk)) * chunk

    def _fill(self, out: Array, wanted: Block) -> None:
        """The frames of a block, from what they reach around it."""
        start, stop = wanted.start, wanted.stop
        reach = self._reach(*wanted.times)
        low = _three(max(0, a - n) for a, n in zip(start, reach, strict=True))
        high = _three(min(b + n, size) for b, n, size in zip(stop, reach, self._space, strict=True))
        raw = self.source.read_block(Block(wanted.index, wanted.times, low, high))
        for i, t in enumerate(range(*wanted.times)):
            out[i] = self._undo(raw[i], t, low, (start, stop))

    def fingerprint(self) -> str:
        return f"{self.source.fingerprint()}-shifts-{self.shifts.digest}-{self.interpolation}"

    @property
    def _space(self) -> Space:
        return _three(self.source.shape[1:])

    def _reach(self, start: int, stop: int) -> Space:
        largest = self.shifts.of_frames(start, stop).largest
        return _three(math.ceil(s) + REACH[self.interpolation] for s in largest)

    def _undo(self, part: Array, t: int, origin: Space, box: tuple[Space, Space]) -> Array:
        return warped(
            part,
            self.shifts.values[t],
            self.shifts.centers,
            origin=origin,
            box=box,
            space=self._space,
            interpolation=self.interpolation,
        )


def _by(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _corners(block: Block) -> tuple[Space, Space]:
    return _three(s.start for s in block.padded), _three(s.stop for s in block.padded)


def _three(numbers: Any) -> Space:
    z, y, x = numbers
    return int(z), int(y), int(x)

"""What a worker does with a stretch of frames; picklable, and small but for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.engine.protocol import Answer, Array
from napari_thunder.registration.apply import Interpolation, warped
from napari_thunder.registration.estimator import Estimator
from napari_thunder.registration.likeness import Likeness
from napari_thunder.registration.shifts import Centers, Shifts
from napari_thunder.registration.template import binned

Floats = NDArray[np.float32]


class _Prepared:
    """Leaves what was prepared on one computer behind when it goes to another."""

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class LikeTemplate(_Prepared):
    """Registers frames and compares them to the template, over the voxels of a mask."""

    template: Floats
    mask: NDArray[np.bool_] | None
    centers: Centers
    interpolation: Interpolation

    def of(self, frames: Array, shifts: Floats) -> Floats:
        """Correlation (n,) of frames (n, z, y, x) with shifts (n, blocks along z, y, x, 3)."""
        each = (
            self._likeness.of(_undone(frame, shift, self.centers, self.interpolation))
            for frame, shift in zip(frames, shifts, strict=True)
        )
        return np.fromiter(each, np.float32, len(frames))

    @cached_property
    def _likeness(self) -> Likeness:
        return Likeness(self.template, self.mask)


@dataclass(frozen=True, eq=False)
class EstimateFrames:
    """Shifts of the frames of a block, their confidence, and the correlation of the registered frames if asked for."""

    estimator: Estimator
    likeness: LikeTemplate | None

    def __call__(self, voxels: Array, block: Block) -> Answer:
        found = self.estimator.estimate(voxels)
        answer = {"shift": found.shifts, "confidence": found.confidence}
        if self.likeness is not None:
            answer["frame_correlation"] = self.likeness.of(voxels, found.shifts)
        return answer


@dataclass(frozen=True, eq=False)
class CompareFrames:
    """Correlation with the template of the frames of a block, registered by shifts that are known."""

    shifts: Shifts
    likeness: LikeTemplate

    def __call__(self, voxels: Array, block: Block) -> Answer:
        return {"frame_correlation": self.likeness.of(voxels, self.shifts.values[block.time])}


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """The frames of a block on a coarse grid."""

    factor: int

    def __call__(self, voxels: Array, block: Block) -> Answer:
        return {"frames": np.stack([binned(frame, self.factor) for frame in voxels])}


@dataclass(frozen=True, eq=False)
class SumAligned:
    """Sum and count of each voxel over the frames of a block, after their shifts are undone.

    Parameters
    ----------
    how
        Shift (3,) of each frame by its number, or what estimates them; None: the frames are taken as they are.
    """

    how: Mapping[int, Floats] | Estimator | None

    def __call__(self, voxels: Array, block: Block) -> Answer:
        total, count = np.zeros(voxels.shape[1:]), np.zeros(voxels.shape[1:], np.int32)
        for frame in self._aligned(voxels, block):
            known = np.isfinite(frame)
            total += np.where(known, frame, 0)
            count += known
        return {"sum": total, "count": count}

    def _aligned(self, voxels: Array, block: Block) -> Iterator[Array]:
        if self.how is None:
            yield from voxels
        elif isinstance(self.how, Mapping):
            centers = Shifts.rigid(np.zeros((1, 3)), voxels.shape[1:]).centers
            for t, frame in zip(range(*block.times), voxels, strict=True):
                yield _undone(frame, self.how[t].reshape(1, 1, 1, 3), centers, "linear")
        else:
            found = self.how.estimate(voxels)
            for frame, shift in zip(voxels, found.shifts, strict=True):
                yield _undone(frame, shift, self.how.centers, "linear")


def added(one: Answer, other: Answer) -> Answer:
    """Sums and counts of two lots of frames together."""
    return {name: one[name] + other[name] for name in one}


def _undone(frame: Array, shift: Floats, centers: Centers, interpolation: Interpolation) -> Floats:
    space = (frame.shape[0], frame.shape[1], frame.shape[2])
    whole = ((0, 0, 0), space)
    return warped(frame, shift, centers, origin=(0, 0, 0), box=whole, space=space, interpolation=interpolation)

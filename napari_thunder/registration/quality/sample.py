"""A bounded sample of frames, binned until it fits into memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.shifts import Space

_FEWEST = 300
"""Frames that are kept where memory is short, before volumes are binned."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Which frames are looked at, and how coarsely.

    Parameters
    ----------
    frames
        (n,) numbers of the frames, rising.
    box
        The part (z, y, x) of the volume, in voxels.
    factors
        Voxels (z, y, x) that are averaged into one.
    """

    frames: NDArray[np.intp]
    box: tuple[slice, slice, slice]
    factors: Space

    @property
    def shape(self) -> Space:
        """(z, y, x) of a binned frame."""
        z, y, x = (max(0, (s.stop - s.start) // f) for s, f in zip(self.box, self.factors, strict=True))
        return z, y, x

    @property
    def centers(self) -> tuple[NDArray[np.float64], ...]:
        """Centres of the binned voxels along z, y and x, in voxels of the recording."""
        return tuple(
            s.start + (f - 1) / 2 + f * np.arange(n) for s, f, n in zip(self.box, self.factors, self.shape, strict=True)
        )


def plan_sample(
    usable: NDArray[np.bool_],
    box: tuple[slice, slice, slice],
    *,
    most: int,
    n_bytes: int,
    voxel_size: tuple[float, float, float] | None = None,
) -> Sample:
    """Choose evenly spaced frames and a binning.

    Parameters
    ----------
    usable
        (t,) frames that may be chosen.
    box
        Part of the volume that is looked at.
    most
        Frames at most.
    n_bytes
        What float32 frames may take together. First frames are left out (to no fewer than 300), then voxels are
        averaged, those along the axis in which they are smallest (µm) first.
    voxel_size
        (z, y, x) in µm, as far as known.
    """
    candidates = np.flatnonzero(usable)
    space = [s.stop - s.start for s in box]
    n_voxels = max(1, math.prod(space))
    affordable = n_bytes // (4 * n_voxels)
    n = min(len(candidates), most, max(affordable, _FEWEST))
    size = list(voxel_size or (1.0, 1.0, 1.0))
    factors = [1, 1, 1]
    while n and 4 * n * math.prod(max(1, s // f) for s, f in zip(space, factors, strict=True)) > n_bytes:
        room = [size[a] * factors[a] if space[a] // (factors[a] + 1) >= 1 else math.inf for a in range(3)]
        if min(room) == math.inf:
            break
        factors[room.index(min(room))] += 1
    chosen = candidates[np.linspace(0, len(candidates) - 1, n).round().astype(np.intp)] if n else candidates
    return Sample(chosen, box, (factors[0], factors[1], factors[2]))


def binned(part: NDArray[np.floating], inside: NDArray[np.bool_], sample: Sample) -> NDArray[np.float32]:
    """The sample's box of a frame (z, y, x), averaged over voxels that lie `inside` (z, y, x) the region.

    NaN where less than half of the voxels lie in the region, or one of those is NaN.
    """
    if sample.factors == (1, 1, 1):
        return np.where(inside, part, np.nan).astype(np.float32)
    total = _summed(np.where(inside, part, 0.0), sample)
    count = _summed(inside.astype(np.float64), sample)
    enough = count >= 0.5 * math.prod(sample.factors)
    return np.where(enough, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _summed(values: NDArray[np.floating], sample: Sample) -> NDArray[np.float64]:
    z, y, x = sample.shape
    fz, fy, fx = sample.factors
    whole = values[: z * fz, : y * fy, : x * fx].astype(np.float64)
    return np.asarray(whole.reshape(z, fz, y, fy, x, fx).sum(axis=(1, 3, 5)))

"""A simulated fish that moves, with the motion it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, shift

import napari_thunder as nt
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts


@dataclass(frozen=True)
class Moving:
    """A still recording, how it was moved, and the recording that came of it."""

    still: Recording
    true: NDArray[np.float64]
    recording: Recording

    @property
    def shifts(self) -> Shifts:
        return Shifts.rigid(self.true, self.recording.shape[1:])


def moving_fish(
    shape: tuple[int, int, int, int] = (120, 4, 56, 72),
    *,
    size: float = 0.8,
    jumps: tuple[int, ...] = (),
    seed: int = 1,
) -> Moving:
    """A fish whose volumes are displaced (y and x, a little z) by slow drift, jitter and jumps, cubic splines."""
    still = nt.simulate(shape=shape, seed=seed)
    rng = np.random.default_rng(seed)
    drift = gaussian_filter1d(rng.standard_normal((shape[0], 3)), 15, axis=0)
    path = (drift - drift.mean(axis=0)) / drift.std(axis=0) + 0.6 * rng.standard_normal((shape[0], 3))
    true = size * path * (0.2 if shape[1] > 1 else 0.0, 1, 1)
    true[list(jumps)] += (0, 7, -5)
    volumes = (still.read_volume(t).astype(np.float64) for t in range(shape[0]))
    moved = np.stack([shift(v, by, order=3, mode="nearest") for v, by in zip(volumes, true, strict=True)])
    array = moved.round().clip(0, 65535).astype(np.uint16)
    known = {"voxel_size": still.voxel_size, "frame_times": still.frame_times}
    recording = Recording.from_array(array, name="moving fish", events=still.events, signals=still.signals, **known)
    return Moving(still, true, recording)

"""What a simulated recording is made from: the same settings, the same fish, voxel for voxel."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from napari_thunder.errors import ParameterError
from napari_thunder.events import Kernel
from napari_thunder.simulation.movement import Motion

VERSION = 1
"""Raised whenever the same settings give other voxels."""

BRAIN_SIZE = (220.0, 450.0, 860.0)
"""Extent (z, y, x) in µm that holds the whole simulated brain, as of a larval zebrafish."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a simulated recording is made from; see `simulate`."""

    shape: tuple[int, int, int, int]
    seed: int
    frame_rate: float
    voxel_size: tuple[float, float, float]
    n_directions: int
    kernel: Kernel
    noise: float
    drift: float
    motion: Motion = field(default_factory=Motion)
    activity: float = 1.0
    dim_planes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if min(self.shape) < 1:
            raise ParameterError(f"simulate: shape={self.shape} must be four whole numbers (t, z, y, x) from 1 up.")
        if not all(math.isfinite(v) and v > 0 for v in self.voxel_size):
            raise ParameterError(
                f"simulate: voxel_size={self.voxel_size} must be three positive numbers (z, y, x) in µm."
            )
        if self.seed < 0 or self.seed != int(self.seed):
            raise ParameterError(f"simulate: seed={self.seed} must be a whole number from 0 up.")
        if not (math.isfinite(self.frame_rate) and self.frame_rate > 0):
            raise ParameterError(
                f"simulate: frame_rate={self.frame_rate} must be a positive number of frames per second."
            )
        if self.n_directions < 2 or self.n_directions != int(self.n_directions):
            raise ParameterError(f"simulate: n_directions={self.n_directions} must be a whole number from 2 up.")
        if not 0 <= self.drift < 1:
            raise ParameterError(f"simulate: drift={self.drift} must be from 0 to below 1.")
        for name in ("noise", "activity"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ParameterError(f"simulate: {name}={getattr(self, name)} must be 0 or more.")
        if not all(0 <= plane < self.shape[1] for plane in self.dim_planes):
            raise ParameterError(
                f"simulate: dim_planes={self.dim_planes} must be planes from 0 to {self.shape[1] - 1}."
            )

    @property
    def space(self) -> tuple[int, int, int]:
        """(z, y, x) in voxels."""
        return self.shape[1], self.shape[2], self.shape[3]

    @property
    def n_frames(self) -> int:
        return self.shape[0]

    def rng(self, *stream: int) -> np.random.Generator:
        """Random numbers for one purpose, independent of those for any other."""
        return np.random.default_rng([self.seed, *stream])

    def as_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"version": VERSION, **asdict(self)}


def fitting_voxel_size(space: tuple[int, int, int]) -> tuple[float, float, float]:
    """Voxel size (z, y, x) in µm at which the whole brain just fits, square in y and x."""
    z, y, x = (size / n for size, n in zip(BRAIN_SIZE, space, strict=True))
    return round(z, 3), round(max(y, x), 3), round(max(y, x), 3)


STREAM_TEXTURE, STREAM_CELLS, STREAM_TUNING, STREAM_TRIALS, STREAM_SWIM, STREAM_MOTION, STREAM_DRIFT = range(1, 8)
STREAM_SPONTANEOUS, STREAM_NOISE = 101, 102

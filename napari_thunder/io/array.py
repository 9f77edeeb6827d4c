"""A movie that is already in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io.source import Array, Metadata


@dataclass(frozen=True)
class ArraySource:
    """A movie (t, z, y, x) held as a numpy array (or a memory map)."""

    array: Array = field(repr=False)
    name: str = "array"
    metadata: Metadata = field(default_factory=Metadata)
    format: str = "array in memory"

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or 0 in self.array.shape:
            raise RecordingError(
                f"{self.name}: a recording is a movie (t, z, y, x) with at least one voxel, but this array has shape "
                f"{self.array.shape}. Add the missing axis, for example array[:, np.newaxis] for a single plane."
            )
        if self.array.dtype.kind not in "uifb":
            raise RecordingError(f"{self.name}: voxels must be numbers, but this array holds {self.array.dtype}.")

    @property
    def uri(self) -> str:
        return f"memory:{self.name}"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        t, z, y, x = self.array.shape
        return t, z, y, x

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype.newbyteorder("=")

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return self.shape[0], 1, 1, 1

    def read_volume(self, t: int) -> Array:
        return np.array(self.array[t], dtype=self.dtype)

    def read_block(self, block: Block) -> Array:
        return np.array(self.array[(block.time, *block.padded)], dtype=self.dtype)

    def fingerprint(self) -> str:
        return self._digest

    @cached_property
    def _digest(self) -> str:
        digest = hashlib.sha256(f"{self.shape}{self.dtype}".encode())
        for volume in self.array:
            digest.update(np.ascontiguousarray(volume).tobytes())
        return digest.hexdigest()[:16]

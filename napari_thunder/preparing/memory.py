"""How much memory a worker needs, and what follows for how much it does at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from napari_thunder.engine import EngineFacts
from napari_thunder.errors import ParameterError
from napari_thunder.io.storing.conversion import Conversion
from napari_thunder.io.storing.layout import SHARD_BYTES, StoreLayout
from napari_thunder.preparing.cropping import Crop
from napari_thunder.preparing.settings import Preparation
from napari_thunder.recording import Recording

_MOST_AT_ONCE = 2 * SHARD_BYTES
_UNKNOWN = 2**30
_SHARE = 0.5
_SERIES_COPIES = 1.5
_LEAST_SHARD = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one worker, in bytes.

    Parameters
    ----------
    limit
        It may use.
    frame
        Each frame of a stretch takes.
    working
        One volume takes while it is converted.
    frames
        It can hold at once.
    shard_bytes
        Of a shard, uncompressed, that it can hold.
    needed
        It uses, with the layout that came of this.
    """

    limit: int
    frame: int
    working: int
    frames: int
    shard_bytes: int
    needed: int = 0

    def of_unit(self, layout: StoreLayout) -> int:
        """What a worker needs for the larger of its two kinds of work."""
        series = math.prod(layout.series.shard) * layout.voxel_type.itemsize
        return int(max(layout.levels[0].shard[0] * self.frame + self.working, series * _SERIES_COPIES))


def memory_for(
    settings: Preparation, recording: Recording, crop: Crop, conversion: Conversion, facts: EngineFacts
) -> Memory:
    """What a worker may hold at once.

    Raises
    ------
    ParameterError
        If not even one volume fits into the limit that was given.
    """
    limit = _limit(settings, facts)
    voxels = math.prod(crop.shape[1:])
    stored = math.prod(conversion.space((crop.shape[1], crop.shape[2], crop.shape[3])))
    raw = recording.raw.dtype.itemsize
    frame = voxels * (raw if recording.shifts is None else raw + recording.dtype.itemsize)
    exact = 4 if recording.dtype.itemsize <= 4 else 8
    working = voxels * exact + stored * (2 * exact + 2 * np.dtype(conversion.dtype).itemsize)
    if settings.memory_limit is not None and frame + working > limit:
        raise ParameterError(
            f"Preparation: memory_limit={settings.memory_limit:g} MB is less than one volume needs, "
            f"{(frame + working) / 1e6:.0f} MB. Allow more, or crop."
        )
    frames = max(1, min(_MOST_AT_ONCE, limit - working) // frame)
    shard_bytes = max(_LEAST_SHARD, min(SHARD_BYTES, int(limit / _SERIES_COPIES)))
    return Memory(limit, frame, working, frames, shard_bytes)


def _limit(settings: Preparation, facts: EngineFacts) -> int:
    if settings.memory_limit is not None:
        return int(settings.memory_limit * 1e6)
    return _UNKNOWN if facts.memory_bytes is None else int(facts.memory_bytes * _SHARE / max(1, facts.cores))

"""A coarser picture of a recording that is there sooner: a level of its pyramid, or volumes binned by the engine."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from napari_thunder.io.binned import BinnedSource
from napari_thunder.io.source import Source
from napari_thunder.recording import Recording
from napari_thunder.volumes.reader import VolumeReader, volume_bytes
from napari_thunder.volumes.upsampled import Factors, factors_between

_WORTH = 16
"""A coarse volume has this many times fewer voxels where the pyramid allows it."""

_FAR_BYTES = 4 * 2**20
_SMALL_BYTES = 2**18
"""Volumes above the first size are binned before they cross a wire, down to the second."""

_MOST = 8
"""Voxels of a box along y and x, at most."""


@dataclass(frozen=True, slots=True)
class Coarse:
    """Where small volumes come from that stand for whole ones.

    Parameters
    ----------
    reader
        Brings them.
    factors
        Voxels (z, y, x) of the whole that one of theirs stands for.
    """

    reader: VolumeReader
    factors: Factors


@dataclass(frozen=True, slots=True)
class CoarseRecording:
    """A recording whose every volume stands for a volume of another one, and by how much it is coarser."""

    recording: Recording
    factors: Factors


def coarser_level(recording: Recording) -> CoarseRecording | None:
    """The finest level of the recording's pyramid that is much smaller, or its smallest; None without a pyramid."""
    levels = [level for level in getattr(recording.source, "levels", ())[1:] if _stands_for(level, recording)]
    if not levels:
        return None
    much = [level for level in levels if math.prod(recording.shape[1:]) >= _WORTH * math.prod(level.shape[1:])]
    level = much[0] if much else levels[-1]
    return CoarseRecording(_of(recording, level), factors_between(recording.shape[1:], level.shape[1:]))


def coarser_by_engine(recording: Recording) -> CoarseRecording | None:
    """The recording binned by whoever reads it; None if its volumes are small enough to be sent as they are."""
    n_bytes = volume_bytes(recording)
    if n_bytes <= _FAR_BYTES:
        return None
    factor = 2
    while factor < _MOST and n_bytes > _SMALL_BYTES * factor**2:
        factor *= 2
    factors = (1, min(factor, recording.shape[2]), min(factor, recording.shape[3]))
    return CoarseRecording(_of(recording, BinnedSource(recording.source, factors)), factors)


def _stands_for(level: Source, recording: Recording) -> bool:
    return level.shape[0] == recording.shape[0] and level.shape[1:] != recording.shape[1:]


def _of(recording: Recording, source: Source) -> Recording:
    return replace(recording, source=source)

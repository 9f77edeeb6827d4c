"""What a recording's layer shows: its voxels, means over a few frames, or ΔF/F; and readers that bring it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.baseline import relative_change
from napari_thunder.engine.job import Job
from napari_thunder.errors import ThunderError
from napari_thunder.io.averaged import AveragedSource, mean_of, window
from napari_thunder.recording import Recording
from napari_thunder.volumes.cache import VolumeCache
from napari_thunder.volumes.coarse import Coarse, coarser_by_engine, coarser_level
from napari_thunder.volumes.reader import DirectReader, EngineReader, ReadsVolumes, VolumeReader, volume_bytes
from napari_thunder.volumes.upsampled import reduced

Array = NDArray[Any]

MOST_HALF_WIDTH = 50


class ViewKind(StrEnum):
    """What is shown of a recording."""

    RAW = "raw"
    DFF = "dff"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class MovieView:
    """How a recording is looked at.

    Parameters
    ----------
    kind
        The voxels as they are, their change relative to a baseline, or their mean over a few frames.
    half_width
        Frames on either side of the shown one that are averaged; 0 for none. Raw voxels are never averaged.
    baseline_percentile
        Over frames spread over the recording, for ΔF/F; None for their mean.

    Raises
    ------
    ThunderError
        If a number is out of range.
    """

    kind: ViewKind = ViewKind.RAW
    half_width: int = 0
    baseline_percentile: float | None = 20.0

    def __post_init__(self) -> None:
        least = 1 if self.kind is ViewKind.MEAN else 0
        if not least <= self.half_width <= MOST_HALF_WIDTH:
            raise ThunderError(
                f"half_width={self.half_width}: give {least} to {MOST_HALF_WIDTH} frames on either side."
            )
        if self.baseline_percentile is not None and not 0 <= self.baseline_percentile <= 100:
            raise ThunderError(f"baseline_percentile={self.baseline_percentile:g}: give a number from 0 to 100.")

    @property
    def title(self) -> str:
        """In words for the canvas; empty for raw voxels."""
        averaged = f"mean of ±{self.half_width} frame{'s' * (self.half_width > 1)}"
        if self.kind is ViewKind.RAW:
            return ""
        if self.kind is ViewKind.MEAN:
            return averaged
        return f"ΔF/F, {averaged}" if self.half_width else "ΔF/F"


@dataclass(frozen=True, slots=True)
class Sight:
    """All that is needed to show a view.

    Parameters
    ----------
    reader, coarse
        Bring its volumes, and coarser ones if there is a way.
    dtype
        Of what they bring.
    """

    view: MovieView
    reader: VolumeReader
    coarse: Coarse | None
    dtype: np.dtype[Any]


def sight_of(
    recording: Recording, view: MovieView, engine: ReadsVolumes | None = None, baseline: Array | None = None
) -> Sight:
    """How a view of a recording is brought.

    Parameters
    ----------
    engine
        Reads and averages the volumes, next to the files; this computer reads them when left out.
    baseline
        F0 of each voxel (z, y, x), for ΔF/F.
    """
    reader = _reader(recording, view, engine, baseline)
    coarser = coarser_level(recording) if engine is None else coarser_by_engine(recording)
    coarse = None
    if coarser is not None:
        small = None if baseline is None else reduced(baseline, coarser.recording.shape[1:], coarser.factors)
        coarse = Coarse(_reader(coarser.recording, view, engine, small), coarser.factors)
    dtype = recording.dtype if view.kind is ViewKind.RAW else np.dtype(np.float32)
    return Sight(view, reader, coarse, dtype)


def _reader(recording: Recording, view: MovieView, engine: ReadsVolumes | None, baseline: Array | None) -> VolumeReader:
    half_width = 0 if view.kind is ViewKind.RAW else view.half_width
    reader = _averaging(recording, half_width, engine)
    if view.kind is not ViewKind.DFF:
        return reader
    if baseline is None:
        raise ThunderError(f"{recording.name}: ΔF/F needs a baseline, which is not known yet.")
    return RelativeReader(reader, baseline)


def _averaging(recording: Recording, half_width: int, engine: ReadsVolumes | None) -> VolumeReader:
    if engine is None:
        direct = DirectReader(recording)
        return AveragingReader(direct, recording, half_width) if half_width else direct
    if not half_width:
        return EngineReader(recording, engine)
    averaged = AveragedSource(recording.source, half_width, recording.left_out)
    return EngineReader(replace(recording, source=averaged), engine, 2 * half_width + 1)


@dataclass(frozen=True, slots=True)
class RelativeReader:
    """ΔF/F of what another reader brings.

    Parameters
    ----------
    reader
        Brings F.
    baseline
        F0 (z, y, x) of each voxel.
    """

    reader: VolumeReader
    baseline: Array = field(repr=False)

    @property
    def stretch(self) -> int:
        """As the other's."""
        return self.reader.stretch

    def read(self, times: Sequence[int], job: Job) -> Iterator[tuple[int, Array]]:
        for t, volume in self.reader.read(times, job):
            yield t, relative_change(volume, self.baseline)


class AveragingReader:
    """Means over a window around each frame; what neighbouring windows share is read once.

    Parameters
    ----------
    reader
        Brings single frames.
    recording
        Its excluded frames are left out.
    half_width
        Frames on either side.
    """

    def __init__(self, reader: VolumeReader, recording: Recording, half_width: int) -> None:
        self._reader = reader
        self._recording = recording
        self._half_width = half_width
        self._cache = VolumeCache((2 * half_width + 4) * volume_bytes(recording))
        self._lock = Lock()

    @property
    def stretch(self) -> int:
        """One: windows that overlap are cheap one after the other."""
        return 1

    def read(self, times: Sequence[int], job: Job) -> Iterator[tuple[int, Array]]:
        n_frames, *shape = self._recording.shape
        for t in times:
            frames = window(t, self._half_width, n_frames, self._recording.left_out)
            yield t, mean_of((self._frame(frame, job) for frame in frames), tuple(shape))

    def _frame(self, t: int, job: Job) -> Array:
        job.check()
        with self._lock:
            volume = self._cache.get(t)
        if volume is None:
            ((_, volume),) = self._reader.read([t], job)
            with self._lock:
                self._cache.put(t, volume)
        return volume

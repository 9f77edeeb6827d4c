"""Where volumes come from: straight from the files, or through an engine that sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine.job import Job
from napari_thunder.recording import Recording

Array = NDArray[Any]

_RUN_BYTES = 16 * 2**20
_RUN_FRAMES = 32


class ReadsVolumes(Protocol):
    """An engine, as far as reading volumes goes."""

    def read(self, recording: Recording, times: Sequence[int], job: Job | None = None) -> Iterator[tuple[int, Array]]:
        """See `Engine.read`."""


class VolumeReader(Protocol):
    """Reads volumes of one recording; blocks, so it is called from threads made for it, several at once."""

    @property
    def stretch(self) -> int:
        """Frames that are best asked for at once."""

    def read(self, times: Sequence[int], job: Job) -> Iterator[tuple[int, Array]]:
        """Yield `(t, volume)` with volume (z, y, x), in the order asked for.

        Raises
        ------
        JobCancelled
            Soon after `job.cancel()`, if the reader can stop.
        ThunderError
            If a volume cannot be read.
        """


@dataclass(frozen=True, slots=True)
class DirectReader:
    """Reads from the files themselves, frame by frame."""

    recording: Recording

    @property
    def stretch(self) -> int:
        """One: a frame alone costs no more than in company."""
        return 1

    def read(self, times: Sequence[int], job: Job) -> Iterator[tuple[int, Array]]:
        for t in times:
            job.check()
            yield t, self.recording.read_volume(t)


@dataclass(frozen=True, slots=True)
class EngineReader:
    """Reads through an engine, for files that only the cluster sees."""

    recording: Recording
    engine: ReadsVolumes
    reads_for_each: int = 1
    """Volumes that the engine reads for each that it sends."""

    @property
    def stretch(self) -> int:
        """About 16 MB: a job costs as much as 16 MB of voxels (0.16 s at 100 MB/s through Spark Connect)."""
        affordable = min(_RUN_FRAMES, _RUN_BYTES // volume_bytes(self.recording))
        return max(1, affordable // self.reads_for_each)

    def read(self, times: Sequence[int], job: Job) -> Iterator[tuple[int, Array]]:
        yield from self.engine.read(self.recording, times, job)


def volume_bytes(recording: Recording) -> int:
    """Bytes of one volume."""
    return int(np.prod(recording.shape[1:], dtype=np.int64)) * recording.dtype.itemsize

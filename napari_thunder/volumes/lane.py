"""One way by which pictures come: a reader, what it brought, what is under way, and how long that takes."""

from __future__ import annotations

import time
from typing import Any

from numpy.typing import NDArray

from napari_thunder.engine.job import Job
from napari_thunder.volumes.cache import VolumeCache
from napari_thunder.volumes.pace import Pace, stride_for
from napari_thunder.volumes.planning import Reach, Run
from napari_thunder.volumes.reader import VolumeReader

Array = NDArray[Any]


class Flight:
    """A run that is being fetched."""

    def __init__(self, run: Run, lane: Lane, epoch: int, title: str) -> None:
        self.run = run
        self.lane = lane
        self.reader = lane.reader
        self.epoch = epoch
        self.left = list(run.frames)
        self.job = Job(title)
        self.given_up = False


class Lane:
    """Pictures of one fineness. Not safe for several threads: whoever owns it holds a lock.

    Parameters
    ----------
    reader
        Brings its volumes.
    n_frames
        Of the recording.
    volume_bytes
        Of one of its volumes.
    max_bytes
        Of those that are kept.

    Attributes
    ----------
    seconds, latency
        It takes for a volume and until the first of a run is there, smoothed; None until that is known.
    stride
        Every how many frames it brings while the slider is played.
    """

    def __init__(self, reader: VolumeReader, n_frames: int, volume_bytes: int, max_bytes: int) -> None:
        self.cache = VolumeCache(max_bytes)
        self.flights: list[Flight] = []
        self.failures: dict[int, str] = {}
        self.seconds: float | None = None
        self.latency: float | None = None
        self.stride = 1
        self._n_frames = n_frames
        self._volume_bytes = volume_bytes
        self.use(reader)

    def use(self, reader: VolumeReader) -> None:
        """Fetch through this one; nothing is under way any more."""
        self.reader = reader
        self.flights = []
        self.failures.clear()
        self._rest = Reach.within(self._n_frames, self._volume_bytes, self.cache.max_bytes, reader.stretch)

    @property
    def going(self) -> list[Flight]:
        """What is under way and still wanted."""
        return [flight for flight in self.flights if not flight.given_up]

    def slots(self, playing: bool) -> int:
        """Runs in flight at once; all but one may prefetch, so that one is left for the newest wish."""
        return 3 if playing else 2

    def reach(self, pace: Pace, now: float) -> Reach:
        """How far to fetch at this pace."""
        if not pace.playing(now):
            self.stride = 1
            return self._rest
        lead = int((self.latency or 0.0) * pace.rate)
        return self._rest.for_play(self.stride, lead, self.cache.max_bytes // max(1, self._volume_bytes))

    def keep_up(self, pace: Pace, now: float) -> None:
        """Choose the stride at which reading keeps up with a play."""
        if self.seconds is not None and pace.playing(now):
            self.stride = stride_for(pace.rate, (self.slots(True) - 1) / max(self.seconds, 1e-6), self.stride)

    def measure(self, begun: float, first: float | None, n_volumes: int) -> None:
        """Learn from a run that began and brought its first volume at these times, and so many by now."""
        if first is None:
            return
        self.latency = _smooth(self.latency, first - begun)
        self.seconds = _smooth(self.seconds, (time.monotonic() - begun) / n_volumes)


def _smooth(before: float | None, now: float) -> float:
    return now if before is None else 0.6 * before + 0.4 * now

"""One request cycle: the newest wish is fetched first, neighbours next, on threads that nobody ever waits for."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Condition, Lock, Thread, current_thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.errors import JobCancelled, RecordingError, ThunderError
from napari_thunder.volumes.coarse import Coarse
from napari_thunder.volumes.crew import Crew
from napari_thunder.volumes.lane import Flight, Lane
from napari_thunder.volumes.pace import Pace
from napari_thunder.volumes.planning import View, next_run, useless_runs
from napari_thunder.volumes.reader import VolumeReader
from napari_thunder.volumes.reports import Reports
from napari_thunder.volumes.upsampled import Upsampled

Array = NDArray[Any]
Picture = Array | Upsampled

log = logging.getLogger(__name__)

_THREADS = 5
"""As many as may fetch at once, and one to tell a run that it is cancelled: a cluster may take time to hear it."""

_CLOSE_SECONDS = 0.1

_SLOW_SECONDS = 0.2
"""A volume that takes longer is shown coarsely first."""

_COARSE_BYTES = 64 * 2**20

_COUNTED = 20
"""Pictures over which the rate of a play is measured."""


class VolumeStream:
    """Fetches the volumes a viewer asks for without ever making it wait.

    `request`, `retry`, `use` and `close` return at once and may be called from any thread. Signals are emitted in
    threads of the stream: connect with `thread="main"`.

    Parameters
    ----------
    reader
        Where the volumes come from.
    shape
        (t, z, y, x) of the recording.
    dtype
        Of its voxels.
    name
        Of the recording, for messages.
    max_bytes
        Of the volumes kept in memory.
    coarse
        Where coarser pictures come from that are shown until the whole volume is there, if that is slow.
    """

    arrived = Signal(int)
    """Another picture is there: redraw the layer. Carries the frame that is shown now."""

    failed = Signal(str)
    """A wanted frame could not be read, with a message for a person; once for the same failure."""

    busy = Signal(bool)
    """Whether a wanted frame is on its way."""

    def __init__(
        self,
        reader: VolumeReader,
        shape: tuple[int, int, int, int],
        dtype: np.dtype[Any],
        *,
        name: str,
        max_bytes: int,
        coarse: Coarse | None = None,
    ) -> None:
        self._shape = shape
        self._dtype = dtype
        self._name = name
        self._volume_bytes = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
        self._fine = Lane(reader, shape[0], self._volume_bytes, max_bytes)
        self._coarse = coarse
        self._lanes = [self._fine, *([] if coarse is None else [self._lane_of(coarse)])]
        self._condition = Condition(Lock())
        self._announcing = Lock()
        self._view = View()
        self._pace = Pace()
        self._shown: int | None = None
        self._shown_generation = 0
        self._shown_at: deque[float] = deque(maxlen=_COUNTED)
        self._last: Picture = np.broadcast_to(np.zeros((), dtype), shape[1:])
        self._crew = Crew(
            f"thunder-volumes-{name}", self._condition, self._next_work, self._seconds_until_more, _THREADS
        )
        self._chores: list[Callable[[], None]] = []
        self._reports = Reports()
        self._prefetching = True
        self._said_busy = False
        self._closed = False

    def begin_with(self, picture: Array) -> None:
        """Give out this picture (z, y, x) while there is none yet, in place of a blank one."""
        with self._condition:
            if self._shown is None:
                self._last = picture

    @property
    def wanted_frames(self) -> tuple[int, ...]:
        """What was asked for last."""
        return self._view.wanted

    @property
    def shown_frame(self) -> int | None:
        """The frame whose picture is given out, or None while it is blank."""
        return self._shown

    @property
    def shows_coarsely(self) -> bool:
        """Whether the picture that is given out is a coarse one."""
        return isinstance(self._last, Upsampled)

    @property
    def shown_values(self) -> Array:
        """The voxels of the picture that is given out, a coarse one as it came."""
        return self._last.small if isinstance(self._last, Upsampled) else self._last

    @property
    def loading(self) -> bool:
        """Whether a wanted frame is missing and may still come."""
        with self._condition:
            return self._waiting()

    @property
    def failure(self) -> str | None:
        """Why a wanted frame is missing, or None."""
        with self._condition:
            return next((self._fine.failures[t] for t in self._view.wanted if t in self._fine.failures), None)

    @property
    def cached_frames(self) -> tuple[int, ...]:
        """Frames in memory, rising; those there coarsely are not counted."""
        with self._condition:
            return tuple(sorted(self._fine.cache.frames))

    @property
    def used_bytes(self) -> int:
        """Of the volumes in memory, the coarse ones apart."""
        return self._fine.cache.used_bytes

    @property
    def played_rate(self) -> float | None:
        """Pictures per second that are shown while the slider is played, or None while it is not."""
        shown = tuple(self._shown_at)
        if not self._pace.playing(time.monotonic()) or len(shown) < 3:
            return None
        return (len(shown) - 1) / max(1e-6, shown[-1] - shown[0])

    @property
    def stride(self) -> int:
        """Every how many frames are shown while the slider is played."""
        return self._lanes[-1].stride if self._plays_coarsely(time.monotonic()) else self._fine.stride

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def request(self, wanted: tuple[int, ...]) -> list[Picture]:
        """The volumes (z, y, x) of these frames, read only; for one that is not there yet, the last good picture.

        What is missing is queued, and `arrived` tells when there is something to ask again for.
        """
        with self._condition:
            if wanted != self._view.wanted:
                self._move(wanted)
            pictures = [self._kept(t) for t in wanted]
            if wanted and pictures[-1] is not None:
                self._show(wanted[-1], pictures[-1], self._view.generation)
            return [self._last if picture is None else picture for picture in pictures]

    def retry(self) -> None:
        """Forget failures and reads that hang, and fetch what is missing anew."""
        self.use(self._fine.reader, self._coarse)

    def use(self, reader: VolumeReader, coarse: Coarse | None = None) -> None:
        """Fetch through other readers of the same recording from now on; what is in memory stays."""
        with self._condition:
            if self._closed:
                return
            self._abandon()
            self._fine.use(reader)
            self._coarse = coarse
            self._lanes[1:] = [] if coarse is None else [self._lane_of(coarse)]
            self._reports.clear()
            self._prefetching = True
            self._wake()

    def close(self, seconds: float = _CLOSE_SECONDS) -> None:
        """End, and wait no longer than `seconds` for reads that are under way; what is in memory is let go."""
        with self._condition:
            threads = list(self._crew.threads)
            self._closed = True
            self._abandon()
            for lane in self._lanes:
                lane.cache.clear()
        end = time.monotonic() + seconds
        for thread in threads:
            if seconds > 0 and thread.is_alive() and thread is not current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def _lane_of(self, coarse: Coarse) -> Lane:
        small = self._volume_bytes // int(np.prod(coarse.factors))
        return Lane(coarse.reader, self._shape[0], small, _COARSE_BYTES)

    def _kept(self, t: int) -> Picture | None:
        for lane in self._lanes:
            volume = lane.cache.get(t)
            if volume is not None:
                return self._picture(lane, volume)
        return None

    def _picture(self, lane: Lane, volume: Array) -> Picture:
        if lane is self._fine or self._coarse is None:
            return volume
        return Upsampled(volume, self._shape[1:], self._coarse.factors)

    def _move(self, wanted: tuple[int, ...]) -> None:
        now = time.monotonic()
        frames = wanted[0] - self._view.wanted[0] if wanted and self._view.wanted else 0
        self._pace = self._pace.moved(frames, now, self._shape[0])
        self._view = self._view.moved_to(wanted)
        if self._pace.playing(now):
            self._view = replace(self._view, direction=self._pace.direction)
        else:
            self._shown_at.clear()
        self._prefetching = True
        for lane in self._lanes:
            for t in wanted:
                lane.failures.pop(t, None)
            lane.keep_up(self._pace, now)
            self._give_up_useless(lane, now)
        self._wake()

    def _give_up_useless(self, lane: Lane, now: float) -> None:
        useless = useless_runs(
            [(flight.run, flight.left) for flight in lane.going],
            self._view,
            lane.reach(self._pace, now),
            cached=lane.cache,
            full=len(lane.flights) >= lane.slots(self._pace.playing(now)),
        )
        for flight in lane.going:
            if flight.run in useless:
                flight.given_up = True
                self._chores.append(flight.job.cancel)

    def _abandon(self) -> None:
        """Leave everything in flight behind: its answers are dropped and its threads are no longer ours."""
        jobs = [flight.job for lane in self._lanes for flight in lane.flights]
        if jobs:
            Thread(target=_cancel, args=(jobs,), name="thunder-volumes-cancel", daemon=True).start()
        for lane in self._lanes:
            lane.flights = []
        self._chores = []
        self._crew.abandon()

    def _wake(self) -> None:
        if not self._closed and self._view.wanted:
            self._crew.wake()

    def _seconds_until_more(self) -> float:
        """A play that ends and a rest that begins make work without anybody's doing."""
        now = time.monotonic()
        due = [moment - now for moment in (self._pace.ends_at, self._pace.rests_at) if moment > now]
        return min(due, default=math.inf) if self._waiting() else math.inf

    def _next_work(self) -> Callable[[], None] | None:
        if self._chores:
            return self._chores.pop(0)
        now = time.monotonic()
        for lane in reversed(self._lanes):
            flight = self._next_flight(lane, now) if self._has_turn(lane, now) else None
            if flight is not None:
                lane.flights.append(flight)
                return partial(self._fetch, flight)
        return None

    def _has_turn(self, lane: Lane, now: float) -> bool:
        """Coarse pictures come where whole volumes are slow; those wait while the slider moves."""
        if lane is not self._fine:
            return self._is_slow
        if len(self._lanes) == 1 or not self._is_slow:
            return True
        return not self._plays_coarsely(now) and (now >= self._pace.rests_at or self._pace.playing(now))

    @property
    def _is_slow(self) -> bool:
        return self._fine.latency is None or self._fine.latency > _SLOW_SECONDS

    def _plays_coarsely(self, now: float) -> bool:
        """Whether a play shows coarse pictures only, as reading whole volumes does not keep up with it."""
        return len(self._lanes) > 1 and self._is_slow and self._pace.playing(now) and self._fine.stride > 1

    def _next_flight(self, lane: Lane, now: float) -> Flight | None:
        playing = self._pace.playing(now)
        slots = lane.slots(playing)
        if len(lane.flights) >= slots:
            return None
        run = next_run(
            self._view,
            lane.reach(self._pace, now),
            cached=_InAny([self._fine.cache, lane.cache]),
            fetching={t for flight in lane.going for t in flight.left},
            failed=lane.failures,
        )
        if run is None or (run.prefetches and (not self._prefetching or len(lane.flights) >= slots - 1)):
            return None
        return Flight(run, lane, self._crew.epoch, f"Reading {self._name}")

    def _fetch(self, flight: Flight) -> None:
        self._announce_busy()
        begun, first, n_volumes = time.monotonic(), None, 0
        try:
            for t, volume in flight.reader.read(flight.run.frames, flight.job):
                first, n_volumes = first or time.monotonic(), n_volumes + 1
                self._deliver(flight, t, self._checked(flight.lane, t, volume))
            if flight.left and not flight.given_up:
                raise RecordingError(f"{self._name}: frame {flight.left[0]} did not come. Try again.")
        except JobCancelled:
            self._fail(flight, f"{self._name}: reading was cancelled. Try again.")
        except Exception as error:
            log.debug("%s: a read failed", self._name, exc_info=True)
            self._fail(flight, _words(error, self._name, flight.left[0] if flight.left else flight.run.frames[-1]))
        finally:
            with self._condition:
                if flight in flight.lane.flights:
                    flight.lane.flights.remove(flight)
                flight.lane.measure(begun, first, n_volumes)
                self._condition.notify_all()
            self._announce_busy()

    def _checked(self, lane: Lane, t: int, volume: Array) -> Array:
        if lane is self._fine and volume.shape != self._shape[1:]:
            raise RecordingError(
                f"{self._name}: frame {t} has shape {volume.shape}, but the recording's volumes have "
                f"{self._shape[1:]}. Its files may have changed; open the recording again."
            )
        kept = np.ascontiguousarray(volume, self._dtype).view()
        kept.flags.writeable = False
        return kept

    def _deliver(self, flight: Flight, t: int, volume: Array) -> None:
        with self._condition:
            if flight.epoch != self._crew.epoch:
                return
            flight.left.remove(t)
            flight.lane.cache.put(t, volume)
            flight.lane.failures.pop(t, None)
            if flight.lane is self._fine:
                self._reports.succeeded(t)
            draw = self._is_news(flight, t)
            if draw:
                newest = t in self._view.wanted or self._pace.playing(time.monotonic())
                generation = self._view.generation if newest else flight.run.view.generation
                self._show(t, self._picture(flight.lane, volume), generation)
        if draw:
            self._announce_busy()
            self._emit(self.arrived.emit, t)

    def _is_news(self, flight: Flight, t: int) -> bool:
        """Whether to draw it: what is wanted now, or nearer to that than what is shown."""
        if flight.lane is not self._fine and t in self._fine.cache:
            return False
        if t in self._view.wanted:
            return True
        if self._pace.playing(time.monotonic()):
            return self._passed(t)
        return self._was_wanted_since(flight.run, t)

    def _was_wanted_since(self, run: Any, t: int) -> bool:
        """Whether it answers an older request, but one that is newer than what is shown."""
        return t in run.view.wanted and run.view.generation > self._shown_generation

    def _passed(self, t: int) -> bool:
        """Whether a play went by it after what is shown: it comes late, but is nearer than that."""
        if self._shown is None or not self._view.wanted:
            return True
        direction, now = self._view.direction, self._view.wanted[-1]
        return direction * self._shown < direction * t <= direction * now

    def _show(self, t: int, picture: Picture, generation: int) -> None:
        if t != self._shown:
            self._shown_at.append(time.monotonic())
        self._shown, self._last, self._shown_generation = t, picture, generation

    def _fail(self, flight: Flight, message: str) -> None:
        with self._condition:
            if flight.epoch != self._crew.epoch or flight.given_up or not flight.left:
                return
            t = flight.left[0]
            flight.lane.failures[t] = message
            if flight.lane is not self._fine:
                return
            wanted = t in self._view.wanted
            self._prefetching &= wanted
            report = wanted and self._reports.is_news(t, message)
        if report:
            self._announce_busy()
            self._emit(self.failed.emit, message)

    def _waiting(self) -> bool:
        missing = (t for t in self._view.wanted if t not in self._fine.cache and t not in self._fine.failures)
        return not self._closed and next(missing, None) is not None

    def _announce_busy(self) -> None:
        with self._announcing:
            with self._condition:
                busy = self._waiting()
            if busy != self._said_busy:
                self._said_busy = busy
                self._emit(self.busy.emit, busy)

    def _emit(self, emit: Callable[..., Any], *values: Any) -> None:
        if self._closed:
            return
        try:
            emit(*values)
        except Exception:
            log.exception("%s: a listener failed", self._name)


class _InAny:
    """What is in one of several containers."""

    def __init__(self, containers: list[Any]) -> None:
        self._containers = containers

    def __contains__(self, t: object) -> bool:
        return any(t in container for container in self._containers)


def _cancel(jobs: list[Any]) -> None:
    for job in jobs:
        job.cancel()


def _words(error: Exception, name: str, t: int) -> str:
    if isinstance(error, ThunderError):
        return str(error)
    return f"{name}: frame {t} could not be read ({type(error).__name__}: {error}). Check the disk and try again."

"""One request cycle: the newest wish is fetched first, neighbours next, on threads that nobody ever waits for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Condition, Lock, Thread, current_thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from napari_thunder.engine.job import Job
from napari_thunder.errors import JobCancelled, RecordingError, ThunderError
from napari_thunder.volumes.cache import VolumeCache
from napari_thunder.volumes.planning import Reach, Run, View, next_run, useless_runs
from napari_thunder.volumes.reader import VolumeReader
from napari_thunder.volumes.reports import Reports

Array = NDArray[Any]

log = logging.getLogger(__name__)

_SLOTS = 2
"""Runs in flight at once: one may prefetch, or be stuck in an old read, while the other serves the newest wish."""

_THREADS = _SLOTS + 1
"""One more, so that there is always one to tell a run that it is cancelled: a cluster may take time to hear it."""

_IDLE_SECONDS = 60.0
"""A thread that had nothing to do for so long ends; the next request starts another."""

_CLOSE_SECONDS = 0.1


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
    """

    arrived = Signal(int)
    """Another picture is there: redraw the layer. Carries the frame that is shown now."""

    failed = Signal(str)
    """A wanted frame could not be read, with a message for a person; once for the same failure."""

    busy = Signal(bool)
    """Whether a wanted frame is on its way."""

    def __init__(
        self, reader: VolumeReader, shape: tuple[int, int, int, int], dtype: np.dtype[Any], *, name: str, max_bytes: int
    ) -> None:
        self._reader = reader
        self._shape = shape
        self._dtype = dtype
        self._name = name
        self._volume_bytes = int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
        self._reach = Reach.within(shape[0], self._volume_bytes, max_bytes, reader.stretch)
        self._cache = VolumeCache(max_bytes)
        self._condition = Condition(Lock())
        self._announcing = Lock()
        self._view = View()
        self._shown: int | None = None
        self._shown_generation = 0
        self._last: Array = np.broadcast_to(np.zeros((), dtype), shape[1:])
        self._flights: list[_Flight] = []
        self._threads: list[Thread] = []
        self._n_idle = 0
        self._chores: list[Callable[[], None]] = []
        self._epoch = 0
        self._failures: dict[int, str] = {}
        self._reports = Reports()
        self._prefetching = True
        self._said_busy = False
        self._closed = False

    @property
    def wanted_frames(self) -> tuple[int, ...]:
        """What was asked for last."""
        return self._view.wanted

    @property
    def shown_frame(self) -> int | None:
        """The frame whose picture is given out, or None while it is blank."""
        return self._shown

    @property
    def loading(self) -> bool:
        """Whether a wanted frame is missing and may still come."""
        with self._condition:
            return self._waiting()

    @property
    def failure(self) -> str | None:
        """Why a wanted frame is missing, or None."""
        with self._condition:
            return next((self._failures[t] for t in self._view.wanted if t in self._failures), None)

    @property
    def cached_frames(self) -> tuple[int, ...]:
        """Frames in memory, rising."""
        with self._condition:
            return tuple(sorted(self._cache.frames))

    @property
    def used_bytes(self) -> int:
        """Of the volumes in memory."""
        return self._cache.used_bytes

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def request(self, wanted: tuple[int, ...]) -> list[Array]:
        """The volumes (z, y, x) of these frames, read only; for one that is not there yet, the last good picture.

        What is missing is queued, and `arrived` tells when there is something to ask again for.
        """
        with self._condition:
            if wanted != self._view.wanted:
                self._move(wanted)
            volumes = [self._cache.get(t) for t in wanted]
            if wanted and volumes[-1] is not None:
                self._show(wanted[-1], volumes[-1], self._view.generation)
            return [self._last if volume is None else volume for volume in volumes]

    def retry(self) -> None:
        """Forget failures and reads that hang, and fetch what is missing anew."""
        self.use(self._reader)

    def use(self, reader: VolumeReader) -> None:
        """Fetch through another reader of the same recording from now on; what is in memory stays."""
        with self._condition:
            if self._closed:
                return
            self._reader = reader
            self._reach = Reach.within(self._shape[0], self._volume_bytes, self._cache.max_bytes, reader.stretch)
            self._abandon()
            self._failures.clear()
            self._reports.clear()
            self._prefetching = True
            self._wake()

    def close(self) -> None:
        """End without waiting for reads that are under way; what is in memory is let go."""
        with self._condition:
            threads = list(self._threads)
            self._closed = True
            self._abandon()
            self._cache.clear()
            self._condition.notify_all()
        end = time.monotonic() + _CLOSE_SECONDS
        for thread in threads:
            if thread.is_alive() and thread is not current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def _move(self, wanted: tuple[int, ...]) -> None:
        self._view = self._view.moved_to(wanted)
        self._prefetching = True
        for t in wanted:
            self._failures.pop(t, None)
        going = [flight for flight in self._flights if not flight.given_up]
        useless = useless_runs(
            [(flight.run, flight.left) for flight in going],
            self._view,
            self._reach,
            cached=self._cache,
            full=len(self._flights) >= _SLOTS,
        )
        for flight in going:
            if flight.run in useless:
                flight.given_up = True
                self._chores.append(flight.job.cancel)
        self._wake()

    def _abandon(self) -> None:
        """Leave everything in flight behind: its answers are dropped and its threads are no longer ours."""
        if self._flights:
            jobs = [flight.job for flight in self._flights]
            Thread(target=_cancel, args=(jobs,), name="thunder-volumes-cancel", daemon=True).start()
        self._epoch += 1
        self._flights, self._threads, self._chores, self._n_idle = [], [], [], 0

    def _wake(self) -> None:
        """Let a thread look for work; only the first is started here, as starting one takes milliseconds."""
        if self._closed or not self._view.wanted:
            return
        if not self._threads:
            self._new_thread().start()
        self._condition.notify_all()

    def _new_thread(self) -> Thread:
        name = f"thunder-volumes-{self._name}"
        self._threads.append(Thread(target=self._work, args=(self._epoch,), name=name, daemon=True))
        return self._threads[-1]

    def _work(self, epoch: int) -> None:
        while (work := self._take(epoch)) is not None:
            self._keep_one_spare(epoch)
            work()

    def _keep_one_spare(self, epoch: int) -> None:
        with self._condition:
            if self._epoch != epoch or self._n_idle or len(self._threads) >= _THREADS:
                return
            thread = self._new_thread()
        thread.start()

    def _take(self, epoch: int) -> Callable[[], None] | None:
        """Wait for something to do; None when there is no more to come."""
        bored = False
        with self._condition:
            while self._epoch == epoch:
                work = self._next_work()
                if work is not None:
                    return work
                if bored:
                    self._threads.remove(current_thread())
                    break
                bored = not self._idle(epoch)
        return None

    def _idle(self, epoch: int) -> bool:
        """Sleep; whether something happened meanwhile."""
        self._n_idle += 1
        woken = self._condition.wait(_IDLE_SECONDS)
        if self._epoch == epoch:
            self._n_idle -= 1
        return woken

    def _next_work(self) -> Callable[[], None] | None:
        if self._chores:
            return self._chores.pop(0)
        flight = self._next_flight()
        if flight is None:
            return None
        self._flights.append(flight)
        return partial(self._fetch, flight)

    def _next_flight(self) -> _Flight | None:
        if len(self._flights) >= _SLOTS:
            return None
        going = [flight for flight in self._flights if not flight.given_up]
        fetching = {t for flight in going for t in flight.left}
        run = next_run(self._view, self._reach, cached=self._cache, fetching=fetching, failed=self._failures)
        if run is None or (run.prefetches and (not self._prefetching or len(self._flights) >= _SLOTS - 1)):
            return None
        return _Flight(run, self._reader, self._epoch, f"Reading {self._name}")

    def _fetch(self, flight: _Flight) -> None:
        self._announce_busy()
        try:
            for t, volume in flight.reader.read(flight.run.frames, flight.job):
                self._deliver(flight, t, self._checked(t, volume))
            if flight.left and not flight.given_up:
                raise RecordingError(f"{self._name}: frame {flight.left[0]} did not come. Try again.")
        except JobCancelled:
            self._fail(flight, f"{self._name}: reading was cancelled. Try again.")
        except Exception as error:
            log.debug("%s: a read failed", self._name, exc_info=True)
            self._fail(flight, _words(error, self._name, flight.left[0] if flight.left else flight.run.frames[-1]))
        finally:
            with self._condition:
                if flight in self._flights:
                    self._flights.remove(flight)
                self._condition.notify_all()
            self._announce_busy()

    def _checked(self, t: int, volume: Array) -> Array:
        if volume.shape != self._shape[1:]:
            raise RecordingError(
                f"{self._name}: frame {t} has shape {volume.shape}, but the recording's volumes have "
                f"{self._shape[1:]}. Its files may have changed; open the recording again."
            )
        kept = np.ascontiguousarray(volume, self._dtype).view()
        kept.flags.writeable = False
        return kept

    def _deliver(self, flight: _Flight, t: int, volume: Array) -> None:
        with self._condition:
            if flight.epoch != self._epoch:
                return
            flight.left.remove(t)
            self._cache.put(t, volume)
            self._failures.pop(t, None)
            self._reports.succeeded(t)
            draw = t in self._view.wanted or self._was_wanted_since(flight.run, t)
            if draw:
                self._show(t, volume, self._view.generation if t in self._view.wanted else flight.run.view.generation)
        if draw:
            self._announce_busy()
            self._emit(self.arrived.emit, t)

    def _was_wanted_since(self, run: Run, t: int) -> bool:
        """Whether it answers an older request, but one that is newer than what is shown."""
        return t in run.view.wanted and run.view.generation > self._shown_generation

    def _show(self, t: int, volume: Array, generation: int) -> None:
        self._shown, self._last, self._shown_generation = t, volume, generation

    def _fail(self, flight: _Flight, message: str) -> None:
        with self._condition:
            if flight.epoch != self._epoch or flight.given_up or not flight.left:
                return
            t = flight.left[0]
            self._failures[t] = message
            wanted = t in self._view.wanted
            self._prefetching &= wanted
            report = wanted and self._reports.is_news(t, message)
        if report:
            self._announce_busy()
            self._emit(self.failed.emit, message)

    def _waiting(self) -> bool:
        return not self._closed and any(t not in self._cache and t not in self._failures for t in self._view.wanted)

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


class _Flight:
    """A run that is being fetched."""

    def __init__(self, run: Run, reader: VolumeReader, epoch: int, title: str) -> None:
        self.run = run
        self.reader = reader
        self.epoch = epoch
        self.left = list(run.frames)
        self.job = Job(title)
        self.given_up = False


def _cancel(jobs: list[Job]) -> None:
    for job in jobs:
        job.cancel()


def _words(error: Exception, name: str, t: int) -> str:
    if isinstance(error, ThunderError):
        return str(error)
    return f"{name}: frame {t} could not be read ({type(error).__name__}: {error}). Check the disk and try again."

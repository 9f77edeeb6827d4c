"""One running piece of work: what it is, how far it is, and how to stop it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from threading import Event, Lock

from psygnal import Signal

from napari_thunder.errors import JobCancelled


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job:
    """One running piece of work.

    Safe to watch and to cancel from any thread. `changed` is emitted in the thread that works.

    Parameters
    ----------
    title
        What a person reads in a list of jobs.
    """

    changed = Signal()

    def __init__(self, title: str = "work") -> None:
        self.title = title
        self.tag = f"thunder-{uuid.uuid4().hex[:12]}"
        self.state = JobState.QUEUED
        self.fraction = 0.0
        self.message = ""
        self.started: float | None = None
        self.seconds = 0.0
        self._span = (0.0, 1.0)
        self._span_began: float | None = None
        self._cancel = Event()
        self._lock = Lock()
        self._on_cancel: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether someone asked for it to stop."""
        return self._cancel.is_set()

    @property
    def ended(self) -> bool:
        """Whether it is done, failed or cancelled."""
        return self.state in _ENDED

    @property
    def seconds_left(self) -> float | None:
        """A guess from the pace of the stage under way; None while there is none, or more stages follow."""
        start, stop = self._span
        began = self.started if self._span_began is None else self._span_began
        done = (self.fraction - start) / max(stop - start, 1e-9)
        if began is None or stop < 1.0 or done <= 0.02 or self.ended:
            return None
        return (time.monotonic() - began) * (1 - done) / done

    def cancel(self) -> None:
        """Ask the work to stop; returns at once."""
        with self._lock:
            if self.ended or self._cancel.is_set():
                return
            self._cancel.set()
            callbacks = list(self._on_cancel)
        self._become(JobState.CANCELLING)
        for callback in callbacks:
            callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` when the job is cancelled inside this block (at once if it already is).

        The callback runs in the thread that cancels, so it must not block.
        """
        with self._lock:
            self._on_cancel.append(callback)
            late = self._cancel.is_set()
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._on_cancel.remove(callback)

    def check(self) -> None:
        """Stop here if the job was cancelled.

        Raises
        ------
        JobCancelled
        """
        if self._cancel.is_set():
            raise JobCancelled(f"{self.title}: cancelled")

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake up when cancelled; True if it was."""
        return self._cancel.wait(seconds)

    @contextmanager
    def stage(self, start: float, stop: float, message: str = "") -> Iterator[None]:
        """Let what happens inside count as the work from `start` to `stop` (fractions of the whole)."""
        before, self._span = (self._span, self._span_began), (start, stop)
        self._span_began = time.monotonic()
        self.advance(0.0, message)
        try:
            yield
        finally:
            self._span, self._span_began = before

    def advance(self, fraction: float, message: str | None = None) -> None:
        """Say how far the work (or this stage of it) is, from 0 to 1; it never goes backwards."""
        start, stop = self._span
        self.fraction = max(self.fraction, start + (stop - start) * min(1.0, fraction))
        if message is not None:
            self.message = message
        self.changed.emit()

    @contextmanager
    def running(self) -> Iterator[Job]:
        """Run work under this job: started on entry; done, failed or cancelled on exit."""
        if self.state is JobState.RUNNING:
            yield self
            return
        self.started = time.monotonic()
        if not self.cancelled:
            self._become(JobState.RUNNING)
        try:
            self.check()
            yield self
        except (JobCancelled, GeneratorExit):
            self._end(JobState.CANCELLED)
            raise
        except BaseException as error:
            self.message = str(error)
            self._end(JobState.FAILED)
            raise
        else:
            self.fraction = 1.0
            self._end(JobState.DONE)

    def _end(self, state: JobState) -> None:
        if self.started is not None:
            self.seconds = time.monotonic() - self.started
        self._become(state)

    def _become(self, state: JobState) -> None:
        with self._lock:
            if self.ended:
                return
            self.state = state
        self.changed.emit()

"""Analyses that wait, run or have run, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import JobCancelled
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording

if TYPE_CHECKING:
    from napari_thunder.analysis.protocol import Analysis, Step
    from napari_thunder.pipeline import Partial

PARTIAL_EVERY = 0.2
"""Seconds between two partial results at least."""

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Request:
    """What to compute, on what."""

    analysis: Analysis
    recording: Recording
    preprocess: tuple[Step, ...] = ()

    @property
    def title(self) -> str:
        """For lists: `fish · Direction tuning`."""
        return f"{self.recording.name} · {self.analysis.title}"


class Run:
    """A request and what became of it.

    Parameters
    ----------
    request
        What to compute.
    """

    def __init__(self, request: Request) -> None:
        self.key = next(_numbers)
        self.request = request
        self.job = Job(request.title)
        self.trouble: Trouble | None = None


Stream = Callable[..., Iterator["Partial"]]


class Jobs:
    """A queue of analyses, one of them running.

    A cancelled run frees its place at once, even if its last read hangs; whatever it still delivers is dropped.
    All signals may be emitted from any thread: `changed(run)` for progress and state, `partial(run, partial)` about
    five times a second and once more when the result is whole.

    Parameters
    ----------
    stream
        Yields partial results, as `napari_thunder.stream`.
    """

    changed = Signal(object)
    partial = Signal(object, object)

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: list[Run] = []
        self._running: Run | None = None
        self._background = Background("jobs")
        self._lock = Lock()

    @property
    def running(self) -> Run | None:
        """The one that runs."""
        return self._running

    @property
    def waiting(self) -> Sequence[Run]:
        """Those that wait, next first."""
        return tuple(self._waiting)

    def submit(self, request: Request) -> Run:
        """Queue a request; returns at once."""
        run = Run(request)
        run.job.changed.connect(lambda: self.changed.emit(run))
        with self._lock:
            self._waiting.append(run)
        self.changed.emit(run)
        self._next()
        return run

    def cancel(self, run: Run) -> None:
        """Stop a run, or take it out of the queue; returns at once."""
        run.job.cancel()
        self._leave(run)
        self.changed.emit(run)

    def close(self, seconds: float = 1.0) -> None:
        """Cancel everything and end; takes no longer than `seconds` even if a read hangs."""
        with self._lock:
            runs, self._waiting = [*self._waiting], []
        for run in [*runs, *([self._running] if self._running else [])]:
            run.job.cancel()
        self._background.close(seconds)

    def _next(self) -> None:
        with self._lock:
            if self._running is not None or not self._waiting or self._background.closed:
                return
            run = self._running = self._waiting.pop(0)
        self._background.start(self._work, run)

    def _leave(self, run: Run) -> None:
        with self._lock:
            if run in self._waiting:
                self._waiting.remove(run)
            if self._running is run:
                self._running = None
        self._next()

    def _work(self, run: Run) -> None:
        try:
            with run.job.running():
                self._follow(run)
        except JobCancelled:
            pass
        except Exception as error:
            run.trouble = Trouble.of(error)
        self._leave(run)
        self.changed.emit(run)

    def _follow(self, run: Run) -> None:
        request, last = run.request, float("-inf")
        stream = self._stream(request.analysis, request.recording, preprocess=request.preprocess, job=run.job)
        for partial in stream:
            run.job.check()
            if partial.done or time.monotonic() - last >= PARTIAL_EVERY:
                self.partial.emit(run, partial)
                last = time.monotonic()

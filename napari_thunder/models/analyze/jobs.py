"""Analyses that wait, run or have run, one after the other; previews beside them."""

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
    import xarray as xr

    from napari_thunder.analysis.protocol import Analysis, Step
    from napari_thunder.masks import MaskLike
    from napari_thunder.pipeline import Partial
    from napari_thunder.regions import Region

PARTIAL_EVERY = 0.2
"""Seconds between two partial results at least."""

_MOST_LISTED = 50

_numbers = count(1)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What to compute, on what.

    Parameters
    ----------
    mask
        As in `napari_thunder.run`; None for the whole brain.
    place
        What the mask is called, for lists.
    preview
        Whether few voxels on a coarse grid are enough.
    regions
        Whose activity the analysis may ask for.
    """

    analysis: Analysis
    recording: Recording
    preprocess: tuple[Step, ...] = ()
    mask: MaskLike | None = None
    place: str = ""
    preview: bool = False
    regions: tuple[Region, ...] = ()

    @property
    def title(self) -> str:
        """For lists: `fish · Direction tuning in tectum (preview)`."""
        place = f" in {self.place}" if self.place else ""
        return f"{self.recording.name} · {self.analysis.title}{place}{' (preview)' if self.preview else ''}"


@dataclass(frozen=True, slots=True, eq=False)
class Errand:
    """Work other than an analysis: it waits its turn in the same queue, and sees itself to what comes of it.

    Parameters
    ----------
    title
        For lists: `fish · Registration`.
    work
        Does it, under the job it is given, and says in a few words what came of it; on a thread of its own.
    preview
        Whether it is quick and need not wait for others.
    """

    title: str
    recording: Recording
    work: Callable[[Job], str]
    preview: bool = False


class Run:
    """A request and what became of it.

    Parameters
    ----------
    request
        What to compute, or another errand.

    Attributes
    ----------
    said
        What a preview was made of, and what it tells: `3 344 of 13 224 voxels; p_fdr ≤ 0.05: 12 % (11 to 13) …`; or
        what an errand came to.
    """

    def __init__(self, request: Request | Errand) -> None:
        self.key = next(_numbers)
        self.request = request
        self.job = Job(request.title)
        self.trouble: Trouble | None = None
        self.said = ""

    @property
    def ended(self) -> bool:
        """Whether it is done, failed or given up."""
        return self.job.ended or self.job.cancelled


Stream = Callable[..., Iterator["Partial"]]


class Jobs:
    """A queue of analyses, one of them running; a preview does not wait for them, but takes an older one's place.

    A cancelled run frees its place at once, even if its last read hangs; whatever it still delivers is dropped.
    All signals may be emitted from any thread: `changed(run)` for progress and state, `listed()` when there are other
    runs in the list, `partial(run, partial)` about five times a second and once more when the result is whole.

    Parameters
    ----------
    stream
        Yields partial results, as `napari_thunder.stream`; told by `preview=True` that a look is enough.
    """

    changed = Signal(object)
    listed = Signal()
    partial = Signal(object, object)

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: list[Run] = []
        self._running: Run | None = None
        self._looking: Run | None = None
        self._listed: dict[int, Run] = {}
        self._background = Background("jobs")
        self._lock = Lock()

    @property
    def running(self) -> Run | None:
        """The analysis that runs."""
        return self._running

    @property
    def looking(self) -> Run | None:
        """The preview that runs."""
        return self._looking

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        return self._running is not None or self._looking is not None

    @property
    def waiting(self) -> Sequence[Run]:
        """Those that wait, next first."""
        return tuple(self._waiting)

    @property
    def runs(self) -> Sequence[Run]:
        """All in the list, oldest first: ended, running and waiting."""
        return tuple(self._listed.values())

    def submit(self, request: Request | Errand) -> Run:
        """Queue a request, or begin a preview; returns at once."""
        run = Run(request)
        run.job.changed.connect(lambda: self.changed.emit(run))
        before = self._looking if request.preview else None
        with self._lock:
            if request.preview:
                self._listed = {key: other for key, other in self._listed.items() if not _was_a_look(other)}
            self._listed[run.key] = run
            if not request.preview:
                self._waiting.append(run)
            elif not self._background.closed:
                self._looking = run
            self._forget_oldest()
        if before is not None:
            before.job.cancel()
            self._leave(before)
        self.listed.emit()
        self.changed.emit(run)
        if request.preview:
            self._background.start(self._work, run)
        self._next()
        return run

    def cancel(self, run: Run) -> None:
        """Stop a run, or take it out of the queue; returns at once."""
        run.job.cancel()
        self._leave(run)
        self.changed.emit(run)

    def cancel_newest(self) -> None:
        """Stop what runs: the preview if there is one, else the analysis."""
        run = self._looking or self._running
        if run is not None:
            self.cancel(run)

    def cancel_all(self) -> None:
        """Stop everything and empty the queue."""
        for run in reversed(self.runs):
            if not run.ended:
                self.cancel(run)

    def clear_ended(self) -> None:
        """Take what has ended off the list; results stay."""
        with self._lock:
            self._listed = {key: run for key, run in self._listed.items() if not run.ended}
        self.listed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """Cancel everything and end; takes no longer than `seconds` even if a read hangs."""
        with self._lock:
            runs, self._waiting = [*self._waiting], []
        for run in (*runs, self._running, self._looking):
            if run is not None:
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
            if self._looking is run:
                self._looking = None
            dropped = run.request.preview and run.job.cancelled
            if dropped:
                self._listed.pop(run.key, None)
        if dropped:
            self.listed.emit()
        self._next()

    def _forget_oldest(self) -> None:
        ended = [key for key, run in self._listed.items() if run.ended]
        for key in ended[: max(0, len(self._listed) - _MOST_LISTED)]:
            del self._listed[key]

    def _work(self, run: Run) -> None:
        try:
            with run.job.running():
                self._follow(run)
        except JobCancelled:
            pass
        except Exception as error:
            if not run.job.cancelled:
                run.trouble = Trouble.of(error)
        self._leave(run)
        self.changed.emit(run)

    def _follow(self, run: Run) -> None:
        request, last = run.request, float("-inf")
        if isinstance(request, Errand):
            run.said = request.work(run.job)
            return
        stream = self._stream(
            request.analysis,
            request.recording,
            preprocess=request.preprocess,
            mask=request.mask,
            regions=request.regions,
            preview=request.preview,
            job=run.job,
        )
        for partial in stream:
            run.job.check()
            if partial.done:
                run.said = _said(partial.dataset)
            if partial.done or time.monotonic() - last >= PARTIAL_EVERY:
                self.partial.emit(run, partial)
                last = time.monotonic()


def _said(result: xr.Dataset) -> str:
    """What a preview was made of, and the first thing that it tells of the whole brain."""
    told = result.attrs.get("preview_estimates", [])[:1]
    return "; ".join([str(result.attrs["preview"]), *told]) if "preview" in result.attrs else ""


def _was_a_look(run: Run) -> bool:
    return run.request.preview and run.ended

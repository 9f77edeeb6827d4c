"""Reading series through the engine, pass by pass: regions first, the newest hover last, nothing for nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock

from psygnal import Signal

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import EngineError, JobCancelled, ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.connection import Connection, ConnectionState
from napari_thunder.models.datasets import Dataset
from napari_thunder.models.trace_store import TraceStore
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import Region
from napari_thunder.traces.means import stream_means


@dataclass(frozen=True, slots=True, eq=False)
class Want:
    """A series that is wanted.

    Parameters
    ----------
    content
        Digest of the voxels.
    region
        Makes the region of these voxels; may take its time.
    later
        Whether it waits until all others are there.
    """

    content: str
    region: Callable[[], Region]
    later: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Pass:
    dataset: Dataset
    wants: tuple[Want, ...]
    job: Job


class TracePasses:
    """Reads the series that are wanted now, and no others.

    Each call of `want` says all that is wanted from then on. A pass that reads nothing of it any more is cancelled, and
    so is one for the hover as soon as something else is wanted; what it delivers late is dropped.

    Signals, from any thread: `arrived(contents)` for new series in the store, `changed()` for progress, troubles and
    the end of a pass.

    Parameters
    ----------
    connection
        Whose engine reads; waited for while it is being connected.
    store
        Where the series go.
    """

    arrived = Signal(frozenset)
    changed = Signal()

    def __init__(self, connection: Connection, store: TraceStore) -> None:
        self.trouble: Trouble | None = None
        self._connection = connection
        self._store = store
        self._dataset: Dataset | None = None
        self._wants: dict[str, Want] = {}
        self._given_up: set[tuple[int, str]] = set()
        self._fingerprints: dict[int, str] = {}
        self._running: _Pass | None = None
        self._seen: tuple[object, ConnectionState] = (connection.engine, connection.state)
        self._background = Background("traces")
        self._lock = RLock()
        connection.changed.connect(self._follow)

    @property
    def job(self) -> Job | None:
        """Of the pass under way."""
        running = self._running
        return None if running is None else running.job

    def fingerprint(self, dataset: Dataset) -> str | None:
        """Of the recording's voxels when they were last read; None before the first time."""
        return self._fingerprints.get(dataset.key)

    def waits_for(self, content: str) -> bool:
        """Whether this series of the current recording is wanted and will come."""
        dataset = self._dataset
        return dataset is not None and content in self._wants and (dataset.key, content) not in self._given_up

    def want(self, dataset: Dataset | None, wants: Sequence[Want]) -> None:
        """Say all that is wanted from now on; returns at once."""
        with self._lock:
            self._dataset, self._wants = dataset, {want.content: want for want in wants}
            self._go_on()

    def forget(self, key: int) -> None:
        """Drop what is known of a recording that was removed."""
        with self._lock:
            self._fingerprints.pop(key, None)
            self._given_up = {given for given in self._given_up if given[0] != key}

    def cancel(self) -> None:
        """Stop reading; what is missing stays missing until `retry`."""
        with self._lock:
            self._give_up(self._missing())
            self._leave()
            self.trouble = Trouble("Reading the traces was cancelled. Retry reads what is missing.")
        self.changed.emit()

    def retry(self) -> None:
        """Read what could not be read before."""
        with self._lock:
            self.trouble = None
            self._given_up.clear()
            self._go_on()
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end; takes no longer than `seconds` even if a read hangs."""
        self._connection.changed.disconnect(self._follow, missing_ok=True)
        with self._lock:
            self._wants = {}
            self._leave()
        self._background.close(seconds)

    def _missing(self) -> list[Want]:
        dataset = self._dataset
        if dataset is None:
            return []
        known = self._fingerprints.get(dataset.key)
        return [
            want
            for content, want in self._wants.items()
            if (dataset.key, content) not in self._given_up
            and (known is None or self._store.get(known, content) is None)
        ]

    def _go_on(self) -> None:
        """Stop the pass under way if it is for nobody, and start the next if none is under way."""
        missing = self._missing()
        now = [want for want in missing if not want.later] or missing
        running = self._running
        if running is not None:
            if self._dataset is running.dataset or self._same_movie(running.dataset):
                useful = {want.content for want in running.wants} & {want.content for want in now}
                if useful:
                    return
            self._leave()
        if not now or self._dataset is None or self._background.closed:
            return
        job = Job(f"traces of {self._dataset.name}")
        self._running = begun = _Pass(self._dataset, tuple(now), job)
        job.changed.connect(self.changed.emit)
        self._background.start(self._work, begun)

    def _same_movie(self, dataset: Dataset) -> bool:
        return self._dataset is not None and self._dataset.recording.source is dataset.recording.source

    def _leave(self) -> None:
        """Let the pass under way end by itself, unheard."""
        running, self._running = self._running, None
        if running is not None:
            running.job.changed.disconnect(self.changed.emit, missing_ok=True)
            running.job.cancel()

    def _work(self, begun: _Pass) -> None:
        trouble = None
        try:
            with begun.job.running():
                trouble = self._read(begun)
        except JobCancelled:
            pass
        except Exception as error:
            trouble = Trouble.of(error)
            if isinstance(error, EngineError):
                self._connection.check()
        with self._lock:
            if self._running is not begun:
                return
            self._running = None
            self._end(begun, trouble)
            self._go_on()
        self.changed.emit()

    def _end(self, begun: _Pass, trouble: Trouble | None) -> None:
        """Do not ask again for what did not come, until something changes."""
        known = self._fingerprints.get(begun.dataset.key)
        self._give_up([want for want in begun.wants if known is None or self._store.get(known, want.content) is None])
        if trouble is not None or not any(want.later for want in begun.wants):
            self.trouble = trouble

    def _read(self, begun: _Pass) -> Trouble | None:
        """Put what is wanted into the store; what could not be made of it is the trouble."""
        recording, job = begun.dataset.recording, begun.job
        engine = self._engine(job)
        fingerprint = recording.source.fingerprint()
        wants, regions, trouble = _made(begun)
        job.check()
        with self._lock:
            if self._running is begun:
                self._fingerprints[begun.dataset.key] = fingerprint
        for number, series in stream_means(regions, recording, engine, job):
            self._store.put(fingerprint, wants[number].content, series)
            if self._running is begun:
                self.arrived.emit(frozenset({wants[number].content}))
        return trouble

    def _engine(self, job: Job) -> Engine:
        try:
            return self._connection.wait_for_engine(job)
        except EngineError:
            raise EngineError("No engine is connected, so traces cannot be read. Connect to one in Data.") from None

    def _give_up(self, wants: Sequence[Want]) -> None:
        if self._dataset is not None:
            self._given_up |= {(self._dataset.key, want.content) for want in wants}

    def _follow(self) -> None:
        """Another engine, another try."""
        with self._lock:
            seen = (self._connection.engine, self._connection.state)
            if seen == self._seen:
                return
            self._seen = seen
            self._leave()
        self.retry()


def _made(begun: _Pass) -> tuple[list[Want], list[Region], Trouble | None]:
    """The regions that are wanted; one that cannot be made is no reason to leave out the others."""
    wants, regions, trouble = [], [], None
    for want in begun.wants:
        begun.job.check()
        try:
            regions.append(want.region())
        except ThunderError as error:
            trouble = Trouble.of(error)
        else:
            wants.append(want)
    return wants, regions, trouble

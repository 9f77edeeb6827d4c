"""Reading series through the engine, pass by pass: the newest wish first, nothing for nobody."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from threading import RLock

from psygnal import Signal

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import EngineError, JobCancelled, ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.data.connection import Connection, ConnectionState
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.data.fingerprints import Fingerprints
from napari_thunder.models.traces.store import TraceStore
from napari_thunder.models.traces.want import TracePass, Want
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import Region
from napari_thunder.traces.means import stream_means

MOST_PASSES = 2
"""At once, and one for the hover beside them: a new region does not wait for one that takes minutes."""

DWELL = 0.2
"""Seconds that the mouse has to rest where the voxel before was left before it was read: reads cannot be called back,
and the storage would be kept busy with what nobody waits for."""


class TracePasses:
    """Reads the series that are wanted now, and no others.

    Each call of `want` says all that is wanted from then on. What is new is read in a pass of its own, beside those
    under way; a pass that reads nothing any more that is wanted is cancelled, and what it delivers late is dropped. The
    hover never keeps others waiting.

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
        self._connection = connection
        self._store = store
        self._dataset: Dataset | None = None
        self._wants: dict[str, Want] = {}
        self._given_up: dict[str, Trouble] = {}
        self._fingerprints = Fingerprints()
        self._running: list[TracePass] = []
        self._restless = False
        self._seen: tuple[object, ConnectionState] = (connection.engine, connection.state)
        self._background = Background("traces")
        self._lock = RLock()
        connection.changed.connect(self._follow)

    @property
    def job(self) -> Job | None:
        """Of the oldest pass under way, rather than of the hover."""
        running = sorted(self._running, key=lambda under_way: under_way.later)
        return running[0].job if running else None

    @property
    def trouble(self) -> Trouble | None:
        """Why something that is wanted was not read."""
        return next(iter(self._given_up.values()), None)

    def fingerprint(self, dataset: Dataset) -> str | None:
        """Of the recording's voxels when they were last read; None before the first time."""
        return self._fingerprints.last(dataset)

    def waits_for(self, content: str) -> bool:
        """Whether this series of the current recording is wanted and will come."""
        return content in self._wants and content not in self._given_up

    def want(self, dataset: Dataset | None, wants: Iterable[Want]) -> None:
        """Say all that is wanted from now on; returns at once."""
        with self._lock:
            same = dataset is not None and self._is_same_movie(dataset)
            self._dataset, self._wants = dataset, {want.content: want for want in wants}
            self._store.need(self._wants.keys())
            self._given_up = {c: why for c, why in self._given_up.items() if same and c in self._wants}
            self._go_on()

    def forget(self, key: int) -> None:
        """Drop what is known of a recording that was removed."""
        with self._lock:
            self._fingerprints.forget(key)

    def cancel(self) -> None:
        """Stop reading; what is missing stays missing until `retry`."""
        with self._lock:
            self._give_up(self._missing(), Trouble("Reading traces was cancelled. Retry reads what is missing."))
            self._go_on()
        self.changed.emit()

    def retry(self) -> None:
        """Read what could not be read before."""
        with self._lock:
            self._given_up.clear()
            self._go_on()
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """Cancel and end; takes no longer than `seconds` even if a read hangs."""
        self._connection.changed.disconnect(self._follow, missing_ok=True)
        self.want(None, ())
        self._background.close(seconds)

    def _is_same_movie(self, dataset: Dataset) -> bool:
        return self._dataset is not None and self._dataset.recording.source is dataset.recording.source

    def _missing(self) -> list[Want]:
        dataset = self._dataset
        if dataset is None:
            return []
        known = self._fingerprints.last(dataset)
        there = {c for c in self._wants if known is not None and self._store.get(known, c) is not None}
        return [want for c, want in self._wants.items() if c not in self._given_up and c not in there]

    def _go_on(self) -> None:
        """Stop the passes that are for nobody, and begin those that are missing."""
        missing = self._missing()
        wanted = {want.content for want in missing}
        for under_way in list(self._running):
            if not (self._is_same_movie(under_way.dataset) and under_way.contents & wanted):
                self._restless |= under_way.later
                self._leave(under_way)
        read = {content for under_way in self._running for content in under_way.contents}
        for later, most in ((False, MOST_PASSES), (True, 1)):
            wants = tuple(want for want in missing if want.later is later and want.content not in read)
            if wants and sum(under_way.later is later for under_way in self._running) < most:
                self._begin(wants)

    def _begin(self, wants: tuple[Want, ...]) -> None:
        if self._dataset is None or self._background.closed:
            return
        dwell = DWELL if wants[0].later and self._restless else 0.0
        begun = TracePass(self._dataset, wants, Job(f"traces of {self._dataset.name}"), dwell)
        self._running.append(begun)
        begun.job.changed.connect(self._say_changed)
        self._background.start(self._work, begun)

    def _say_changed(self) -> None:
        self.changed.emit()

    def _leave(self, under_way: TracePass) -> None:
        """Let a pass end by itself, unheard."""
        self._running.remove(under_way)
        under_way.job.changed.disconnect(self._say_changed, missing_ok=True)
        under_way.job.cancel()

    def _work(self, begun: TracePass) -> None:
        trouble = None
        try:
            with begun.job.running():
                self._read(begun)
        except JobCancelled:
            trouble = Trouble("Reading traces was cancelled. Retry reads what is missing.")
        except Exception as error:
            trouble = Trouble.of(error)
            if isinstance(error, EngineError):
                self._connection.check()
        with self._lock:
            if begun not in self._running:
                return
            self._running.remove(begun)
            self._restless &= not begun.later
            if trouble is not None:
                self._give_up([want for want in self._missing() if want.content in begun.contents], trouble)
            self._go_on()
        self.changed.emit()

    def _read(self, begun: TracePass) -> None:
        """Put what is wanted into the store."""
        recording, job = begun.dataset.recording, begun.job
        job.wait(begun.dwell)
        engine = self._engine(job)
        asked = time.monotonic()
        fingerprint = self._fingerprints.ask(begun.dataset)
        took = time.monotonic() - asked
        wants, regions = self._made(begun)
        with self._lock:
            job.check()
            self._fingerprints.take(begun.dataset, fingerprint, took)
        for number, series in stream_means(regions, recording, engine, job):
            self._store.put(fingerprint, wants[number].content, series)
            if begun in self._running:
                self.arrived.emit(frozenset({wants[number].content}))

    def _engine(self, job: Job) -> Engine:
        try:
            return self._connection.wait_for_engine(job)
        except EngineError:
            raise EngineError("No engine is connected, so traces cannot be read. Connect to one in Data.") from None

    def _made(self, begun: TracePass) -> tuple[list[Want], list[Region]]:
        """The regions that are wanted; one that cannot be made is no reason to leave out the others."""
        wants, regions = [], []
        for want in begun.wants:
            begun.job.check()
            try:
                regions.append(want.region())
            except ThunderError as error:
                with self._lock:
                    self._give_up([want], Trouble.of(error))
            else:
                wants.append(want)
        return wants, regions

    def _give_up(self, wants: Sequence[Want], why: Trouble) -> None:
        """Do not read these again until something changes, nor show the old trouble of what is not wanted."""
        self._given_up |= {want.content: why for want in wants if want.content in self._wants}

    def _follow(self) -> None:
        """Another engine, another try."""
        with self._lock:
            seen = (self._connection.engine, self._connection.state)
            if seen == self._seen:
                return
            self._seen = seen
            for under_way in list(self._running):
                self._leave(under_way)
        self.retry()

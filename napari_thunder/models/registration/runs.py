"""Registering, trying and judging, in the queue of the desk's jobs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.models.analyze.jobs import Errand, Jobs, Run
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.registration.entries import Entries
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.reference import Reference
from napari_thunder.models.registration.shelf import judgements
from napari_thunder.models.registration.trial import Trial
from napari_thunder.models.registration.trying import Wish
from napari_thunder.models.registration.work import Works
from napari_thunder.registration.quality import Quality
from napari_thunder.registration.settings import Registration

if TYPE_CHECKING:
    import xarray as xr

PARTIAL_EVERY = 0.25
"""Seconds between two looks at a registration that runs."""


class Runs:
    """Queues registrations, tries and judgements, and puts what comes of them among the entries.

    Signals, from any thread: `progressed()` when something got on; `ended(trouble)` when something ended, with why it
    failed or None; `filled(entry)` when there is a new entry, or one became whole; `judged(entry)`; `tried(trial)`.

    Parameters
    ----------
    datasets, jobs, connection
        Of the desk.
    entries
        Where registrations go.
    works
        Does the work.
    """

    progressed = Signal()
    ended = Signal(object)
    filled = Signal(object)
    judged = Signal(object)
    tried = Signal(object)

    def __init__(self, datasets: Datasets, jobs: Jobs, connection: Connection, entries: Entries, works: Works) -> None:
        self._datasets, self._jobs, self._connection = datasets, jobs, connection
        self._entries, self._works = entries, works
        self._runs: dict[str, Run] = {}
        self._filled: dict[str, int] = {}
        jobs.changed.connect(self._follow)

    @property
    def running(self) -> Run | None:
        """The registration that waits or runs."""
        return self._under_way("register")

    @property
    def judging(self) -> Run | None:
        """The judging that waits or runs."""
        return self._under_way("judge")

    @property
    def trying(self) -> Run | None:
        """The try that runs."""
        return self._under_way("try")

    def register(self, dataset: Dataset, settings: Registration, reference: Reference, quality: Quality) -> Run:
        """Queue a registration; it is judged in this way when it is done."""
        recording, name = dataset.recording.raw, f"{settings.mode} to {reference.title}"

        def work(job: Job) -> str:
            engine, key = self._connection.wait_for_engine(job), 0
            try:
                last = float("-inf")
                for progress in self._works.register(recording, settings, reference, engine, job):
                    job.check()
                    if progress.finished or time.monotonic() - last >= PARTIAL_EVERY:
                        last = time.monotonic()
                        key = self._keep(dataset.key, key, name, progress.dataset, finished=progress.finished)
            except BaseException:
                self._drop_unfinished(key)
                raise
            self._filled[job.tag] = key
            self.judge(key, quality)
            return ""

        return self._submit("register", Errand(f"{dataset.name} · Registration", recording, work))

    def judge(self, key: int, settings: Quality) -> Run | None:
        """Queue the judging of a registration; None if it or its recording is gone, or is not whole yet."""
        entry = self._entries.get(key)
        dataset = None if entry is None else self._datasets.get(entry.dataset)
        if entry is None or dataset is None or not entry.finished:
            return None
        recording = dataset.recording.raw

        def work(job: Job) -> str:
            quality = self._works.judge(recording, entry, settings, self._connection.wait_for_engine(job), job)
            now = self._entries.change(key, quality=quality, judgement=next(judgements))
            if now is None or now.verdict is None:
                return ""
            self._filled[job.tag] = key
            now.read()
            self.judged.emit(now)
            return now.verdict.line

        return self._submit("judge", Errand(f"{dataset.name} · Judging the registration", recording, work))

    def try_out(self, dataset: Dataset, wish: Wish) -> Run:
        """Try settings on few frames of a small box, at once."""

        def work(job: Job) -> str:
            trial: Trial = self._works.try_out(wish, self._connection.wait_for_engine(job), job)
            job.check()
            self.tried.emit(trial)
            return trial.line

        errand = Errand(f"{dataset.name} · Registration (try)", wish.recording, work, preview=True)
        return self._submit("try", errand)

    def cancel(self) -> None:
        """Stop what runs: the try, or else the judging, or else the registration."""
        newest = self.trying or self.judging or self.running
        if newest is not None:
            self._jobs.cancel(newest)

    def cancel_all_of(self, dataset: Dataset) -> None:
        """Stop all that is done for a recording."""
        for run in self._runs.values():
            if not run.ended and run.request.recording.source is dataset.recording.raw.source:
                self._jobs.cancel(run)

    def key_of(self, run: Run) -> int | None:
        """Key of the registration that a run filled or judged, while that is on the desk."""
        key = self._filled.get(run.job.tag, 0)
        return key if self._entries.get(key) is not None else None

    def close(self) -> None:
        """Listen no longer."""
        self._jobs.changed.disconnect(self._follow, missing_ok=True)

    def _under_way(self, what: str) -> Run | None:
        run = self._runs.get(what)
        return None if run is None or run.ended else run

    def _submit(self, what: str, errand: Errand) -> Run:
        run = self._runs[what] = self._jobs.submit(errand)
        self.progressed.emit()
        return run

    def _keep(self, dataset: int, key: int, name: str, registration: xr.Dataset, *, finished: bool) -> int:
        if self._datasets.get(dataset) is None:
            return 0
        entry: RegistrationEntry | None
        if not key:
            entry = self._entries.add(dataset, name, registration, finished=finished)
            self.filled.emit(entry)
            return entry.key
        entry = self._entries.change(key, registration=registration, finished=finished)
        self.progressed.emit()
        if finished and entry is not None:
            self.filled.emit(entry)
        return key

    def _drop_unfinished(self, key: int) -> None:
        entry = self._entries.get(key)
        if entry is not None and not entry.finished:
            self._entries.remove(key)

    def _follow(self, run: Run) -> None:
        if not any(known is run for known in self._runs.values()):
            return
        self.progressed.emit()
        if run.ended:
            self.ended.emit(run.trouble)

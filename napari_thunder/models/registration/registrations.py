"""What stands behind the Registration tab: registrations of the current recording, run, tried, judged and used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder.engine import Job
from napari_thunder.errors import SessionError, ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.connection import Connection, ConnectionState
from napari_thunder.models.datasets import Dataset, Datasets
from napari_thunder.models.jobs import Errand, Jobs, Run
from napari_thunder.models.registration.entries import Entries
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.exclusion import Exclusion
from napari_thunder.models.registration.reference import Opens, Reference, ReferenceKind
from napari_thunder.models.registration.trial import Trial
from napari_thunder.models.registration.trying import Wish
from napari_thunder.models.registration.verdicts import Outlier
from napari_thunder.models.registration.work import Works
from napari_thunder.models.session_parts import Keys, Stored
from napari_thunder.models.trouble import Trouble
from napari_thunder.parameters import build, parameters
from napari_thunder.recording import Recording
from napari_thunder.regions import Region
from napari_thunder.registration.settings import Registration
from napari_thunder.result import is_result
from napari_thunder.tables import plain
from napari_thunder.volumes.views import MovieView

if TYPE_CHECKING:
    import xarray as xr

PARTIAL_EVERY = 0.25
"""Seconds between two looks at a registration that runs."""


_judgements = count(1)


class Registrations:
    """Registrations of the recordings on the desk; the current recording's are what a window shows.

    All calls return at once. Signals may be emitted from any thread: `changed()` for another recording, list, choice,
    settings, use or trouble; `progressed()` when the one that runs, or is judged or tried, got on; `judged(entry)`
    when it is known how good one is; `tried(trial)`; `frames_changed()` when other frames are excluded; `saved(path)`.

    Parameters
    ----------
    datasets, jobs, connection
        Of the desk.
    open_recording
        Opens references, as `Desk.open_recording`.
    works
        Does the work; for tests.

    Attributes
    ----------
    given
        Settings that differ from the defaults, by name; may be wrong until `settings` is asked for.
    reference
        What frames are registered to.
    trial
        What came of the last try on the current recording.
    trouble
        What went wrong last; None when all is well.
    """

    changed = Signal()
    progressed = Signal()
    judged = Signal(object)
    tried = Signal(object)
    frames_changed = Signal()
    saved = Signal(str)

    def __init__(
        self,
        datasets: Datasets,
        jobs: Jobs,
        connection: Connection,
        open_recording: Opens,
        works: Works | None = None,
    ) -> None:
        self.given: Mapping[str, Any] = {}
        self.reference = Reference()
        self.trial: Trial | None = None
        self.trouble: Trouble | None = None
        self._runs: dict[str, Run] = {}
        self._filled: dict[str, int] = {}
        self._datasets, self._jobs, self._connection = datasets, jobs, connection
        self._works = works or Works(open_recording)
        self._entries = Entries()
        self._exclusion = Exclusion(datasets, self._tell)
        self._removed: list[RegistrationEntry] = []
        self._background = Background("registration")
        self._seen: tuple[Any, ...] = ()
        datasets.changed.connect(self._follow)
        datasets.removed.connect(self._forget)
        jobs.changed.connect(self._follow_run)

    # what there is

    @property
    def dataset(self) -> Dataset | None:
        """The recording that is registered: the current one."""
        return self._datasets.current

    @property
    def entries(self) -> tuple[RegistrationEntry, ...]:
        """The registrations of the current recording, the oldest first."""
        return () if self.dataset is None else self._entries.of(self.dataset.key)

    @property
    def all_entries(self) -> tuple[RegistrationEntry, ...]:
        """Those of all recordings."""
        return tuple(self._entries)

    @property
    def current(self) -> RegistrationEntry | None:
        """The registration that is looked at."""
        return None if self.dataset is None else self._entries.looked_at(self.dataset.key)

    @property
    def in_use(self) -> RegistrationEntry | None:
        """The registration that the current recording is seen through; None for the raw recording."""
        shifts = None if self.dataset is None else self.dataset.recording.shifts
        return None if shifts is None else next((e for e in self.entries if e.finished and e.shifts == shifts), None)

    @property
    def raw(self) -> Recording | None:
        """The current recording without any shifts."""
        return None if self.dataset is None else self.dataset.recording.raw

    def registered(self, entry: RegistrationEntry) -> Recording | None:
        """Its recording with its shifts undone as it is read; None if that is gone."""
        dataset = self._datasets.get(entry.dataset)
        return None if dataset is None else dataset.recording.registered(entry.shifts, entry.interpolation)

    def get(self, key: int) -> RegistrationEntry | None:
        """The registration of this key as it is now."""
        return self._entries.get(key)

    def look_at(self, key: int) -> None:
        """Look at another registration."""
        if self._entries.look_at(key):
            self.changed.emit()

    def remove(self, key: int) -> None:
        """Take a registration off the desk; a recording that is seen through it goes on being so. See `bring_back`."""
        entry = self._entries.remove(key)
        if entry is not None:
            if entry.finished:
                self._removed.append(entry)
            self.changed.emit()

    def bring_back(self) -> None:
        """Undo the last removal."""
        if self._removed:
            entry = self._removed.pop()
            if self._datasets.get(entry.dataset) is not None:
                self._entries.put_back(entry)
                self.changed.emit()

    @property
    def can_bring_back(self) -> bool:
        """Whether there is a removal to undo."""
        return bool(self._removed)

    # settings

    @property
    def settings(self) -> Registration:
        """How to register.

        Raises
        ------
        ParameterError
            If a value is outside its limits.
        """
        return build(Registration, self.given)

    def configure(self, given: Mapping[str, Any]) -> None:
        """Take over what a form holds, right or wrong."""
        if dict(given) != dict(self.given):
            self.given = dict(given)
            self.changed.emit()

    def refer(self, reference: Reference) -> None:
        """Choose what to register to."""
        if reference != self.reference:
            self.reference = reference
            self.changed.emit()

    # doing

    def why_not_run(self) -> str:
        """What is still missing before a registration can run, as the next step to take; empty when nothing is."""
        if self.dataset is None:
            return "Open a recording first."
        if self._connection.state is ConnectionState.CONNECTING:
            return f"Wait until {self._connection.target} is ready."
        if self._connection.state is not ConnectionState.CONNECTED:
            return "Connect to an engine first."
        return self.reference.why_not(self.dataset.recording)

    def run(self, view: MovieView | None = None, frame: int = 0) -> Run | None:
        """Queue the registration of the current recording.

        Parameters
        ----------
        view, frame
            What is looked at now, for a reference that is taken from there.
        """
        made = self._ready()
        if made is None:
            return None
        dataset, settings = made
        recording, reference = dataset.recording.raw, self._pinned_down(view, frame)

        def work(job: Job) -> str:
            engine, last, key = self._connection.wait_for_engine(job), float("-inf"), 0
            try:
                for progress in self._works.register(recording, settings, reference, engine, job):
                    job.check()
                    if progress.finished or time.monotonic() - last >= PARTIAL_EVERY:
                        last = time.monotonic()
                        key = self._keep(dataset.key, key, progress.dataset, finished=progress.finished)
            except BaseException:
                self._drop_unfinished(key)
                raise
            self._filled[job.tag] = key
            self._begin_judging(key)
            return ""

        return self._submit("running", Errand(f"{dataset.name} · Registration", recording, work))

    def try_out(
        self,
        region: Region | None = None,
        frames: tuple[int, int] | None = None,
        view: MovieView | None = None,
        frame: int = 0,
    ) -> Run | None:
        """Try the settings on the worst frames of a small box, for an answer within seconds.

        Parameters
        ----------
        region
            Where; the middle of the volume when left out.
        frames
            First frame and the one after the last, in place of the worst ones.
        """
        made = self._ready()
        if made is None:
            return None
        dataset, settings = made
        reference, known = self._pinned_down(view, frame), self.current
        recording = dataset.recording.raw
        known = known if known is not None and known.finished else None
        wish = Wish(dataset.key, recording, settings, reference, known, region, frames)

        def work(job: Job) -> str:
            engine = self._connection.wait_for_engine(job)
            trial = self._works.try_out(wish, engine, job)
            self.trial = trial
            self.tried.emit(trial)
            return trial.line

        return self._submit("trying", Errand(f"{dataset.name} · Registration (try)", recording, work, preview=True))

    def judge(self, key: int | None = None) -> Run | None:
        """Queue the judging of a registration; of the one looked at when left out."""
        entry = self.current if key is None else self._entries.get(key)
        if entry is None or not entry.finished:
            return None
        return self._begin_judging(entry.key)

    def cancel(self) -> None:
        """Stop what runs: the try, the judging, the registration."""
        newest = next((run for what in ("trying", "judging", "running") if (run := self._under_way(what))), None)
        if newest is not None:
            self._jobs.cancel(newest)

    @property
    def running(self) -> Run | None:
        """The registration that waits or runs."""
        return self._under_way("running")

    @property
    def judging(self) -> Run | None:
        """The judging that waits or runs."""
        return self._under_way("judging")

    @property
    def trying(self) -> Run | None:
        """The try that runs."""
        return self._under_way("trying")

    def key_of(self, run: Run) -> int | None:
        """Key of the registration that a run filled or judged, while that is on the desk."""
        key = self._filled.get(run.job.tag, 0)
        return key if self._entries.get(key) is not None else None

    def show(self, run: Run) -> bool:
        """Look at what a run filled or judged; False if it is gone."""
        key = self.key_of(run)
        entry = None if key is None else self._entries.get(key)
        if entry is None:
            return False
        self._datasets.make_current(entry.dataset)
        self.look_at(entry.key)
        return True

    # using

    def use(self, key: int | None = None) -> None:
        """See the recording through a registration everywhere; through the one looked at when left out."""
        entry = self.current if key is None else self._entries.get(key)
        if entry is not None and entry.finished:
            shifts, how = entry.shifts, entry.interpolation
            self._datasets.change(entry.dataset, lambda recording: recording.registered(shifts, how), self._tell)

    def use_raw(self) -> None:
        """See the current recording as it was recorded."""
        if self.dataset is not None:
            self._datasets.change(self.dataset.key, lambda recording: recording.raw, self._tell)

    # frames

    @property
    def excluded(self) -> tuple[int, ...]:
        """Frames of the current recording that nothing uses."""
        return () if self.dataset is None else self.dataset.recording.exclude_frames

    @property
    def outliers(self) -> tuple[Outlier, ...]:
        """Frames that stand out in the registration looked at, with the reasons."""
        return () if self.current is None else self.current.outliers

    def exclude(self, frames: Iterable[int]) -> None:
        """Keep frames of the current recording out of all that follows."""
        if self.dataset is not None:
            self._exclusion.exclude(self.dataset.key, frames)

    def exclude_outliers(self) -> None:
        """Keep all frames out that stand out."""
        self.exclude(outlier.frame for outlier in self.outliers)

    def restore(self, frames: Iterable[int] | None = None) -> None:
        """Take frames back in; all when left out."""
        if self.dataset is not None:
            self._exclusion.restore(self.dataset.key, frames)

    @property
    def can_undo_frames(self) -> bool:
        """Whether there is a step of excluding to undo."""
        return self.dataset is not None and self._exclusion.can_undo(self.dataset.key)

    def undo_frames(self) -> None:
        """Undo the last step of excluding or restoring."""
        if self.dataset is not None:
            self._exclusion.undo(self.dataset.key)

    # files

    def load(self, path: str) -> None:
        """Load a saved registration, or a CSV of shifts, for the current recording."""
        if self.dataset is not None:
            self._background.start(self._load, self.dataset, path)

    def save(self, path: str, *, overwrite: bool = False) -> None:
        """Save the registration that is looked at."""
        self._write(lambda entry: self._works.save(entry, path, overwrite), path, then={"path": path})

    def export_csv(self, path: str) -> None:
        """Write the shifts of the registration that is looked at as a table."""
        self._write(lambda entry: self._works.export_csv(entry, path), path)

    def report(self, path: str) -> None:
        """Write an HTML page on the registration that is looked at."""
        self._write(lambda entry: self._works.report(entry, path), path)

    def tell(self, trouble: Trouble | None) -> None:
        """Say what went wrong, or that nothing is wrong any more."""
        self._tell(trouble)

    # sessions

    def stored(self) -> Sequence[Stored]:
        """The registrations that are whole, as a session keeps them."""
        return [_stored(entry) for entry in self._entries if entry.finished]

    def take(self, record: Mapping[str, Any], datasets: Mapping[str, xr.Dataset], keys: Keys) -> None:
        """Put back what `stored` gave.

        Raises
        ------
        SessionError
            If its recording is not there any more.
        """
        dataset = keys.recordings.get(record["recording"])
        if dataset is None:
            raise SessionError("its recording could not be opened.")
        path, quality = str(record.get("path", "")), datasets.get("quality")
        entry = self._entries.add(dataset, str(record["name"]), datasets["registration"], quality=quality)
        self._entries.change(entry.key, path=path if is_result(path) else "", judgement=next(_judgements))
        self.changed.emit()

    def state(self) -> dict[str, Any]:
        """Settings and reference as plain JSON values; see `restore_state`."""
        reference = {**asdict(self.reference), "kind": str(self.reference.kind)}
        return {"given": {name: plain(value) for name, value in self.given.items()}, "reference": reference}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; what does not fit any more is left out."""
        known = {p.name for p in parameters(Registration)}
        self.given = {name: value for name, value in state.get("given", {}).items() if name in known}
        said = state.get("reference", {})
        with suppress(KeyError, TypeError, ValueError):
            start, stop = said["frames"]
            self.reference = Reference(ReferenceKind(said["kind"]), (int(start), int(stop)), str(said["path"]))
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._datasets.changed.disconnect(self._follow, missing_ok=True)
        self._datasets.removed.disconnect(self._forget, missing_ok=True)
        self._jobs.changed.disconnect(self._follow_run, missing_ok=True)
        self._background.close(seconds)

    # inside

    def _ready(self) -> tuple[Dataset, Registration] | None:
        why_not = self.why_not_run()
        try:
            settings = self.settings
        except ThunderError as error:
            self._tell(Trouble.of(error))
            return None
        if why_not or self.dataset is None:
            self._tell(Trouble(why_not))
            return None
        return self.dataset, settings

    def _pinned_down(self, view: MovieView | None, frame: int) -> Reference:
        """A reference that follows the view, as it is now."""
        if self.reference.kind is not ReferenceKind.VIEW or self.dataset is None:
            return self.reference
        half_width = view.half_width if view is not None and view.half_width else 10
        last = self.dataset.recording.shape[0]
        return Reference(ReferenceKind.FRAMES, (max(0, frame - half_width), min(last, frame + half_width + 1)))

    def _submit(self, what: str, errand: Errand) -> Run:
        self.trouble = None
        run = self._runs[what] = self._jobs.submit(errand)
        self.changed.emit()
        return run

    def _under_way(self, what: str) -> Run | None:
        run = self._runs.get(what)
        return None if run is None or run.ended else run

    def _begin_judging(self, key: int) -> Run | None:
        entry = self._entries.get(key)
        dataset = None if entry is None else self._datasets.get(entry.dataset)
        if entry is None or dataset is None:
            return None

        def work(job: Job) -> str:
            engine = self._connection.wait_for_engine(job)
            quality = self._works.judge(dataset.recording.raw, entry, engine, job)
            now = self._entries.change(key, quality=quality, judgement=next(_judgements), path="")
            if now is None or now.verdict is None:
                return ""
            self.judged.emit(now)
            self.changed.emit()
            return now.verdict.line

        errand = Errand(f"{dataset.name} · Judging the registration", dataset.recording, work)
        run = self._submit("judging", errand)
        self._filled[run.job.tag] = key
        return run

    def _keep(self, dataset: int, key: int, registration: xr.Dataset, *, finished: bool) -> int:
        if not key and self._datasets.get(dataset) is None:
            return 0
        if not key:
            name = str(registration.attrs.get("title", "Registration"))
            key = self._entries.add(dataset, name, registration, finished=finished).key
            self.changed.emit()
        else:
            self._entries.change(key, registration=registration, finished=finished)
        self.progressed.emit()
        if finished:
            self.changed.emit()
        return key

    def _drop_unfinished(self, key: int) -> None:
        entry = self._entries.get(key)
        if entry is not None and not entry.finished:
            self._entries.remove(key)
            self.changed.emit()

    def _load(self, dataset: Dataset, path: str) -> None:
        try:
            name, registration, quality = self._works.load(dataset.recording.raw, path)
        except Exception as error:
            self._tell(Trouble.of(error))
            return
        if not self._background.closed:
            self.trouble = None
            saved = path if path.rstrip("/").endswith(".zarr") else ""
            self._entries.add(dataset.key, name, registration, quality=quality, path=saved)
            self.changed.emit()

    def _write(
        self, write: Callable[[RegistrationEntry], Any], path: str, then: Mapping[str, Any] | None = None
    ) -> None:
        entry = self.current
        if entry is not None and entry.finished:
            self._background.start(self._write_now, entry, write, path, then or {})

    def _write_now(
        self, entry: RegistrationEntry, write: Callable[[RegistrationEntry], Any], path: str, then: Mapping[str, Any]
    ) -> None:
        try:
            write(entry)
        except Exception as error:
            self._tell(Trouble.of(error))
            return
        if then and self._entries.get(entry.key) is entry:
            self._entries.change(entry.key, **then)
        self._tell(None)
        self.saved.emit(path)

    def _tell(self, trouble: Trouble | None) -> None:
        self.trouble = trouble
        self.changed.emit()

    def _follow(self) -> None:
        """Another recording, other voxels of it, or other frames left out."""
        dataset = self.dataset
        before = self._seen
        recording = None if dataset is None else dataset.recording
        self._seen = now = (
            None if dataset is None else dataset.key,
            None if recording is None else recording.source,
            None if recording is None else recording.voxel_size,
            None if recording is None else recording.exclude_frames,
        )
        if before[:1] != now[:1]:
            self.trial = self.trouble = None
        if before[:3] != now[:3]:
            self.changed.emit()
        if before != now:
            self.frames_changed.emit()

    def _follow_run(self, run: Run) -> None:
        if run in self._runs.values():
            self.progressed.emit()
            if run.ended:
                self.trouble = run.trouble or self.trouble
                self.changed.emit()

    def _forget(self, dataset: Dataset) -> None:
        self._entries.forget(dataset.key)
        self._exclusion.forget(dataset.key)
        for run in self._runs.values():
            if not run.ended and run.request.recording.source in (
                dataset.recording.source,
                dataset.recording.raw.source,
            ):
                self._jobs.cancel(run)


def _stored(entry: RegistrationEntry) -> Stored:
    record = {"name": entry.name, "recording": entry.dataset, "path": entry.path}
    datasets = {("registration", entry.key): entry.registration}
    if entry.quality is not None:
        datasets["quality", entry.judgement] = entry.quality
    return Stored(record, datasets)

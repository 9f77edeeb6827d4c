"""What stands behind the Registration tab: registrations of the current recording, run, tried, judged and used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder.errors import ThunderError
from napari_thunder.models.analyze.jobs import Jobs, Run
from napari_thunder.models.data.connection import Connection, ConnectionState
from napari_thunder.models.data.datasets import Dataset, Datasets
from napari_thunder.models.registration.entries import Entries
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.exclusion import Exclusion
from napari_thunder.models.registration.files import RegistrationFiles
from napari_thunder.models.registration.motion import Motions
from napari_thunder.models.registration.reference import Opens, Reference, ReferenceKind
from napari_thunder.models.registration.runs import Runs
from napari_thunder.models.registration.shelf import stored, taken
from napari_thunder.models.registration.trial import Trial
from napari_thunder.models.registration.trying import Wish
from napari_thunder.models.registration.verdicts import Outlier
from napari_thunder.models.registration.work import Works
from napari_thunder.models.session.parts import Keys, Stored
from napari_thunder.models.trouble import Trouble
from napari_thunder.parameters import build, parameters
from napari_thunder.recording import Recording
from napari_thunder.regions import Region
from napari_thunder.registration.quality import Quality
from napari_thunder.registration.settings import Registration
from napari_thunder.tables import plain

if TYPE_CHECKING:
    import xarray as xr

_AROUND = 10
"""Frames on either side of the shown one that make a reference, where the view does not average any."""


class Registrations:
    """Registrations of the recordings on the desk; the current recording's are what a window shows.

    All calls return at once. Signals may be emitted from any thread: `changed()` for another recording, list, choice,
    settings, use or trouble; `progressed()` when something that runs got on; `judged(entry)` when it is known how good
    one is; `tried(trial)`; `frames_changed()` when other frames are excluded.

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
    epochs
        Column of the events and signal that say by which epochs to judge; empty for none.
    trial
        What came of the last try on the current recording.
    trouble
        What went wrong last; None when all is well.
    runs
        What waits or runs.
    frames
        Frames kept out of all that follows.
    files
        Loads and saves.
    motions
        Traces for a plot.
    """

    changed = Signal()
    progressed = Signal()
    judged = Signal(object)
    tried = Signal(object)
    frames_changed = Signal()

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
        self.epochs = ("", "")
        self.trial: Trial | None = None
        self.trouble: Trouble | None = None
        self._datasets, self._connection = datasets, connection
        self._entries = Entries()
        works = works or Works(open_recording)
        self.runs = Runs(datasets, jobs, connection, self._entries, works)
        self.frames = Exclusion(datasets, self.tell)
        self.files = RegistrationFiles(self._entries, works)
        self.motions = Motions()
        self._removed: list[RegistrationEntry] = []
        self._seen: tuple[Any, ...] = (None,) * 4
        self._listen()

    # what there is

    @property
    def dataset(self) -> Dataset | None:
        """The recording that is registered: the current one."""
        return self._datasets.current

    @property
    def raw(self) -> Recording | None:
        """The current recording without any shifts."""
        return None if self.dataset is None else self.dataset.recording.raw

    @property
    def entries(self) -> tuple[RegistrationEntry, ...]:
        """The registrations of the current recording, the oldest first."""
        return () if self.dataset is None else self._entries.of(self.dataset.key)

    @property
    def current(self) -> RegistrationEntry | None:
        """The registration that is looked at."""
        return None if self.dataset is None else self._entries.looked_at(self.dataset.key)

    @property
    def outliers(self) -> tuple[Outlier, ...]:
        """Frames that stand out in the registration that is looked at, with the reasons."""
        return () if self.current is None else self.current.outliers

    @property
    def in_use(self) -> RegistrationEntry | None:
        """The registration that the current recording is seen through, while it is on the desk; of several with the
        same shifts, the one that is looked at."""
        shifts = None if self.dataset is None else self.dataset.recording.shifts
        looked_at = self.current
        whole = () if shifts is None else [entry for entry in (looked_at, *self.entries) if entry and entry.finished]
        return next((entry for entry in whole if entry.shifts is shifts or entry.shifts == shifts), None)

    def get(self, key: int) -> RegistrationEntry | None:
        """The registration of this key as it is now."""
        return self._entries.get(key)

    def registered(self, entry: RegistrationEntry) -> Recording | None:
        """Its recording with its shifts undone as it is read; None if that is gone."""
        dataset = self._datasets.get(entry.dataset)
        return None if dataset is None else dataset.recording.registered(entry.shifts, entry.interpolation)

    def look_at(self, key: int) -> None:
        """Look at another registration."""
        if self._entries.look_at(key):
            self.changed.emit()

    def remove(self, key: int) -> None:
        """Take a registration off the desk; a recording that is seen through it goes on being so. See `bring_back`."""
        entry = self._entries.remove(key)
        if entry is not None:
            self._removed += [entry] if entry.finished else []
            self.changed.emit()

    @property
    def can_bring_back(self) -> bool:
        """Whether there is a removal to undo."""
        return any(self._datasets.get(entry.dataset) is not None for entry in self._removed)

    def bring_back(self) -> None:
        """Undo the last removal."""
        while self._removed:
            entry = self._removed.pop()
            if self._datasets.get(entry.dataset) is not None:
                self._entries.put_back(entry)
                self.changed.emit()
                return

    # how

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

    @property
    def quality(self) -> Quality:
        """How to judge: also by the epochs that were chosen, if the current recording has such."""
        column, signal = self.epochs
        recording = None if self.dataset is None else self.dataset.recording
        events = None if recording is None or recording.frame_times is None else recording.events
        signals = None if recording is None else recording.signals
        return Quality(
            epochs_by=column if events is not None and column in events.columns else None,
            epochs_signal=signal if signals is not None and signal in signals.columns else None,
        )

    def judge_by(self, column: str = "", signal: str = "") -> None:
        """Judge by each value of a column of the events, or above and below the middle of a signal, from now on."""
        if (column, signal) != self.epochs:
            self.epochs = (column, signal)
            self.changed.emit()

    def what(self) -> str:
        """In words: `rigid 3-D registration of fish to a robust template`."""
        mode = self.given.get("mode", Registration().mode)
        name = "" if self.dataset is None else f" of {self.dataset.name}"
        return f"{mode} registration{name} to {self.reference.title}"

    # doing

    def why_not_run(self) -> str:
        """What is still missing before a registration can run, as the next step to take; empty when nothing is."""
        if self.dataset is None:
            return "Open a recording first."
        if self.dataset.recording.shape[0] < 2 and self.reference.kind is not ReferenceKind.STACK:
            return "This recording has a single frame: choose an anatomy stack to register it to."
        if self._connection.state is ConnectionState.CONNECTING:
            return f"Wait until {self._connection.target} is ready."
        if self._connection.state is not ConnectionState.CONNECTED:
            return "Connect to an engine first."
        return self.reference.why_not(self.dataset.recording)

    def run(self, frame: int = 0, half_width: int = 0) -> Run | None:
        """Queue the registration of the current recording; it is judged when it is done.

        Parameters
        ----------
        frame, half_width
            The frame that is shown, and how many on either side are averaged, for a reference taken from the view.
        """
        settings = self._settings_if_ready()
        if settings is None or self.dataset is None:
            return None
        return self.runs.register(self.dataset, settings, self._pinned_down(frame, half_width), self.quality)

    def try_out(
        self,
        region: Region | None = None,
        frames: tuple[int, int] | None = None,
        frame: int = 0,
        half_width: int = 0,
    ) -> Run | None:
        """Try the settings on few frames of a small box, for an answer within seconds.

        Parameters
        ----------
        region
            Where; the middle of the volume when left out.
        frames
            First frame and the one after the last; the worst hundred when left out.
        frame, half_width
            As of `run`.
        """
        settings = self._settings_if_ready()
        if settings is None or self.dataset is None:
            return None
        known = self.current if self.current is not None and self.current.finished else None
        self.trial = None
        reference, recording = self._pinned_down(frame, half_width), self.dataset.recording.raw
        wish = Wish(self.dataset.key, recording, settings, reference, known, region, frames)
        return self.runs.try_out(self.dataset, wish)

    def judge(self) -> Run | None:
        """Queue the judging of the registration that is looked at."""
        return None if self.current is None else self.runs.judge(self.current.key, self.quality)

    def use(self) -> None:
        """See the recording through the registration that is looked at: layers, traces, analyses."""
        entry = self.current
        if entry is not None and entry.finished:
            shifts, how = entry.shifts, entry.interpolation
            self._datasets.change(entry.dataset, lambda recording: recording.registered(shifts, how), self.tell)

    def use_raw(self) -> None:
        """See the current recording as it was recorded."""
        if self.dataset is not None:
            self._datasets.change(self.dataset.key, lambda recording: recording.raw, self.tell)

    def show(self, run: Run) -> bool:
        """Look at what a run filled or judged; False if it is gone."""
        entry = self._entries.get(self.runs.key_of(run) or 0)
        if entry is None:
            return False
        self._datasets.make_current(entry.dataset)
        self.look_at(entry.key)
        return True

    def tell(self, trouble: Trouble | None) -> None:
        """Say what went wrong, or that nothing is wrong any more."""
        self.trouble = trouble
        self.changed.emit()

    # sessions

    def stored(self) -> Sequence[Stored]:
        """The registrations that are whole, as a session keeps them."""
        return [stored(entry) for entry in self._entries if entry.finished]

    def take(self, record: Mapping[str, Any], datasets: Mapping[str, xr.Dataset], keys: Keys) -> None:
        """Put back one that `stored` gave."""
        taken(self._entries, record, datasets, keys)
        self.changed.emit()

    def state(self) -> dict[str, Any]:
        """Settings and reference as plain JSON values; see `restore_state`."""
        reference = {**asdict(self.reference), "kind": str(self.reference.kind)}
        given = {name: plain(value) for name, value in self.given.items()}
        return {"given": given, "reference": reference, "epochs": list(self.epochs)}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` gave; what does not fit any more is left out."""
        known = {p.name for p in parameters(Registration)}
        self.given = {name: value for name, value in state.get("given", {}).items() if name in known}
        with suppress(KeyError, TypeError, ValueError):
            column, signal = state["epochs"]
            self.epochs = (str(column), str(signal))
        with suppress(KeyError, TypeError, ValueError):
            said = state["reference"]
            start, stop = said["frames"]
            self.reference = Reference(ReferenceKind(said["kind"]), (int(start), int(stop)), str(said["path"]))
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._datasets.changed.disconnect(self._follow, missing_ok=True)
        self._datasets.removed.disconnect(self._forget, missing_ok=True)
        self.runs.close()
        self.motions.close(seconds / 2)
        self.files.close(seconds / 2)

    # inside

    def _listen(self) -> None:
        self._datasets.changed.connect(self._follow)
        self._datasets.removed.connect(self._forget)
        for signal, slot in (
            (self.runs.progressed, self._say_progress),
            (self.runs.ended, self._end),
            (self.runs.filled, self._say_changed),
            (self.runs.judged, self._take_judgement),
            (self.runs.tried, self._take_trial),
            (self.files.loaded, self._say_changed),
            (self.files.ended, self.tell),
        ):
            signal.connect(slot)

    def _settings_if_ready(self) -> Registration | None:
        """None, with the trouble told, if something is missing or wrong."""
        self.trouble = None
        why_not = self.why_not_run()
        try:
            settings = self.settings
        except ThunderError as error:
            self.tell(Trouble.of(error))
            return None
        if why_not:
            self.tell(Trouble(why_not))
            return None
        return settings

    def _pinned_down(self, frame: int, half_width: int) -> Reference:
        """A reference that is taken from the view, as that is now."""
        if self.reference.kind is not ReferenceKind.VIEW or self.dataset is None:
            return self.reference
        around, n_frames = half_width or _AROUND, self.dataset.recording.shape[0]
        return Reference(ReferenceKind.FRAMES, (max(0, frame - around), min(n_frames, frame + around + 1)))

    def _say_progress(self) -> None:
        self.progressed.emit()

    def _say_changed(self, _: object) -> None:
        self.changed.emit()

    def _end(self, trouble: Trouble | None) -> None:
        self.tell(trouble or self.trouble)

    def _take_judgement(self, entry: RegistrationEntry) -> None:
        self.judged.emit(entry)
        self.changed.emit()

    def _take_trial(self, trial: Trial) -> None:
        if self.dataset is not None and self.dataset.key == trial.dataset:
            self.trial = trial
            self.tried.emit(trial)

    def _follow(self) -> None:
        """Another recording, other voxels of it, or other frames left out."""
        before, dataset = self._seen, self.dataset
        recording = None if dataset is None else dataset.recording
        now: tuple[Any, ...] = (None,) * 4
        if dataset is not None and recording is not None:
            now = (dataset.key, recording.source, recording.voxel_size, recording.exclude_frames)
        self._seen = now
        if before[0] != now[0]:
            self.trial = self.trouble = None
        if before[0] != now[0] or before[1] is not now[1] or before[2] != now[2]:
            self.changed.emit()
        if before[0] != now[0] or before[3] != now[3]:
            self.frames_changed.emit()

    def _forget(self, dataset: Dataset) -> None:
        self._entries.forget(dataset.key)
        self.frames.forget(dataset.key)
        self.runs.cancel_all_of(dataset)

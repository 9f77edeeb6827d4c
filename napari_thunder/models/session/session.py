"""The whole desk, saved and restored."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder import __version__
from napari_thunder.engine import Job
from napari_thunder.errors import JobCancelled, SessionError
from napari_thunder.models.background import Background
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.models.problems import Problems
from napari_thunder.models.session.parts import Keys, Part, Restored, Stored
from napari_thunder.models.session.session_file import read_session, results_folder, session_path, write_session
from napari_thunder.models.session.shelves import Shelves
from napari_thunder.models.trouble import Trouble
from napari_thunder.provenance import known_metadata, recording_to_plain
from napari_thunder.regions import region_from_plain, region_to_plain
from napari_thunder.result import is_result, load_result
from napari_thunder.simulation import simulate

if TYPE_CHECKING:
    from napari_thunder.models.data.datasets import Dataset
    from napari_thunder.models.desk import Desk
    from napari_thunder.models.results.results import ResultEntry
    from napari_thunder.recording import Recording
    from napari_thunder.regions import Region


_SIMULATED = re.compile(r"memory:simulated zebrafish (\d+)")
_TOKEN = re.compile(r"token=[^;]*;?")


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The desk at one moment; nothing in it changes afterwards."""

    engine: str
    current: int | None
    recordings: tuple[Dataset, ...]
    results: tuple[ResultEntry, ...]
    regions: tuple[Region, ...]
    shelves: dict[str, tuple[Stored, ...]]
    parts: dict[str, Any]
    window: Any


class Session:
    """Saves the desk to a file and restores it; reading and writing happen on threads of its own.

    Signals, emitted from any thread: `saved(path)`, `restored(Restored)`, `changed()` after all and when something
    went wrong (`trouble`).

    Parameters
    ----------
    desk
        What is saved and restored.
    """

    saved = Signal(str)
    restored = Signal(object)
    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        self.trouble: Trouble | None = None
        self.path: Path | None = None
        self.job: Job | None = None
        self.parts: dict[str, Part] = {}
        self.shelves = Shelves()
        self.window: Callable[[], Any] = dict
        self._desk = desk
        self._names: dict[tuple[Path, int], str] = {}
        self._described: dict[int, tuple[Recording, dict[str, Any]]] = {}
        self._background = Background("session")

    @property
    def busy(self) -> bool:
        """Whether something is being saved or restored."""
        return self.job is not None

    def save(self, path: str | Path) -> None:
        """Save the desk as it is now; returns at once. What is still being computed is left out."""
        place, snapshot = session_path(path), self._snapshot()
        self._begin("Saving the session", lambda _: self._save(place, snapshot))

    def keeper(self, path: Path) -> Callable[[], None]:
        """What writes the desk as it is now to this very file when called; blocks, says nothing, raises."""
        snapshot = self._snapshot()
        return lambda: self._write(path, snapshot)

    def restore(self, path: str | Path) -> None:
        """Put what a session holds on the desk, beside what is there; returns at once."""
        place = Path(path).expanduser().absolute()
        self._begin("Restoring the session", lambda job: self._restore(place, job, saved_as=place))

    def take_up(self, path: str | Path) -> None:
        """The same of a session that nobody saved; where to save it is still open afterwards."""
        place, before = Path(path).expanduser().absolute(), self.path
        self._begin("Restoring the desk", lambda job: self._restore(place, job, saved_as=before))

    def cancel(self) -> None:
        """Stop restoring; what is there already stays."""
        if self.job is not None:
            self.job.cancel()

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self.cancel()
        self._background.close(seconds)

    def _begin(self, title: str, work: Callable[[Job], None]) -> None:
        if self.job is not None:
            self.trouble = Trouble(f"Wait until this is done: {self.job.title}.")
            self.changed.emit()
            return
        job = self.job = Job(title)
        self.trouble = None
        self.changed.emit()
        self._background.start(self._work, job, work)

    def _work(self, job: Job, work: Callable[[Job], None]) -> None:
        try:
            with job.running():
                work(job)
        except JobCancelled:
            pass
        except Exception as error:
            self.trouble = Trouble.of(error)
        self.job = None
        self.changed.emit()

    def _snapshot(self) -> _Snapshot:
        desk = self._desk
        return _Snapshot(
            self._engine(),
            desk.datasets.current.key if desk.datasets.current else None,
            tuple(desk.datasets),
            tuple(entry for entry in desk.results if _can_be_kept(entry)),
            tuple(desk.regions),
            self.shelves.state(),
            {name: part.state() for name, part in self.parts.items()},
            self.window(),
        )

    def _engine(self) -> str:
        connection = self._desk.connection
        there = connection.state is not ConnectionState.DISCONNECTED
        return _TOKEN.sub("", connection.target).rstrip("/;") if there else ""

    def _save(self, place: Path, snapshot: _Snapshot) -> None:
        self._write(place, snapshot)
        self.path = place
        self.saved.emit(str(place))

    def _write(self, place: Path, snapshot: _Snapshot) -> None:
        files = {self._file_of(place, entry): entry.dataset for entry in snapshot.results}
        shelves, shelved = self.shelves.laid_out(place, snapshot.shelves)
        content = {
            "napari_thunder": __version__,
            "saved": datetime.now(UTC).isoformat(timespec="seconds"),
            "engine": snapshot.engine,
            "current": snapshot.current,
            "recordings": [{"key": d.key, **self._recording_plain(d)} for d in snapshot.recordings],
            "results": [
                {"key": entry.key, "name": entry.name, "file": self._file_of(place, entry), "path": entry.path}
                for entry in snapshot.results
            ],
            "regions": [{"key": region.key, **region_to_plain(region)} for region in snapshot.regions],
            "shelves": shelves,
            "parts": snapshot.parts,
            "window": snapshot.window,
        }
        write_session(place, content, files | shelved)

    def _recording_plain(self, dataset: Dataset) -> dict[str, Any]:
        """Described once: the fingerprint looks at each of what may be thousands of files."""
        known = self._described.get(dataset.key)
        if known is None or known[0] is not dataset.recording:
            known = self._described[dataset.key] = dataset.recording, recording_to_plain(dataset.recording)
        return known[1]

    def _file_of(self, place: Path, entry: ResultEntry) -> str:
        """The name of a result's file: always the same for the same result in the same session file."""
        name = f"{entry.dataset.attrs.get('analysis', 'result')}-{entry.key}-{uuid.uuid4().hex[:6]}.zarr"
        return self._names.setdefault((place, entry.key), name)

    def _restore(self, path: Path, job: Job, saved_as: Path | None) -> None:
        stored, problems = read_session(path), Problems()
        self._connect(str(stored.get("engine", "")))
        steps = len(stored["recordings"]) + len(stored["results"]) + 1
        keys = Keys()
        for n, record in enumerate(stored["recordings"]):
            job.advance(n / steps, f"opening {record.get('uri', '')}")
            with problems.of(f"recording {record.get('uri', '?')}"):
                keys.recordings[record["key"]] = self._open(record, job)
        with self._desk.regions.one_step():
            for record in stored["regions"]:
                with problems.of(f"region {record.get('name', '?')}"):
                    keys.regions[record["key"]] = self._desk.regions.add(region_from_plain(record)).key
        for n, record in enumerate(stored["results"], len(stored["recordings"])):
            job.advance(n / steps, f"loading {record.get('name', '')}")
            with problems.of(f"result {record.get('name', '?')}"):
                keys.results[record["key"]] = self._load(path, record)
        self.shelves.restore(path, stored.get("shelves", {}), keys, problems)
        self._restore_parts(stored, keys, problems)
        self.path = saved_as
        self.restored.emit(Restored(path, keys, tuple(problems.found), stored.get("window")))

    def _connect(self, target: str) -> None:
        connection = self._desk.connection
        if target and (target != connection.target or connection.state is ConnectionState.DISCONNECTED):
            connection.connect(target)

    def _open(self, record: Mapping[str, Any], job: Job) -> int:
        uri, known = str(record["uri"]), known_metadata({"recording": record})
        if simulated := _SIMULATED.fullmatch(uri):
            recording = _simulated_again(record, int(simulated[1])).with_known(**known)
        elif uri.startswith("memory:"):
            raise SessionError("it was in memory only, and is gone. Save such movies to a file first.")
        else:
            recording = self._desk.open_recording(uri, job=job, **known)
        job.check()
        return self._desk.datasets.add(recording).key

    def _load(self, path: Path, record: Mapping[str, Any]) -> int:
        name = Path(str(record["file"])).name
        dataset = load_result(results_folder(path) / name)
        saved = str(record.get("path", ""))
        key = self._desk.results.add(str(record["name"]), dataset, path=saved if saved and is_result(saved) else "").key
        self._names[path, key] = name
        return key

    def _restore_parts(self, stored: Mapping[str, Any], keys: Keys, problems: Problems) -> None:
        current = keys.recordings.get(stored.get("current") or 0)
        if current is not None:
            self._desk.datasets.make_current(current)
        for name, part in self.parts.items():
            if name in stored["parts"]:
                with problems.of(name):
                    part.restore(stored["parts"][name], keys)


def _simulated_again(record: Mapping[str, Any], seed: int) -> Recording:
    t, z, y, x = record["shape"]
    recording = simulate(shape=(t, z, y, x), seed=seed)
    if recording.source.fingerprint() != record["fingerprint"]:
        raise SessionError("it was simulated with other settings than the usual ones. Simulate it again to a file.")
    return recording


def _can_be_kept(entry: ResultEntry) -> bool:
    return entry.finished and not entry.preview and "provenance" in entry.dataset.attrs

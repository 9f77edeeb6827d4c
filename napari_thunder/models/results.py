"""The results on the desk: computed here, or loaded from files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble

if TYPE_CHECKING:
    import xarray as xr

_numbers = count(1)


@dataclass(frozen=True, slots=True, eq=False)
class ResultEntry:
    """A result, whole or still being filled.

    Parameters
    ----------
    key
        Stays the same while it is being filled.
    name
        Of its own, for lists and layers.
    dataset
        The maps and curves.
    finished
        Whether it is whole.
    """

    key: int
    name: str
    dataset: xr.Dataset
    finished: bool = True


class Results:
    """Results in the order they came.

    Files are read and written on threads of its own. All signals may be emitted from any thread.

    Parameters
    ----------
    load, save
        As `napari_thunder.load_result` and `save_result`.
    """

    added = Signal(object)
    updated = Signal(object)
    removed = Signal(object)
    changed = Signal()
    saved = Signal(str)

    def __init__(self, load: Callable[[str], xr.Dataset], save: Callable[[xr.Dataset, str], Any]) -> None:
        self.trouble: Trouble | None = None
        self._load = load
        self._save = save
        self._entries: dict[int, ResultEntry] = {}
        self._background = Background("results")
        self._lock = Lock()

    def __iter__(self) -> Iterator[ResultEntry]:
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: int) -> ResultEntry | None:
        """The result of this key as it is now."""
        return self._entries.get(key)

    def add(self, title: str, dataset: xr.Dataset, *, finished: bool = True) -> ResultEntry:
        """Put a result on the desk, under a name no other has."""
        with self._lock:
            entry = ResultEntry(next(_numbers), self._free_name(title), dataset, finished)
            self._entries[entry.key] = entry
        self.added.emit(entry)
        self.changed.emit()
        return entry

    def update(self, key: int, dataset: xr.Dataset, *, finished: bool) -> None:
        """Replace what a result holds, in its place; nothing happens if it was removed meanwhile."""
        with self._lock:
            if key not in self._entries:
                return
            entry = self._entries[key] = replace(self._entries[key], dataset=dataset, finished=finished)
        self.updated.emit(entry)
        if finished:
            self.changed.emit()

    def remove(self, key: int) -> None:
        """Take a result off the desk."""
        with self._lock:
            entry = self._entries.pop(key, None)
        if entry is not None:
            self.removed.emit(entry)
            self.changed.emit()

    def load(self, path: str) -> None:
        """Load a result file; returns at once."""
        self._background.start(self._read, path)

    def save(self, key: int, path: str) -> None:
        """Save a result; returns at once."""
        entry = self._entries.get(key)
        if entry is not None:
            self._background.start(self._write, entry, path)

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._background.close(seconds)

    def _free_name(self, title: str) -> str:
        taken = {entry.name for entry in self._entries.values()}
        names = (title if n == 1 else f"{title} {n}" for n in count(1))
        return next(name for name in names if name not in taken)

    def _read(self, path: str) -> None:
        try:
            dataset = self._load(path)
        except Exception as error:
            self._tell(Trouble.of(error))
            return
        if not self._background.closed:
            self._tell(None)
            self.add(f"{Path(path).stem} · {dataset.attrs.get('title', 'result')}", dataset)

    def _write(self, entry: ResultEntry, path: str) -> None:
        try:
            self._save(entry.dataset, path)
        except Exception as error:
            self._tell(Trouble.of(error))
            return
        self._tell(None)
        self.saved.emit(path)

    def _tell(self, trouble: Trouble | None) -> None:
        self.trouble = trouble
        self.changed.emit()

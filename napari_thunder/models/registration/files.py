"""Registrations read from and written to files, beside the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psygnal import Signal

from napari_thunder.models.background import Background
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.registration.entries import Entries
from napari_thunder.models.registration.entry import RegistrationEntry
from napari_thunder.models.registration.work import Works
from napari_thunder.models.trouble import Trouble
from napari_thunder.registration.shift_files import Convention


class RegistrationFiles:
    """Loads and saves. All calls return at once.

    Signals, from any thread: `loaded(entry)`; `saved(path)`; `ended(trouble)` after each, with why it failed or None.

    Parameters
    ----------
    entries
        Where registrations go and come from.
    works
        Does the reading and writing.
    """

    loaded = Signal(object)
    saved = Signal(str)
    ended = Signal(object)

    def __init__(self, entries: Entries, works: Works) -> None:
        self._entries, self._works = entries, works
        self._background = Background("registration")

    def load(self, dataset: Dataset, path: str, convention: Convention | None = None) -> None:
        """Load a saved registration, or a file of shifts (see `read_shifts`), of a recording."""
        self._background.start(self._load, dataset, path, convention)

    def save(self, entry: RegistrationEntry, path: str, *, overwrite: bool = False) -> None:
        """Save a registration, and its judgement beside it."""

        def write() -> None:
            self._works.save(entry, path, overwrite)
            if self._entries.get(entry.key) is entry:
                self._entries.change(entry.key, path=path)

        self._background.start(self._write, write, path)

    def export_csv(self, entry: RegistrationEntry, path: str) -> None:
        """Write the shifts of a registration as a table."""
        self._background.start(self._write, lambda: self._works.export_csv(entry, path), path)

    def report(self, entry: RegistrationEntry, path: str) -> None:
        """Write an HTML page on a registration."""
        self._background.start(self._write, lambda: self._works.report(entry, path), path)

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._background.close(seconds)

    def _load(self, dataset: Dataset, path: str, convention: Convention | None) -> None:
        try:
            name, registration, quality, saved = self._works.load(dataset.recording.raw, path, convention)
        except Exception as error:
            self.ended.emit(Trouble.of(error))
            return
        if not self._background.closed:
            entry = self._entries.add(dataset.key, name, registration, quality=quality, path=saved)
            entry.read()
            self.loaded.emit(entry)
            self.ended.emit(None)

    def _write(self, write: Callable[[], Any], path: str) -> None:
        try:
            write()
        except Exception as error:
            self.ended.emit(Trouble.of(error))
            return
        self.saved.emit(path)
        self.ended.emit(None)

"""The registrations on the desk, of all its recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Any

from napari_thunder.models.registration.entry import RegistrationEntry

if TYPE_CHECKING:
    import xarray as xr

_numbers = count(1)


class Entries:
    """Registrations in the order they were made, and which of each recording's is looked at. Safe from any thread."""

    def __init__(self) -> None:
        self._entries: dict[int, RegistrationEntry] = {}
        self._looked_at: dict[int, int] = {}
        self._lock = Lock()

    def __iter__(self) -> Iterator[RegistrationEntry]:
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: int) -> RegistrationEntry | None:
        """The registration of this key as it is now."""
        return self._entries.get(key)

    def of(self, dataset: int) -> tuple[RegistrationEntry, ...]:
        """Those of a recording, the oldest first."""
        return tuple(entry for entry in self if entry.dataset == dataset)

    def looked_at(self, dataset: int) -> RegistrationEntry | None:
        """The one of a recording that is looked at; the newest unless another was chosen."""
        chosen = self._entries.get(self._looked_at.get(dataset, 0))
        return chosen or next(iter(self.of(dataset)[::-1]), None)

    def look_at(self, key: int) -> bool:
        """Choose which one of its recording is looked at; False if it is gone or was so already."""
        entry = self._entries.get(key)
        if entry is None or self._looked_at.get(entry.dataset) == key:
            return False
        self._looked_at[entry.dataset] = key
        return True

    def add(self, dataset: int, name: str, registration: xr.Dataset, **more: Any) -> RegistrationEntry:
        """Put a registration on the desk, under a name no other of this recording has; it is the one looked at."""
        with self._lock:
            free = self._free_name(dataset, name)
            entry = RegistrationEntry(next(_numbers), dataset, free, registration, **more)
            self._entries[entry.key] = entry
            self._looked_at[dataset] = entry.key
        return entry

    def change(self, key: int, **new: Any) -> RegistrationEntry | None:
        """Let something else be known of one; None if it was removed meanwhile."""
        with self._lock:
            if key not in self._entries:
                return None
            entry = self._entries[key] = replace(self._entries[key], **new)
        return entry

    def remove(self, key: int) -> RegistrationEntry | None:
        """Take one off the desk."""
        with self._lock:
            return self._entries.pop(key, None)

    def put_back(self, entry: RegistrationEntry) -> None:
        """Put one that was removed back on the desk."""
        with self._lock:
            self._entries = dict(sorted((self._entries | {entry.key: entry}).items()))
            self._looked_at[entry.dataset] = entry.key

    def forget(self, dataset: int) -> None:
        """Take all of a recording off the desk."""
        with self._lock:
            self._entries = {key: entry for key, entry in self._entries.items() if entry.dataset != dataset}
            self._looked_at.pop(dataset, None)

    def _free_name(self, dataset: int, name: str) -> str:
        taken = {entry.name for entry in self._entries.values() if entry.dataset == dataset}
        names = (name if n == 1 else f"{name} {n}" for n in count(1))
        return next(free for free in names if free not in taken)

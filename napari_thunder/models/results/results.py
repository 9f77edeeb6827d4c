"""The results on the desk: computed here, or loaded from files."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from napari_thunder.differences import difference
from napari_thunder.display.maps import MapChoice
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble

if TYPE_CHECKING:
    import xarray as xr

_numbers = count(1)

_KEPT_FOR_UNDO = 5


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
    preview
        Whether it was computed for a few voxels only, to have a look.
    path
        The file it is saved in as it is; empty while it is not saved.
    """

    key: int
    name: str
    dataset: xr.Dataset
    finished: bool = True
    preview: bool = False
    path: str = ""

    @property
    def state(self) -> Literal["computing", "preview", "done", "saved"]:
        """What has become of it."""
        if not self.finished:
            return "computing"
        if self.preview or self.dataset.attrs.get("preview"):
            return "preview"
        return "saved" if self.path else "done"

    @property
    def lost_when_removed(self) -> bool:
        """Whether there is no file to load it from again."""
        return self.state == "done"


class Results:
    """Results in the order in which their maps lie on each other, the lowest first.

    Files are read and written on threads of its own. Signals may be emitted from any thread: `added(entry)`,
    `updated(entry)` when it holds more, `renamed(entry)`, `removed(entry)`, `arranged()` for another order,
    `saved(path)`, `loaded(entry)` and, after any of these, `changed()`.

    Parameters
    ----------
    load, save
        As `napari_thunder.load_result` and `save_result`.
    """

    added = Signal(object)
    updated = Signal(object)
    renamed = Signal(object)
    removed = Signal(object)
    arranged = Signal()
    loaded = Signal(object)
    changed = Signal()
    saved = Signal(str)

    def __init__(self, load: Callable[[str], xr.Dataset], save: Callable[..., Any]) -> None:
        self.trouble: Trouble | None = None
        self._load = load
        self._save = save
        self._entries: dict[int, ResultEntry] = {}
        self._removed: deque[tuple[ResultEntry, int]] = deque(maxlen=_KEPT_FOR_UNDO)
        self._background = Background("results")
        self._lock = Lock()

    def __iter__(self) -> Iterator[ResultEntry]:
        return iter(tuple(self._entries.values()))

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: int) -> ResultEntry | None:
        """The result of this key as it is now."""
        return self._entries.get(key)

    def add(
        self, title: str, dataset: xr.Dataset, *, finished: bool = True, preview: bool = False, path: str = ""
    ) -> ResultEntry:
        """Put a result on the desk, under a name no other has; above the others."""
        with self._lock:
            entry = ResultEntry(next(_numbers), self._free_name(title), dataset, finished, preview, path)
            self._entries[entry.key] = entry
        self.added.emit(entry)
        self.changed.emit()
        return entry

    def update(self, key: int, dataset: xr.Dataset, *, finished: bool, preview: bool | None = None) -> None:
        """Replace what a result holds, in its place; nothing happens if it was removed meanwhile."""
        more = {} if preview is None else {"preview": preview}
        entry = self._replace(key, dataset=dataset, finished=finished, path="", **more)
        if entry is not None:
            self.updated.emit(entry)
            if finished:
                self.changed.emit()

    def rename(self, key: int, name: str) -> None:
        """Give a result another name, or that one with a number if it is taken; an empty one is no name."""
        before = self._entries.get(key)
        if before is None or not name.strip() or before.name == name.strip():
            return
        entry = self._replace(key, name=self._free_name(name.strip(), but=key))
        if entry is not None:
            self.renamed.emit(entry)
            self.changed.emit()

    def arrange(self, keys: Iterable[int]) -> None:
        """Set the order, the lowest first; those not named keep theirs, below."""
        with self._lock:
            wanted = [key for key in dict.fromkeys(keys) if key in self._entries]
            order = [*(key for key in self._entries if key not in set(wanted)), *wanted]
            if order == list(self._entries):
                return
            self._entries = {key: self._entries[key] for key in order}
        self.arranged.emit()
        self.changed.emit()

    def remove(self, key: int) -> None:
        """Take a result off the desk; `bring_back` undoes that for the last few that were whole."""
        with self._lock:
            at = list(self._entries).index(key) if key in self._entries else 0
            entry = self._entries.pop(key, None)
            if entry is not None and entry.finished:
                self._removed.append((entry, at))
        if entry is not None:
            self.removed.emit(entry)
            self.changed.emit()

    @property
    def removed_last(self) -> ResultEntry | None:
        """What `bring_back` would bring back."""
        return self._removed[-1][0] if self._removed else None

    def bring_back(self) -> ResultEntry | None:
        """Undo the last removal: the result has its key and place again."""
        with self._lock:
            if not self._removed:
                return None
            entry, at = self._removed.pop()
            entry = replace(entry, name=self._free_name(entry.name))
            entries = list(self._entries.items())
            self._entries = dict([*entries[:at], (entry.key, entry), *entries[at:]])
        self.added.emit(entry)
        self.changed.emit()
        return entry

    def load(self, path: str) -> None:
        """Load a result file; returns at once."""
        self._background.start(self._read, path)

    def save(self, key: int, path: str, *, overwrite: bool = False) -> None:
        """Save a result; returns at once. Only with `overwrite` does it take the place of another one."""
        entry = self._entries.get(key)
        if entry is not None:
            self._background.start(self._write, entry, path, {"overwrite": True} if overwrite else {})

    def write(self, make: Callable[[], Any], path: str) -> None:
        """Write a file by `make()`; returns at once. What goes wrong is the trouble."""
        self._background.start(self._make, make, path)

    def subtract(self, a: int, map_a: MapChoice, b: int, map_b: MapChoice) -> None:
        """Put the difference of two maps on the desk; returns at once. What goes wrong is the trouble."""
        self._background.start(self._subtract, a, map_a, b, map_b)

    def tell(self, trouble: Trouble | None) -> None:
        """Say what went wrong with a result, or that nothing is wrong any more."""
        self.trouble = trouble
        self.changed.emit()

    def close(self, seconds: float = 1.0) -> None:
        """End; takes no longer than `seconds` even if a file system hangs."""
        self._background.close(seconds)

    def _replace(self, key: int, **new: Any) -> ResultEntry | None:
        with self._lock:
            if key not in self._entries:
                return None
            entry = self._entries[key] = replace(self._entries[key], **new)
        return entry

    def _free_name(self, title: str, but: int | None = None) -> str:
        taken = {entry.name for entry in self._entries.values() if entry.key != but}
        names = (title if n == 1 else f"{title} {n}" for n in count(1))
        return next(name for name in names if name not in taken)

    def _read(self, path: str) -> None:
        try:
            dataset = self._load(path)
        except Exception as error:
            self.tell(Trouble.of(error))
            return
        if not self._background.closed:
            self.tell(None)
            title = f"{Path(path).stem} · {dataset.attrs.get('title', 'result')}"
            self.loaded.emit(self.add(title, dataset, path=str(path)))

    def _write(self, entry: ResultEntry, path: str, how: Mapping[str, bool]) -> None:
        try:
            self._save(entry.dataset, path, **how)
        except Exception as error:
            self.tell(Trouble.of(error))
            return
        if (now := self._entries.get(entry.key)) is not None and now.dataset is entry.dataset:
            self._replace(entry.key, path=path)
        self.tell(None)
        self.saved.emit(path)

    def _make(self, make: Callable[[], Any], path: str) -> None:
        try:
            make()
        except Exception as error:
            self.tell(Trouble.of(error))
            return
        self.tell(None)
        self.saved.emit(path)

    def _subtract(self, a: int, map_a: MapChoice, b: int, map_b: MapChoice) -> None:
        first, second = self._entries.get(a), self._entries.get(b)
        if first is None or second is None:
            return
        try:
            made = difference(first.dataset, second.dataset, map_a, map_b)
        except Exception as error:
            self.tell(Trouble.of(error))
            return
        if not self._background.closed:
            self.tell(None)
            self.add(f"{first.name} − {second.name}", made)

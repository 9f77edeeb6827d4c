"""The regions on the desk, with undo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from threading import RLock
from typing import Any

from psygnal import Signal

from napari_thunder.regions import COLORS, Region

_numbers = count(1)

_MOST_STEPS = 100


class Regions:
    """Regions in the order they were made.

    A region is never changed: an edit puts another one with the same key in its place. Signals may be emitted from any
    thread: `added`, `edited` and `removed(region)`, then `changed()`. `selected(key)` when another one is chosen.
    """

    added = Signal(object)
    edited = Signal(object)
    removed = Signal(object)
    changed = Signal()
    selected = Signal(object)

    def __init__(self) -> None:
        self.selection: int | None = None
        self._regions: dict[int, Region] = {}
        self._past: list[dict[int, Region]] = []
        self._future: list[dict[int, Region]] = []
        self._lock = RLock()

    def __iter__(self) -> Iterator[Region]:
        return iter(tuple(self._regions.values()))

    def __len__(self) -> int:
        return len(self._regions)

    def get(self, key: int) -> Region | None:
        """The region of this key as it is now."""
        return self._regions.get(key)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to make again."""
        return bool(self._future)

    def free_name(self, stem: str = "ROI") -> str:
        """`ROI 3`: a name that no region has."""
        taken = {region.name for region in self}
        return next(name for n in count(1) if (name := f"{stem} {n}") not in taken)

    def free_color(self) -> str:
        """The colour that fewest regions have."""
        used = [region.color for region in self]
        return min(COLORS, key=used.count)

    def add(self, region: Region) -> Region:
        """Put a region on the desk; gives it back with its key."""
        return self.add_all([region])[0]

    def add_all(self, regions: Iterable[Region]) -> list[Region]:
        """Put several on the desk, in one step of undo."""
        keyed = [replace(region, key=next(_numbers)) for region in regions]
        self._become(self._regions | {region.key: region for region in keyed})
        return keyed

    def edit(self, key: int, **new: Any) -> None:
        """Change fields of a region: `edit(3, name="tectum")`."""
        if key in self._regions:
            self._become(self._regions | {key: replace(self._regions[key], **new)})

    def reshape(self, key: int, other: Region) -> None:
        """Give a region the voxels of another."""
        if key in self._regions:
            self._become(self._regions | {key: self._regions[key].with_voxels_of(other)})

    def remove(self, *keys: int) -> None:
        """Take regions off the desk."""
        self._become({key: region for key, region in self._regions.items() if key not in keys})

    def duplicate(self, key: int) -> Region | None:
        """Another one of the same voxels."""
        region = self._regions.get(key)
        if region is None:
            return None
        return self.add(replace(region, name=self.free_name(f"{region.name} copy"), color=self.free_color()))

    def select(self, key: int | None) -> None:
        """Choose a region; None for none."""
        if key != self.selection:
            self.selection = key
            self.selected.emit(key)

    def undo(self) -> None:
        """Take back the last edit."""
        if self._past:
            self._step(self._past, self._future)

    def redo(self) -> None:
        """Make the edit again that was taken back."""
        if self._future:
            self._step(self._future, self._past)

    def _become(self, new: dict[int, Region]) -> None:
        with self._lock:
            if new == self._regions:
                return
            self._past = [*self._past, self._regions][-_MOST_STEPS:]
            self._future.clear()
            before, self._regions = self._regions, new
        self._tell(before, new)

    def _step(self, source: list[dict[int, Region]], other: list[dict[int, Region]]) -> None:
        with self._lock:
            other.append(self._regions)
            before, self._regions = self._regions, source.pop()
        self._tell(before, self._regions)

    def _tell(self, before: dict[int, Region], now: dict[int, Region]) -> None:
        for key in before.keys() - now.keys():
            self.removed.emit(before[key])
        if self.selection not in now:
            self.select(None)
        for key, region in now.items():
            if key not in before:
                self.added.emit(region)
            elif before[key] is not region:
                self.edited.emit(region)
        self.changed.emit()

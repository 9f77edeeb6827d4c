"""The regions on the desk, with undo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from threading import RLock
from typing import Any

from psygnal import Signal

from napari_thunder.models.rois.region_steps import State, Step, Steps
from napari_thunder.regions import COLORS, Box, Region

_numbers = count(1)


class Regions:
    """Regions in an order of one's own, at first that in which they were made.

    A region is never changed: an edit puts another one with the same key in its place. What is shown and what is
    selected is not undone. May be called from any thread, and signals may be emitted from any: `added`, `edited` and
    `removed(region)`, then `changed()`; `selected(key)` when another one is chosen.
    """

    added = Signal(object)
    edited = Signal(object)
    removed = Signal(object)
    changed = Signal()
    selected = Signal(object)

    def __init__(self) -> None:
        self.selection: int | None = None
        self._regions: State = {}
        self._steps = Steps()
        self._open_steps = 0
        self._at_opening: State = {}
        self._lock = RLock()

    def __iter__(self) -> Iterator[Region]:
        return iter(tuple(self._regions.values()))

    def __len__(self) -> int:
        return len(self._regions)

    def get(self, key: int) -> Region | None:
        """The region of this key as it is now."""
        return self._regions.get(key)

    def unfit(self, volume: Box) -> list[Region]:
        """The regions that were made for a volume of another shape (z, y, x); each says `why_unfit`."""
        return [region for region in self if region.volume != volume]

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._steps.done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to make again."""
        return bool(self._steps.undone)

    def free_name(self, stem: str = "ROI") -> str:
        """`ROI 3`: a name that no region has."""
        taken = {region.name for region in self}
        return next(name for n in count(1) if (name := f"{stem} {n}") not in taken)

    def named_apart(self, regions: Iterable[Region]) -> list[Region]:
        """Regions with names that no other has: `Cluster 3 (2)` if there is a `Cluster 3` already."""
        taken, named = {region.name for region in self}, []
        for region in regions:
            others = (f"{region.name} ({n})" for n in count(2))
            name = region.name
            while name in taken:
                name = next(others)
            taken.add(name)
            named.append(region if name == region.name else replace(region, name=name))
        return named

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
        self._change(lambda now: {**now, **{region.key: region for region in keyed}})
        return keyed

    def edit(self, key: int, **new: Any) -> None:
        """Change fields of a region: `edit(3, name="tectum")`; nothing happens if it is gone, or is so already."""

        def edited(now: State) -> State:
            after = replace(now[key], **new) if key in now else None
            return now if after is None or _alike(now[key], after, visibly=True) else {**now, key: after}

        self._change(edited, undoable=new.keys() != {"visible"})

    def show(self, visible: bool, *keys: int) -> None:
        """Show or hide regions, all at once; this is not undone."""
        shown = dict.fromkeys(keys, visible)
        self._change(lambda now: _with_visibility(now, shown), undoable=False)

    def reshape(self, key: int, other: Region) -> None:
        """Give a region the voxels of another."""
        self._change(lambda now: {**now, key: now[key].with_voxels_of(other)} if key in now else now)

    def remove(self, *keys: int) -> None:
        """Take regions off the desk."""
        self._change(lambda now: {key: region for key, region in now.items() if key not in keys})

    def duplicate(self, key: int) -> Region | None:
        """Another one of the same voxels."""
        region = self._regions.get(key)
        if region is None:
            return None
        return self.add(replace(region, name=self.free_name(f"{region.name} copy"), color=self.free_color()))

    def move(self, key: int, place: int) -> None:
        """Put a region at a place in the order, from 0."""

        def moved(now: State) -> State:
            order = [other for other in now if other != key]
            if key in now:
                order.insert(place, key)
            return {other: now[other] for other in order}

        self._change(moved)

    def select(self, key: int | None) -> None:
        """Choose a region; None for none."""
        with self._lock:
            if key == self.selection:
                return
            self.selection = key
        self.selected.emit(key)

    @contextmanager
    def one_step(self) -> Iterator[None]:
        """Make all edits inside one step of undo; while it lasts, nothing is undone."""
        with self._lock:
            if not self._open_steps:
                self._at_opening = self._regions
            self._open_steps += 1
        try:
            yield
        finally:
            with self._lock:
                self._open_steps -= 1
                closed = not self._open_steps and self._keep(self._at_opening)
            if closed:
                self.changed.emit()

    def undo(self) -> None:
        """Take back the last edit."""
        self._go(self._steps.undo)

    def redo(self) -> None:
        """Make the edit again that was taken back."""
        self._go(self._steps.redo)

    def _change(self, change: Callable[[State], State], *, undoable: bool = True) -> None:
        with self._lock:
            before, after = self._regions, change(self._regions)
            if _same(before, after):
                return
            self._regions = after
            if undoable and not self._open_steps:
                self._keep(before)
        self._tell(before, after)

    def _keep(self, before: State) -> bool:
        """Add a step; False if there is nothing in it."""
        now = self._regions
        if list(before) == list(now) and all(_alike(region, now[key]) for key, region in before.items()):
            return False
        self._steps.add(Step.of(before, now))
        return True

    def _go(self, take: Callable[[], State | None]) -> None:
        with self._lock:
            before, after = self._regions, None if self._open_steps else take()
            if after is None:
                return
            self._regions = after = _with_visibility(after, {key: region.visible for key, region in before.items()})
        self._tell(before, after)

    def _tell(self, before: State, now: State) -> None:
        for key in before.keys() - now.keys():
            self.removed.emit(before[key])
        if self.selection is not None and self.selection not in self._regions:
            self.select(None)
        for key, region in now.items():
            if key not in before:
                self.added.emit(region)
            elif before[key] is not region:
                self.edited.emit(region)
        self.changed.emit()


def _with_visibility(state: State, visible: Mapping[int, bool]) -> State:
    return {
        key: region if visible.get(key, region.visible) == region.visible else replace(region, visible=visible[key])
        for key, region in state.items()
    }


def _alike(one: Region, other: Region, *, visibly: bool = False) -> bool:
    """Whether two regions are the same, shown or not."""
    if one is other:
        return True
    texts = (one.name, one.color) == (other.name, other.color)
    places = (one.volume, one.corner) == (other.volume, other.corner)
    voxels = one.mask is other.mask and one.outline is other.outline
    return texts and places and voxels and (not visibly or one.visible == other.visible)


def _same(one: State, other: State) -> bool:
    """Whether they are the same regions in the same order."""
    return list(one.items()) == list(other.items())

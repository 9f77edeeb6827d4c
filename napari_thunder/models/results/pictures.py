"""From results to what is drawn, painted beside the window: newest look first, at a pace the eye follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_thunder.differences import map_to_compare
from napari_thunder.display import LayerSpec, MapChoice
from napari_thunder.models.background import Background
from napari_thunder.models.results.looks import Look, fits, in_colours, look_from_plain, look_to_plain, looks_of
from napari_thunder.models.results.painting import look_of_layer, paint, repaint, restyle
from napari_thunder.models.results.results import ResultEntry, Results
from napari_thunder.models.trouble import Trouble

if TYPE_CHECKING:
    import xarray as xr


class Pictures:
    """How each result is looked at, whether it is seen, and the picture that makes.

    One result is in front: the newest, or the one that was chosen. Signals may be emitted from any thread:
    `painted(key, spec)` for each picture, `changed(key)` when a look did, `fronted(key)` when another result is in
    front, `sighted()` when other results are to be seen.

    Parameters
    ----------
    results
        What there is to paint; painted again whenever it fills further.
    """

    painted = Signal(int, object)
    changed = Signal(int)
    fronted = Signal(int)
    sighted = Signal()

    def __init__(self, results: Results) -> None:
        self.trouble: Trouble | None = None
        self.front: int | None = None
        self.overlay = True
        self._results = results
        self._looks: dict[int, Look] = {}
        self._put_away: dict[int, Look] = {}
        self._shown: set[int] = set()
        self._last: dict[int, tuple[ResultEntry, Look, LayerSpec]] = {}
        self._waiting: dict[int, None] = {}
        self._given: dict[int, tuple[Look, bool]] = {}
        self._painting = False
        self._background = Background("pictures")
        self._lock = Lock()
        self.direction_colormap = ""
        results.added.connect(self._begin)
        results.updated.connect(self._again)
        results.removed.connect(self._forget)

    @property
    def shown(self) -> frozenset[int]:
        """Keys of the results that are switched on, be the overlay as a whole on or off."""
        return frozenset(self._shown)

    def in_sight(self, key: int) -> bool:
        """Whether a result is to be seen now."""
        return self.overlay and key in self._shown

    def look(self, key: int) -> Look | None:
        """How a result is looked at now."""
        return self._looks.get(key)

    def map_shown(self, key: int) -> MapChoice | None:
        """The one map that stands for what is seen of a result; None if that is several factors."""
        entry, look = self._results.get(key), self._looks.get(key)
        if entry is None or look is None or look.components:
            return None
        return map_to_compare(entry.dataset, look.choice)

    def spec(self, key: int) -> LayerSpec | None:
        """The last picture of a result."""
        return self._last[key][2] if key in self._last else None

    def show(self, key: int, look: Look) -> None:
        """Look at a result in another way; returns at once."""
        if self._results.get(key) is None or self._looks.get(key) == look:
            return
        self._looks[key] = look
        self.changed.emit(key)
        self._queue(key)

    def note(self, key: int, look: Look) -> None:
        """Take down a look that the layer has already; nothing is painted."""
        before, last = self._looks.get(key), self._last.get(key)
        if before is None or before == look:
            return
        self._looks[key] = look
        if last is not None and last[1] == before:
            self._last[key] = last[0], look, restyle(last[2], look)
        self.changed.emit(key)

    def bring_to_front(self, key: int) -> None:
        """Put a result in front; it is shown alone, unless it is among several that are."""
        if self._results.get(key) is None:
            return
        fronted, self.front = self.front != key, key
        if key not in self._shown or not self.overlay:
            self._see({key})
        if fronted:
            self.fronted.emit(key)

    def show_alone(self, key: int) -> None:
        """Put a result in front and hide the others, so that their colours do not mix."""
        self.bring_to_front(key)
        self._see({key})

    def show_only(self, keys: Iterable[int], *, front: int | None = None) -> None:
        """Show these results and no others."""
        known = {key for key in keys if self._results.get(key) is not None}
        if front in known:
            self.bring_to_front(front)
        self._see(known)

    def switch(self, keys: Iterable[int], on: bool) -> None:
        """Show results beside those that are shown, or hide them."""
        known = {key for key in keys if self._results.get(key) is not None}
        self._see(self._shown | known if on else self._shown - known, overlay=self.overlay or on)

    def next_map(self) -> None:
        """Show the result above the one in front, alone; after the topmost comes the lowest."""
        self._step(1)

    def previous_map(self) -> None:
        """Show the result below the one in front, alone; below the lowest is the topmost."""
        self._step(-1)

    def toggle_overlay(self, on: bool | None = None) -> None:
        """Hide all results at once, or show again those that were."""
        self._see(self._shown, overlay=not self.overlay if on is None else on)

    def adopt(self, title: str, dataset: xr.Dataset, spec: LayerSpec, *, shown: bool) -> ResultEntry | None:
        """Put a result on the desk that has its layer already; None if it has nothing to show."""
        look = look_of_layer(spec.thunder)
        if look is None:
            return None
        self._given[id(dataset)] = look, shown
        return self._results.add(title, dataset, path=str(spec.thunder.get("path", "")))

    def state(self) -> dict[str, Any]:
        """Order, looks and what is shown, as JSON can hold it; for a session."""
        order = [entry.key for entry in self._results]
        return {
            "order": order,
            "looks": {str(key): look_to_plain(self._looks[key]) for key in order if key in self._looks},
            "shown": [key for key in order if key in self._shown],
            "front": self.front,
            "overlay": self.overlay,
        }

    def restore(self, stored: Mapping[str, Any], keys: Mapping[int, int]) -> None:
        """Take over what `state` gave; `keys` says what the keys in it became."""
        for key, plain in stored.get("looks", {}).items():
            now = keys.get(int(key))
            entry = None if now is None else self._results.get(now)
            if entry is not None and fits(entry.dataset, look := look_from_plain(plain)):
                self.show(entry.key, look)
        self._results.arrange(keys[key] for key in stored.get("order", ()) if key in keys)
        front = keys.get(stored.get("front") or 0)
        if front is not None:
            self.bring_to_front(front)
        shown = {keys[key] for key in stored.get("shown", ()) if key in keys}
        self._see(shown | (self._shown - set(keys.values())), overlay=bool(stored.get("overlay", True)))

    def close(self, seconds: float = 1.0) -> None:
        """End in bounded time."""
        self._background.close(seconds)

    @property
    def idle(self) -> bool:
        """Whether everything is painted."""
        return not self._painting

    def _begin(self, entry: ResultEntry) -> None:
        looks = looks_of(entry.dataset)
        if not looks:
            return
        usual = self._put_away.pop(entry.key, in_colours(looks[0][1], self.direction_colormap)), True
        given, shown = self._given.pop(id(entry.dataset), usual)
        self._looks[entry.key] = given
        if shown:
            self.show_alone(entry.key)
        elif self.front is None:
            self.front = entry.key
            self.fronted.emit(entry.key)
        self.changed.emit(entry.key)
        self._queue(entry.key)

    def _step(self, by: int) -> None:
        keys = [entry.key for entry in self._results if entry.key in self._looks]
        if keys:
            at = keys.index(self.front) + by if self.front in keys else 0
            self.show_alone(keys[at % len(keys)])

    def _see(self, keys: Iterable[int], *, overlay: bool = True) -> None:
        before = (self._shown, self.overlay)
        self._shown, self.overlay = set(keys), overlay
        if (self._shown, self.overlay) != before:
            self.sighted.emit()

    def _again(self, entry: ResultEntry) -> None:
        if entry.key in self._looks:
            self._queue(entry.key)
            if entry.finished:
                self.changed.emit(entry.key)

    def _forget(self, entry: ResultEntry) -> None:
        look = self._looks.pop(entry.key, None)
        if look is not None:
            self._put_away[entry.key] = look
        self._see(self._shown - {entry.key}, overlay=self.overlay)
        self._last.pop(entry.key, None)
        with self._lock:
            self._waiting.pop(entry.key, None)
        others = [other.key for other in self._results if other.key in self._looks]
        if self.front == entry.key:
            self.front = None
            if others:
                self.bring_to_front(others[-1])

    def _queue(self, key: int) -> None:
        with self._lock:
            self._waiting[key] = None
            start, self._painting = not self._painting, True
        if start:
            self._background.start(self._paint_all)

    def _paint_all(self) -> None:
        while (key := self._next()) is not None:
            entry, look = self._results.get(key), self._looks.get(key)
            spec = self._painted(entry, look) if entry and look else None
            if spec is None or entry is None or look is None or self._background.closed:
                continue
            if self._results.get(key) is not None:
                self._last[key] = entry, look, spec
                self.painted.emit(key, spec)

    def _next(self) -> int | None:
        with self._lock:
            if not self._waiting or self._background.closed:
                self._painting = False
                return None
            key = next(iter(self._waiting))
            del self._waiting[key]
            return key

    def _painted(self, entry: ResultEntry, look: Look) -> LayerSpec | None:
        try:
            return self._restyled(entry, look) or self._faded(entry, look) or paint(entry, look)
        except Exception as error:
            self.trouble = Trouble.of(error)
            self.changed.emit(entry.key)
            return None

    def _faded(self, entry: ResultEntry, look: Look) -> LayerSpec | None:
        """The last picture above another threshold, if nothing else changed."""
        before, seen, spec = self._last.get(entry.key, (None, None, None))
        if before is not entry or spec is None or seen != replace(look, threshold=seen.threshold if seen else None):
            return None
        return repaint(spec, look.threshold)

    def _restyled(self, entry: ResultEntry, look: Look) -> LayerSpec | None:
        """The last picture in another opacity or between other limits, if nothing else changed."""
        before, seen, spec = self._last.get(entry.key, (None, None, None))
        if before is not entry or spec is None or seen is None:
            return None
        same = seen == replace(look, opacity=seen.opacity, limits=seen.limits)
        return restyle(spec, look) if same else None

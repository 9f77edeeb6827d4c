"""From results to what is drawn, painted beside the window: newest look first, at a pace the eye follows."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from psygnal import Signal

from napari_thunder.display import LayerSpec
from napari_thunder.models.background import Background
from napari_thunder.models.looks import Look, looks_of
from napari_thunder.models.painting import paint, repaint
from napari_thunder.models.results import ResultEntry, Results
from napari_thunder.models.trouble import Trouble


class Pictures:
    """How each result is looked at, and the picture that makes.

    One result is in front: the newest, or the one that was chosen.
    Signals may be emitted from any thread: `painted(key, spec)` for each picture, `changed(key)` when a look did,
    `fronted(key)` when another result is in front.

    Parameters
    ----------
    results
        What there is to paint; painted again whenever it fills further.
    """

    painted = Signal(int, object)
    changed = Signal(int)
    fronted = Signal(int)

    def __init__(self, results: Results) -> None:
        self.trouble: Trouble | None = None
        self.front: int | None = None
        self._results = results
        self._looks: dict[int, Look] = {}
        self._last: dict[int, tuple[ResultEntry, Look, LayerSpec]] = {}
        self._waiting: dict[int, None] = {}
        self._painting = False
        self._background = Background("pictures")
        self._lock = Lock()
        results.added.connect(self._begin)
        results.updated.connect(self._again)
        results.removed.connect(self._forget)

    def look(self, key: int) -> Look | None:
        """How a result is looked at now."""
        return self._looks.get(key)

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

    def bring_to_front(self, key: int) -> None:
        """Put a result in front of the others."""
        if self.front != key and self._results.get(key) is not None:
            self.front = key
            self.fronted.emit(key)

    def close(self, seconds: float = 1.0) -> None:
        """End in bounded time."""
        self._background.close(seconds)

    @property
    def idle(self) -> bool:
        """Whether everything is painted."""
        return not self._painting

    def _begin(self, entry: ResultEntry) -> None:
        looks = looks_of(entry.dataset)
        if looks:
            self._looks[entry.key] = looks[0][1]
            self.bring_to_front(entry.key)
            self.changed.emit(entry.key)
            self._queue(entry.key)

    def _again(self, entry: ResultEntry) -> None:
        if entry.key in self._looks:
            self._queue(entry.key)
            if entry.finished:
                self.changed.emit(entry.key)

    def _forget(self, entry: ResultEntry) -> None:
        self._looks.pop(entry.key, None)
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
            return self._faded(entry, look) or paint(entry, look)
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

"""From series that were read to traces as they are shown, beside the window where there are many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from napari_thunder.models.background import Background
from napari_thunder.models.latest import Latest
from napari_thunder.models.traces.trace import Trace, make_trace
from napari_thunder.models.traces.wishes import Wish
from napari_thunder.recording import Recording
from napari_thunder.traces.settings import TraceSettings

AT_ONCE = 200_000
"""Frames of all traces together that are shaped while the window waits: 6 ms as ΔF/F."""

Values = NDArray[np.float64]

Look = Callable[[str], Values | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Shaped:
    """A trace, and the series it was made of."""

    trace: Trace
    raw: Values
    ring: Values | None


class TraceShapes:
    """The traces of the subjects that are wished for, under the settings of now.

    Parameters
    ----------
    look
        Gives the series of some voxels of the current recording by their digest, if it was read.
    shaped
        Called from any thread with the key of each trace that became known beside the window.
    """

    def __init__(self, look: Look, shaped: Callable[[str], None]) -> None:
        self._look = look
        self._shaped = shaped
        self._wishes: Mapping[str, Wish] = {}
        self._settings = TraceSettings()
        self._recording: Recording | None = None
        self._traces: dict[str, _Shaped] = {}
        self._background = Background("trace-shapes")
        self._latest = Latest(self._background)
        self._lock = RLock()

    def become(self, wishes: Mapping[str, Wish], settings: TraceSettings, recording: Recording | None) -> None:
        """Say what is wished for, and under which settings, from now on; returns at once."""
        with self._lock:
            if settings is not self._settings or recording is not self._recording:
                self._traces = {}
            self._traces = {
                key: known
                for key, known in self._traces.items()
                if key in wishes and wishes[key].is_as(self._wishes[key])
            }
            self._wishes, self._settings, self._recording = wishes, settings, recording
        if self._are_many:
            self._latest.ask(self.shape, wishes)

    def get(self, key: str) -> Trace | None:
        """The trace of a subject, if it is known."""
        wish = self._wishes.get(key)
        if wish is None or not (self._is_known(key, wish) or (not self._are_many and self._make(key, wish))):
            return None
        shaped = self._traces.get(key)
        return None if shaped is None else shaped.trace

    def is_there(self, key: str) -> bool:
        """Whether there is nothing to wait for."""
        wish = self._wishes.get(key)
        return wish is not None and (self._is_known(key, wish) or (not self._are_many and self._is_read(wish)))

    def shape(self, keys: Iterable[str]) -> None:
        """Make the traces of these subjects as far as they were read and are not known, and tell of each."""
        for key in list(keys):
            wish = self._wishes.get(key)
            new = wish is not None and not self._is_known(key, wish) and self._make(key, wish)
            if new and not self._background.closed:
                self._shaped(key)

    def close(self, seconds: float = 1.0) -> None:
        """End within `seconds`."""
        self._background.close(seconds)

    @property
    def _are_many(self) -> bool:
        return self._recording is not None and len(self._wishes) * self._recording.shape[0] > AT_ONCE

    def _is_known(self, key: str, wish: Wish) -> bool:
        """Whether there is a trace, of what was last read."""
        known = self._traces.get(key)
        return known is not None and known.raw is self._look(wish.content) and known.ring is self._ring(wish)

    def _is_read(self, wish: Wish) -> bool:
        return self._look(wish.content) is not None and (wish.ring is None or self._ring(wish) is not None)

    def _ring(self, wish: Wish) -> Values | None:
        return None if wish.ring is None else self._look(wish.ring)

    def _make(self, key: str, wish: Wish) -> bool:
        """Make a trace; what is wished for by then may be another, and the trace is dropped."""
        with self._lock:
            settings, recording = self._settings, self._recording
            raw, ring = self._look(wish.content), self._ring(wish)
        if raw is None or recording is None or (wish.ring is not None and ring is None):
            return False
        shaped = _Shaped(make_trace(wish.subject, raw, ring, settings, recording), raw, ring)
        with self._lock:
            now = self._wishes.get(key)
            same = now is not None and now.is_as(wish) and settings is self._settings and recording is self._recording
            if same:
                self._traces[key] = shaped
            return same

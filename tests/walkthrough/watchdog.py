"""How long the window's thread was not free, step by step, and what it did meanwhile."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from dataclasses import dataclass, field

from qtpy.QtCore import QTimer

LIMIT = 0.05
"""Seconds above which a stall is felt."""


@dataclass(slots=True)
class Stall:
    """A time in which the window's thread was not free."""

    step: str
    seconds: float
    doing: list[str] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Whether our own code was at work in it, besides handing napari something to draw."""
        return any("/napari_thunder/" in line for line in self.doing)


class Watchdog:
    """Beats in the window's thread, and looks from another one at what it does when a beat is late."""

    def __init__(self) -> None:
        self.step = "start"
        self.longest: dict[str, float] = {}
        self.stalls: list[Stall] = []
        self._last = time.monotonic()
        self._seen: list[str] = []
        self._main = threading.main_thread().ident
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._ended = threading.Event()

    def begin(self) -> None:
        """Watch from now on; called in the window's thread."""
        self._last = time.monotonic()
        self._timer.start(2)
        threading.Thread(target=self._look, name="watchdog", daemon=True).start()

    def end(self) -> None:
        """Watch no longer; called in the window's thread."""
        self._beat()
        self._timer.stop()
        self._ended.set()

    def _beat(self) -> None:
        now = time.monotonic()
        gap, seen = now - self._last, self._seen
        self._last, self._seen = now, []
        self.longest[self.step] = max(self.longest.get(self.step, 0.0), gap)
        if gap > LIMIT:
            self.stalls.append(Stall(self.step, gap, seen))

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            if time.monotonic() - self._last > 0.6 * LIMIT and not self._seen:
                frame = sys._current_frames().get(self._main or 0)
                if frame is not None:
                    self._seen = [line for line in traceback.format_stack(frame) if "site-packages/_pytest" not in line]

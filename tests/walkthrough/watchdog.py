"""How long the window's thread was not free, step by step, what it did meanwhile, and whose doing that was."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum

from qtpy.QtCore import QTimer

LIMIT = 0.05
"""Seconds above which a stall is felt."""

_LATE = 0.02
"""Seconds without a beat from which on it is looked what the thread does."""


class Whose(StrEnum):
    """In whose code the thread was."""

    OURS = "ours"
    ASKED = "napari, asked by us"
    NAPARI = "napari"
    QT = "Qt"


def whose(stack: list[str]) -> Whose:
    """Whose code was at work: the innermost frame of ours or of napari's and its drawing decides.

    What numpy, pyqtgraph and Qt do counts to who called them; Qt alone is its event loop, and drawing without Python.
    """
    for n, line in enumerate(reversed(stack)):
        if "/napari_thunder/" in line:
            return Whose.OURS if "main_thread.py" not in line else Whose.QT
        if (
            "/site-packages/napari/_qt/qt_event_loop.py" in line
            or "/site-packages/napari/_qt/qt_main_window.py" in line
        ):
            continue
        if "/site-packages/napari/" in line or "/site-packages/vispy/" in line:
            outer = stack[: len(stack) - 1 - n]
            return Whose.ASKED if any("/napari_thunder/" in o for o in outer) else Whose.NAPARI
    return Whose.QT


@dataclass(slots=True)
class Stall:
    """A time in which the window's thread was not free.

    Parameters
    ----------
    seconds, busy
        How long by the clock, and how much of it the thread itself was computing: the rest it waited for a processor,
        for Python's lock, or for the X server.
    shares
        Of those times that it was looked at, the part that it was in whose code.
    doing
        The stack seen most often, ours if there was one.
    """

    step: str
    seconds: float
    busy: float
    shares: dict[str, float] = field(default_factory=dict)
    doing: list[str] = field(default_factory=list)

    @property
    def ours(self) -> float:
        """Seconds by the clock in our own code."""
        return self.seconds * self.shares.get(Whose.OURS, 0.0)


class Watchdog:
    """Beats in the window's thread, and looks from another one at what it does when a beat is late."""

    def __init__(self) -> None:
        self.step = "start"
        self.longest: dict[str, float] = {}
        self.stalls: list[Stall] = []
        self._last = time.monotonic()
        self._seen: list[list[str]] = []
        self._main = threading.main_thread().ident or 0
        self._clock = time.pthread_getcpuclockid(self._main)
        self._busy = time.clock_gettime(self._clock)
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._ended = threading.Event()

    def begin(self) -> None:
        """Watch from now on; called in the window's thread."""
        self._last = time.monotonic()
        self._busy = time.clock_gettime(self._clock)
        self._timer.start(2)
        threading.Thread(target=self._look, name="watchdog", daemon=True).start()

    def end(self) -> None:
        """Watch no longer; called in the window's thread."""
        self._beat()
        self._timer.stop()
        self._ended.set()

    def _beat(self) -> None:
        now, busy = time.monotonic(), time.clock_gettime(self._clock)
        gap, used, seen = now - self._last, busy - self._busy, self._seen
        self._last, self._busy, self._seen = now, busy, []
        self.longest[self.step] = max(self.longest.get(self.step, 0.0), gap)
        if gap > LIMIT:
            self.stalls.append(Stall(self.step, gap, used, *_summed_up(seen)))

    def _look(self) -> None:
        while not self._ended.wait(0.004):
            if time.monotonic() - self._last > _LATE:
                self._seen.append([f"{file}:{line} {name}" for file, line, name in reversed(_stack_of(self._main))])


def _stack_of(thread: int) -> list[tuple[str, int, str]]:
    """Where a thread is, innermost first.

    No frame is held any longer than that takes: it would keep alive what lies in it, such as a painter at work, which
    would then end in this thread.
    """
    frame, places = sys._current_frames().get(thread), []
    while frame is not None:
        places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return places


def _summed_up(seen: list[list[str]]) -> tuple[dict[str, float], list[str]]:
    """The parts of whose code it was, and the stack that says most."""
    found = [whose(stack) for stack in seen]
    shares = {str(kind): found.count(kind) / len(found) for kind in Whose if kind in found}
    worst = next((kind for kind in (Whose.OURS, Whose.ASKED) if shares.get(kind, 0) > 0.02), None)
    stacks = [tuple(s) for s, kind in zip(seen, found, strict=True) if worst in (None, kind)]
    return shares, list(max(stacks, key=stacks.count)) if stacks else []

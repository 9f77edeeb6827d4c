"""Calls beside the window, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any

from napari_thunder.models.background import Background


class InTurn:
    """Runs calls on a thread beside the window, each after the one before.

    Parameters
    ----------
    name
        Of the thread, for a debugger.
    """

    def __init__(self, name: str) -> None:
        self._background = Background(name)
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._working = False
        self._lock = Lock()

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._working

    def do(self, function: Callable[..., None], *args: Any) -> None:
        """Call `function(*args)` after what was asked for before."""
        with self._lock:
            self._calls.append((function, args))
            start, self._working = not self._working, True
        if start:
            self._background.start(self._run)

    def do_once(self, function: Callable[..., None], *args: Any) -> None:
        """The same, unless just that waits already."""
        if (function, args) not in tuple(self._calls):
            self.do(function, *args)

    def close(self, seconds: float = 0.5) -> None:
        """Drop what waits and end in bounded time."""
        with self._lock:
            self._calls.clear()
        self._background.close(seconds)

    def _run(self) -> None:
        while (call := self._next()) is not None:
            function, args = call
            try:
                function(*args)
            except BaseException:
                self._go_on()
                raise

    def _next(self) -> tuple[Callable[..., None], tuple[Any, ...]] | None:
        with self._lock:
            if self._calls and not self._background.closed:
                return self._calls.popleft()
            self._working = False
            return None

    def _go_on(self) -> None:
        """After a call that failed, the others still have their turn."""
        with self._lock:
            self._working = bool(self._calls)
        if self._working:
            self._background.start(self._run)

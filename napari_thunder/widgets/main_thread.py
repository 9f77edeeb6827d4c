"""The one bridge from the models' signals, emitted in any thread, to the window's thread."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import Any

from psygnal import SignalInstance
from qtpy.QtCore import QObject, Qt, QTimer, Signal

_TURN = 0.008
"""Seconds after which the event loop gets a turn."""


class MainThread(QObject):
    """Calls slots in the thread of the window, always from its event loop, never from inside an emission.

    It owns all connections it made: `close` undoes them, and nothing is called afterwards. A slot that fails is told
    of, after the others were called.
    """

    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connections: list[tuple[SignalInstance, Callable[..., None]]] = []
        self._calls: OrderedDict[Any, tuple[Callable[..., Any], tuple[Any, ...]]] = OrderedDict()
        self._lock = Lock()
        self._numbers = count()
        self._closed = False
        self._next_turn = QTimer(self)
        self._next_turn.setSingleShot(True)
        self._next_turn.timeout.connect(self._run)
        posted: Any = self._posted
        posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def connect(
        self, signal: SignalInstance, slot: Callable[..., Any], *, newest: bool = False, newest_of_each: bool = False
    ) -> None:
        """Call `slot` in the window's thread for every emission of a psygnal signal.

        Parameters
        ----------
        newest
            Of several emissions that wait, call only for the newest one.
        newest_of_each
            Of several emissions with the same first argument that wait, call only for the newest one.
        """
        number = next(self._numbers)

        def post(*args: Any) -> None:
            key = (number, id(args[0]) if newest_of_each else 0)
            self._post(key if newest or newest_of_each else (-1, next(self._numbers)), slot, args)

        signal.connect(post)
        self._connections.append((signal, post))

    def call(self, slot: Callable[..., Any], *args: Any) -> None:
        """Call `slot(*args)` in the window's thread, soon; from any thread."""
        self._post((-1, next(self._numbers)), slot, args)

    def disconnect(self, signal: SignalInstance) -> None:
        """Undo the connections to one signal, of something that ends before the window does."""
        for connection in [c for c in self._connections if c[0] is signal]:
            self._connections.remove(connection)
            signal.disconnect(connection[1], missing_ok=True)

    def close(self) -> None:
        """Undo all connections and drop what still waits."""
        with self._lock:
            self._closed = True
            self._calls.clear()
        for signal, post in self._connections:
            signal.disconnect(post, missing_ok=True)
        self._connections.clear()

    def _post(self, key: Any, slot: Callable[..., Any], args: tuple[Any, ...]) -> None:
        with self._lock:
            if self._closed:
                return
            waiting = bool(self._calls)
            self._calls[key] = (slot, args)
        if not waiting:
            self._wake()

    def _wake(self) -> None:
        try:
            self._posted.emit()
        except RuntimeError:
            self.close()

    def _run(self) -> None:
        """Call what waits, in order; after a while, let the window draw and hear the mouse before the rest."""
        failed: Exception | None = None
        deadline = time.monotonic() + _TURN
        while (call := self._next()) is not None:
            slot, args = call
            try:
                slot(*args)
            except Exception as error:
                failed = failed or error
            if time.monotonic() > deadline and not self._closed:
                self._next_turn.start()
                break
        if failed is not None:
            raise failed

    def _next(self) -> tuple[Callable[..., Any], tuple[Any, ...]] | None:
        with self._lock:
            return self._calls.popitem(last=False)[1] if self._calls else None

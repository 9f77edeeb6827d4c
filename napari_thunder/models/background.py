"""Work beside the window: daemon threads that can be left behind when they hang."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any

log = logging.getLogger(__name__)


_LINGER = 1.0
"""Seconds that a thread waits for another call: who starts a thread waits until it runs, long on a busy machine."""

Call = tuple[Callable[..., None], tuple[Any, ...]]


class Background:
    """Runs calls on daemon threads of its own, each at once and beside the others.

    A call that hangs (a dead disk, a silent server) holds up neither the next call nor the end of the program.

    Parameters
    ----------
    name
        Of the threads, for a debugger.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._threads: set[Thread] = set()
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._idle = 0
        self._lock = Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called; a call that is still under way should drop its answer."""
        return self._closed

    def start(self, function: Callable[..., None], *args: Any) -> None:
        """Call `function(*args)` on a thread that waits for calls, or on a new one; nothing happens once closed."""
        with self._lock:
            if self._closed:
                return
            self._calls.put((function, args))
            if self._idle:
                self._idle -= 1
                return
            thread = Thread(target=self._run, name=f"thunder-{self._name}", daemon=True)
            self._threads.add(thread)
        thread.start()

    def _run(self) -> None:
        while (call := self._next()) is not None:
            try:
                call[0](*call[1])
            except Exception:
                log.exception("%s: a background call failed", self._name)
            del call
            with self._lock:
                if self._closed:
                    break
                self._idle += 1
        with self._lock:
            self._threads.discard(current_thread())

    def _next(self) -> Call | None:
        try:
            return self._calls.get(timeout=_LINGER)
        except Empty:
            pass
        with self._lock:
            if self._idle:
                self._idle -= 1
                return None
        return self._calls.get()

    def close(self, seconds: float = 1.0) -> bool:
        """Take no more calls and wait up to `seconds` for those under way; True if all ended."""
        with self._lock:
            self._closed = True
            for _ in range(self._idle):
                self._calls.put(None)
            self._idle = 0
            threads = [thread for thread in self._threads if thread is not current_thread()]
        deadline = time.monotonic() + seconds
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

"""Work beside the window: daemon threads that can be left behind when they hang."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock, Thread, current_thread
from typing import Any

log = logging.getLogger(__name__)


class Background:
    """Runs calls on daemon threads of its own, one for each call.

    A call that hangs (a dead disk, a silent server) holds up neither the next call nor the end of the program.

    Parameters
    ----------
    name
        Of the threads, for a debugger.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._threads: set[Thread] = set()
        self._lock = Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether `close` was called; a call that is still under way should drop its answer."""
        return self._closed

    def start(self, function: Callable[..., None], *args: Any) -> None:
        """Call `function(*args)` on a new thread; nothing happens once closed."""
        thread = Thread(target=self._run, args=(function, args), name=f"thunder-{self._name}", daemon=True)
        with self._lock:
            if self._closed:
                return
            self._threads.add(thread)
        thread.start()

    def _run(self, function: Callable[..., None], args: tuple[Any, ...]) -> None:
        try:
            function(*args)
        except Exception:
            log.exception("%s: a background call failed", self._name)
        finally:
            with self._lock:
                self._threads.discard(current_thread())

    def close(self, seconds: float = 1.0) -> bool:
        """Take no more calls and wait up to `seconds` for those under way; True if all ended."""
        with self._lock:
            self._closed = True
            threads = [thread for thread in self._threads if thread is not current_thread()]
        deadline = time.monotonic() + seconds
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

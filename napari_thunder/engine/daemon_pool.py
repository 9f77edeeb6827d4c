"""A few threads that nobody has to wait for: a read that hangs does not keep the program from ending."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

Out = TypeVar("Out")

_Call = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class DaemonPool:
    """Runs calls on daemon threads.

    `concurrent.futures.ThreadPoolExecutor` waits for its threads when Python exits, hanging ones too.

    Parameters
    ----------
    n_threads
        How many.
    name
        Of the threads, for a debugger.
    """

    def __init__(self, n_threads: int, name: str) -> None:
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._n_threads = n_threads
        for i in range(n_threads):
            Thread(target=self._work, name=f"{name}-{i}", daemon=True).start()

    def submit(self, function: Callable[..., Out], *args: Any) -> Future[Out]:
        """Call `function(*args)` on one of the threads, soon."""
        future: Future[Out] = Future()
        self._calls.put((future, function, args))
        return future

    def shutdown(self) -> None:
        """Cancel the calls that wait and let the threads end, without waiting for those under way."""
        try:
            while True:
                call = self._calls.get_nowait()
                if call is not None:
                    call[0].cancel()
        except Empty:
            pass
        for _ in range(self._n_threads):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function, args = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function(*args))
            except BaseException as error:
                future.set_exception(error)
            del call, future, function, args

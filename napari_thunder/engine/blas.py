"""BLAS held to one thread where work runs side by side already.

Its own threads wait for each other by spinning: on a machine that is busy, products that take a millisecond by one
thread take fifty by two.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from threadpoolctl import threadpool_limits


class _OneBlasThread:
    """Holds BLAS to one thread while any job runs: limits that overlap without being nested would else stay."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._jobs = 0
        self._limits: AbstractContextManager[object] = nullcontext()

    def __enter__(self) -> None:
        with self._lock:
            if self._jobs == 0:
                self._limits = threadpool_limits(1, user_api="blas")
            self._jobs += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._jobs -= 1
            if self._jobs == 0:
                self._limits.__exit__(None, None, None)


ONE_BLAS_THREAD = _OneBlasThread()
"""`with ONE_BLAS_THREAD:`, from any number of threads."""

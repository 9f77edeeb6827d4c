"""Of many wishes, the newest: one call at a time, and of those that wait only the last."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import Any

from napari_thunder.models.background import Background

log = logging.getLogger(__name__)


class Latest:
    """Makes calls one after the other, beside the window; of those asked for meanwhile only the newest is made.

    Parameters
    ----------
    background
        Whose threads make them.
    """

    def __init__(self, background: Background) -> None:
        self._background = background
        self._waiting: tuple[Callable[..., None], tuple[Any, ...]] | None = None
        self._busy = False
        self._lock = Lock()

    def ask(self, function: Callable[..., None], *args: Any) -> None:
        """Call `function(*args)` as soon as the call under way is over, unless another is asked for until then."""
        with self._lock:
            self._waiting = (function, args)
            if self._busy:
                return
            self._busy = True
        self._background.start(self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                call, self._waiting = self._waiting, None
                if call is None or self._background.closed:
                    self._busy = False
                    return
            try:
                call[0](*call[1])
            except Exception:
                log.exception("a call failed; the one that waits has its turn")

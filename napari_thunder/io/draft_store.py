"""A Zarr store that can be told to stop: Zarr's own writers go on after an error or Ctrl+C in the one who asked."""

from __future__ import annotations

import errno
import time
from pathlib import Path

from zarr.core.buffer import Buffer
from zarr.storage import LocalStore

_LONGEST_WAIT = 30.0
_PAUSE = 0.01


class DraftStore(LocalStore):
    """A folder that is written until `stop`.

    Parameters
    ----------
    root
        The folder.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._writing = 0
        self._stopped = False

    async def set(self, key: str, value: Buffer) -> None:
        """Write a value, unless stopped."""
        self._writing += 1
        try:
            # after counting, so that stop() either sees this writer or is seen by it
            if self._stopped:
                raise OSError(errno.ECANCELED, "writing was stopped")
            await super().set(key, value)
        finally:
            self._writing -= 1

    def stop(self) -> None:
        """Let nothing more be written; returns when the last writer is done, so that the folder can be removed."""
        self._stopped = True
        patience = time.monotonic() + _LONGEST_WAIT
        while self._writing and time.monotonic() < patience:
            time.sleep(_PAUSE)

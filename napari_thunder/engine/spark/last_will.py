"""Ends a session on a remote server when the desk that opened it dies without a word.

The server would otherwise go on with what it was asked for, for five minutes or until it is done. A small process of
its own waits for the desk's end. This file is its program, run by its path, so it imports the standard library alone
until there is something to do; where the server is comes on its standard input, so that no secret shows in a list of
processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_thunder.engine.spark.address import ServerAddress

PATIENCE = 120.0
"""Seconds the server gets to end the session."""

_REVOKED = "revoked"


class LastWill:
    """That a session shall end if this process dies.

    Parameters
    ----------
    address
        The server.
    session, user
        The session's identifier, and whose it is.
    """

    def __init__(self, address: ServerAddress, session: str, user: str | None) -> None:
        self._executor = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        told = asdict(address) | {"certificate": str(address.certificate or "")}
        self._say(json.dumps({"address": told, "session": session, "user": user, "path": sys.path}))

    def end(self, *, execute: bool) -> None:
        """Nobody waits for this process's end any longer: `execute` the will now, or not at all."""
        if not execute:
            self._say(_REVOKED)
        with suppress(OSError):
            if self._executor.stdin is not None:
                self._executor.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._executor.wait(PATIENCE + 5)

    def _say(self, line: str) -> None:
        pipe = self._executor.stdin
        if pipe is not None and not pipe.closed:
            with suppress(OSError):
                pipe.write(line + "\n")
                pipe.flush()


def execute() -> None:
    """Wait until the desk is gone, then end its session unless it said that this is not needed."""
    will = json.loads(sys.stdin.readline())
    if sys.stdin.readline().strip() != _REVOKED:
        releasing = threading.Thread(target=_release, args=(will,), daemon=True)
        releasing.start()
        releasing.join(PATIENCE)
    os._exit(0)  # no thread of gRPC's keeps this process when the server hangs


def _release(will: dict[str, Any]) -> None:
    sys.path[:] = will["path"]
    from napari_thunder.engine.spark.address import ServerAddress
    from napari_thunder.engine.spark.session import release

    told = will["address"]
    certificate = Path(told["certificate"]) if told["certificate"] else None
    release(ServerAddress(**told | {"certificate": certificate}), will["session"], will["user"])


if __name__ == "__main__":
    execute()

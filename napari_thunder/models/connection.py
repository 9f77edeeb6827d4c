"""Which engine the desk works with, and whether it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from threading import Lock
from typing import Any

from psygnal import Signal

from napari_thunder.engine import Engine, EngineFacts, Job
from napari_thunder.errors import EngineError
from napari_thunder.models.background import Background
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording


class ConnectionState(StrEnum):
    """How the engine stands."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


class Connection:
    """The engine of a desk.

    Nothing here blocks: engines are started, reached and closed on threads of its own, newest wish first.
    `changed` may be emitted from any thread.

    Parameters
    ----------
    connect
        Makes an engine from its name and a job to watch and cancel, as `napari_thunder.connect`.
    """

    changed = Signal()

    def __init__(self, connect: Callable[[str, Job], Engine]) -> None:
        self.target = "threads"
        self.state = ConnectionState.DISCONNECTED
        self.facts: EngineFacts | None = None
        self.trouble: Trouble | None = None
        self.engine: Engine | None = None
        self.job: Job | None = None
        self._connect = connect
        self._background = Background("connection")
        self._wish = 0
        self._lock = Lock()

    def connect(self, target: str) -> None:
        """Work with the engine of this name (`threads`, `spark`, `sc://host:port`) from now on; returns at once."""
        job = Job(f"Connecting to {target}")
        job.changed.connect(self.changed.emit)
        wish = self._wish_for(ConnectionState.CONNECTING, target, job=job)
        self._background.start(self._reach, target, wish, job)

    def disconnect(self) -> None:
        """Let go of the engine, or of the attempt to reach it; returns at once."""
        self._wish_for(ConnectionState.DISCONNECTED, self.target)

    def check(self) -> None:
        """Ask the engine whether it is still there; returns at once."""
        if self.state is ConnectionState.CONNECTED:
            self._background.start(self._ask, self.engine, self._wish)

    def read(self, recording: Recording, times: Sequence[int], job: Job | None = None) -> Iterator[tuple[int, Any]]:
        """Volumes by whatever engine is connected now, as `Engine.read`; blocks.

        Raises
        ------
        EngineError
            If none is.
        """
        engine = self.engine
        if engine is None:
            raise EngineError(f"{recording.name}: is read through an engine, and none is connected. Connect again.")
        yield from engine.read(recording, times, job)

    def wait_for_engine(self, job: Job) -> Engine:
        """The engine, as soon as it is there if it is being connected; blocks until then.

        Raises
        ------
        JobCancelled
            If the job does not want to wait any longer.
        EngineError
            If there is none and none is on its way.
        """
        while self.state is ConnectionState.CONNECTING:
            job.check()
            time.sleep(0.02)
        engine = self.engine
        if engine is None:
            raise EngineError("No engine is connected. Connect to one, then run again.")
        return engine

    def close(self, seconds: float = 1.0) -> None:
        """Let go of the engine and end; takes no longer than `seconds` even if the engine hangs."""
        self.disconnect()
        self._background.close(seconds)

    def _wish_for(
        self, state: ConnectionState, target: str, trouble: Trouble | None = None, job: Job | None = None
    ) -> int:
        with self._lock:
            self._wish += 1
            wish, old, old_job = self._wish, self.engine, self.job
            self.target, self.state, self.trouble = target, state, trouble
            self.engine, self.facts, self.job = None, None, job
        if old_job is not None:
            self._background.start(old_job.cancel)
        if old is not None:
            self._background.start(old.close)
        self.changed.emit()
        return wish

    def _reach(self, target: str, wish: int, job: Job) -> None:
        try:
            engine = self._connect(target, job)
            facts = engine.facts()
        except Exception as error:
            self._fail(Trouble.of(error), wish)
            return
        with self._lock:
            wanted = wish == self._wish and not self._background.closed
            if wanted:
                self.engine, self.facts, self.state = engine, facts, ConnectionState.CONNECTED
        if wanted:
            self.changed.emit()
        else:
            engine.close()

    def _ask(self, engine: Engine, wish: int) -> None:
        try:
            engine.facts()
        except Exception as error:
            if wish == self._wish:
                self._wish_for(ConnectionState.LOST, self.target, Trouble.of(error))

    def _fail(self, trouble: Trouble, wish: int) -> None:
        with self._lock:
            if wish != self._wish:
                return
            self.state, self.trouble = ConnectionState.DISCONNECTED, trouble
        self.changed.emit()

"""Which engine the desk works with, and whether it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from threading import Lock
from typing import Any

from psygnal import Signal

from napari_thunder.engine import CacheUse, Engine, EngineFacts, Job
from napari_thunder.errors import EngineError, ThunderError, TokenError
from napari_thunder.io.folders import Listing, list_folder, read_file
from napari_thunder.models.background import Background
from napari_thunder.models.data.target import split_token, with_token
from napari_thunder.models.trouble import Trouble
from napari_thunder.recording import Recording


class ConnectionState(StrEnum):
    """How the engine stands."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


def keep_token(target: str, token: str) -> None:
    """Put a server's token into this user's keyring; blocks."""
    from napari_thunder.engine.spark.address import remember_token

    remember_token(target, token)


class Connection:
    """The engine of a desk.

    Nothing here blocks: engines are started, reached and closed on threads of its own, newest wish first.
    Both signals may be emitted from any thread: `changed`, and `looked` when `cache` is new.

    Parameters
    ----------
    connect
        Makes an engine from its name and a job to watch and cancel, as `napari_thunder.connect`.
    keep
        Keeps the token of a server beyond this session.
    """

    changed = Signal()
    looked = Signal()

    def __init__(self, connect: Callable[[str, Job], Engine], keep: Callable[[str, str], None] = keep_token) -> None:
        self.target = "threads"
        self.state = ConnectionState.DISCONNECTED
        self.facts: EngineFacts | None = None
        self.trouble: Trouble | None = None
        self.engine: Engine | None = None
        self.job: Job | None = None
        self.cache: CacheUse | None = None
        self._connect = connect
        self._keep = keep
        self._token = ""
        self._looking = False
        self._background = Background("connection")
        self._wish = 0
        self._lock = Lock()

    def connect(self, target: str, token: str = "", *, remember: bool = False) -> None:
        """Work with the engine of this name from now on; returns at once.

        Parameters
        ----------
        target
            `threads`, `spark` or `sc://host:port`. A token in it is used and not shown.
        token
            What the server asks for; else it comes from the environment or the keyring.
        remember
            Whether to keep the token in this user's keyring, once the server took it.
        """
        target, typed = split_token(target)
        token = token or typed
        if not token and target == self.target:
            token = self._token
        job = Job(f"Connecting to {target}")
        job.changed.connect(lambda: self.changed.emit())
        wish = self._wish_for(ConnectionState.CONNECTING, target, job=job)
        self._token = token
        self._background.start(self._reach, target, wish, job, token, remember)

    def retry(self) -> None:
        """Try to reach the same engine again; returns at once."""
        self.connect(self.target)

    def disconnect(self) -> None:
        """Let go of the engine, or of the attempt to reach it, and forget its token; returns at once."""
        self._wish_for(ConnectionState.DISCONNECTED, self.target)
        self._token = ""

    def check(self) -> None:
        """Ask the engine whether it is still there; returns at once."""
        if self.state is ConnectionState.CONNECTED:
            self._background.start(self._ask, self.engine, self._wish)

    def look(self, *, cache: bool = True) -> None:
        """Ask the engine whether it is there, and how full its caches are; nothing happens while it is being asked."""
        with self._lock:
            if self._looking or self.state is not ConnectionState.CONNECTED:
                return
            self._looking = True
        self._background.start(self._look, self.engine, self._wish, cache)

    def list_folder(self, folder: str, job: Job | None = None) -> Listing:
        """A folder as the engine sees it; as this computer does while there is none; blocks."""
        engine = self.engine
        return list_folder(folder) if engine is None else engine.list_folder(folder, job)

    def read_file(self, path: str) -> bytes:
        """A small file as the engine sees it; as this computer does while there is none; blocks."""
        engine = self.engine
        return read_file(path) if engine is None else engine.read_file(path)

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
        with self._noticing_loss():
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
            self.engine, self.facts, self.cache, self.job = None, None, None, job
        if old_job is not None:
            self._background.start(old_job.cancel)
        if old is not None:
            self._background.start(old.close)
        self.changed.emit()
        return wish

    @contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        try:
            yield
        except EngineError:
            self.check()
            raise

    def _reach(self, target: str, wish: int, job: Job, token: str, remember: bool) -> None:
        try:
            engine = self._connect(with_token(target, token), job)
            facts = engine.facts()
        except Exception as error:
            self._fail(_trouble(error, target, token), wish, forget_token=isinstance(error, TokenError))
            return
        with self._lock:
            wanted = wish == self._wish and not self._background.closed
            if wanted:
                self.engine, self.facts, self.state = engine, facts, ConnectionState.CONNECTED
        if not wanted:
            engine.close()
            return
        if remember and token:
            self._remember(target, token)
        self.changed.emit()

    def _remember(self, target: str, token: str) -> None:
        try:
            self._keep(target, token)
        except ThunderError as error:
            self.trouble = Trouble(str(error))

    def _look(self, engine: Engine, wish: int, cache: bool) -> None:
        try:
            self._ask(engine, wish)
            if cache and wish == self._wish:
                self._ask_cache(engine, wish)
        finally:
            self._looking = False

    def _ask_cache(self, engine: Engine, wish: int) -> None:
        try:
            use = engine.cache_use()
        except ThunderError:
            return
        if wish == self._wish and use != self.cache:
            self.cache = use
            self.looked.emit()

    def _ask(self, engine: Engine, wish: int) -> None:
        """Lost is what does not answer twice: a single silence is a hiccup of the network."""
        try:
            engine.check()
        except ThunderError:
            try:
                engine.check()
            except ThunderError as error:
                if wish == self._wish:
                    self._wish_for(ConnectionState.LOST, self.target, Trouble.of(error))

    def _fail(self, trouble: Trouble, wish: int, *, forget_token: bool) -> None:
        with self._lock:
            if wish != self._wish:
                return
            if forget_token:
                self._token = ""
            self.state, self.trouble = ConnectionState.DISCONNECTED, trouble
        self.changed.emit()


def _trouble(error: Exception, target: str, token: str) -> Trouble:
    trouble = Trouble.of(error)
    if not isinstance(error, TokenError):
        return trouble
    wrong = "did not accept this token" if token else "asks for a token, and accepts none that is known here"
    then = "Type the right one" if token else "Type it"
    return replace(
        trouble,
        message=f"{target}: the server {wrong}. {then} into the token field below its address; or set "
        "NAPARI_THUNDER_TOKEN, or keep it in the keyring.",
    )

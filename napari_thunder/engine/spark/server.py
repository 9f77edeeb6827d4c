"""The two ways to have a Spark server: one of our own on this computer, or one that someone runs."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Protocol

from napari_thunder.cluster.embedded import EmbeddedSpark, start_embedded
from napari_thunder.engine.job import Job
from napari_thunder.engine.spark.address import ServerAddress, parse_address


class SparkServer(Protocol):
    """Where an engine finds Spark."""

    @property
    def name(self) -> str:
        """As in `connect(name)`, without secrets."""

    outlives_us: bool
    """Whether it goes on when this process dies."""

    @property
    def shared_folder(self) -> Path | None:
        """A folder that this computer and all workers see, if there is one."""

    def address(self, job: Job) -> ServerAddress:
        """Where it listens; starts it if that is ours to do."""

    def stop(self) -> None:
        """Stop it if we started it."""


class OwnServer:
    """Spark on this computer, started when first needed and again if it is lost."""

    name = "spark"
    outlives_us = False

    def __init__(self) -> None:
        self._running: EmbeddedSpark | None = None
        self._lock = Lock()

    @property
    def shared_folder(self) -> Path | None:
        """The server's own folder, gone with it."""
        return self._running.folder if self._running else None

    def address(self, job: Job) -> ServerAddress:
        """See `SparkServer.address`."""
        with self._lock:
            if self._running is None or not self._running.running:
                self._stop()
                self._running = start_embedded(job)
            return ServerAddress("127.0.0.1", self._running.port, tls=False, token=self._running.token)

    def stop(self) -> None:
        """See `SparkServer.stop`."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None


class RemoteServer:
    """A Spark Connect server that someone else runs.

    Parameters
    ----------
    url
        As for `parse_address`.
    """

    shared_folder = None
    outlives_us = True

    def __init__(self, url: str) -> None:
        self._address = parse_address(url)

    @property
    def name(self) -> str:
        """See `SparkServer.name`."""
        return self._address.name

    def address(self, job: Job) -> ServerAddress:
        """See `SparkServer.address`."""
        return self._address

    def stop(self) -> None:
        """Leave it running."""

"""One session with a Spark Connect server: reached in seconds or not at all, and able to be interrupted."""

from __future__ import annotations

import itertools
import queue
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import grpc

from napari_thunder.engine.job import Job
from napari_thunder.engine.spark.address import ServerAddress
from napari_thunder.engine.spark.failures import explained, is_cancelled, lost
from napari_thunder.engine.spark.last_will import LastWill
from napari_thunder.engine.spark.shipping import package_zip
from napari_thunder.errors import EngineError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pyspark.sql.connect.client import DefaultChannelBuilder, SparkConnectClient
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.types import StringType, StructField, StructType

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

REACH = 3.0
"""Seconds a server gets to answer the door."""

SILENCE = 3.0
"""Seconds without an answer after which we look whether the server still lives."""

KNOCKS = 3
"""How often in a row it must not answer the door to be taken for lost."""

KEEP_ALIVE = 240.0
"""Seconds between signs of life, so that an idle session is not closed (by default after an hour)."""

PARTING = 2.0
"""Seconds a server gets to say goodbye; one that hangs is left without."""

_SETTINGS = {
    "spark.sql.execution.arrow.maxBytesPerBatch": "8m",
    "spark.connect.progress.reportInterval": "500ms",
}
_WAITING_ROWS = 32
_PROBES = 100_000
"""More than there are cores anywhere, so that a range of so many is cut into one task for each core."""


class _Channel(DefaultChannelBuilder):  # type: ignore[misc]
    """Speaks to a server as its address says: TLS with the machine's or its own certificate, or plain."""

    def __init__(self, address: ServerAddress, **known: str) -> None:
        said = (f";{name}={quote(value, safe='')}" for name, value in known.items())
        super().__init__(f"sc://{address.target}/" + "".join(said))
        self._address = address

    @property
    def token(self) -> str | None:
        return self._address.token

    @property
    def secure(self) -> bool:
        return self._address.tls

    def metadata(self) -> list[tuple[str, str]]:
        given = list(super().metadata())
        return [*given, ("authorization", f"Bearer {self.token}")] if self.token else given

    def toChannel(self) -> grpc.Channel:  # noqa: N802 - the base class's name
        if not self._address.tls:
            return self._insecure_channel(self.endpoint)
        certificate = self._address.certificate
        return self._secure_channel(
            self.endpoint, grpc.ssl_channel_credentials(certificate.read_bytes() if certificate else None)
        )


class SparkConnection:
    """A session with a server, with our package on its workers.

    Parameters
    ----------
    address
        Where the server is.
    server
        Its name for messages.
    outlives_us
        Whether the server goes on when this process dies; then the session is ended for it.

    Raises
    ------
    EngineError
        Within seconds, if there is no server, it does not speak TLS, or it does not accept the token.
    """

    def __init__(self, address: ServerAddress, server: str, *, outlives_us: bool = True) -> None:
        self.server = server
        self._address = address
        knock(address, server)
        self.spark: Any = self._session(address)
        self.id: str = self.spark.client._session_id
        self._will = LastWill(address, self.id, self.spark.client._user_id) if outlives_us else None
        self._numbers = itertools.count()
        self._over = threading.Event()
        threading.Thread(target=self._keep_alive, name="thunder-keep-alive", daemon=True).start()

    def _session(self, address: ServerAddress) -> Any:
        session: Any = SparkSession(_Channel(address))
        session.client.set_retry_policies([DefaultPolicy(max_retries=5, max_backoff=1500)])
        try:
            for name, value in _SETTINGS.items():
                session.conf.set(name, value)
            with tempfile.TemporaryDirectory(prefix="napari-thunder-") as folder:
                session.addArtifacts(str(package_zip(Path(folder))), pyfile=True)
        except Exception as error:
            session.client.close()
            raise explained(error, self.server) from error
        return session

    def check(self) -> None:
        """Look whether the server still answers the door.

        Raises
        ------
        EngineError
            If not.
        """
        knock(self._address, self.server)

    def ship(self, file: Path) -> None:
        """Bring a file to all workers, who find it by name."""
        try:
            self.spark.addArtifacts(str(file), file=True)
        except Exception as error:
            raise explained(error, self.server) from error

    def on_every_core(self, work: Callable[..., Any], job: Job) -> Iterator[str]:
        """Run `work`, which yields a row of text, once on each core, and yield what it says."""
        schema = StructType([StructField("facts", StringType())])
        for row in self.rows(lambda spark, _: spark.range(_PROBES).mapInArrow(work, schema), job):
            yield row["facts"]

    def rows(self, make: Callable[[Any, str], DataFrame], job: Job) -> Iterator[Any]:
        """Yield the rows of a query as its partitions are done, in their order.

        Parameters
        ----------
        make
            From the Spark session and the query's name to the query.
        job
            Cancels it. Leaving the iterator early stops the query too.

        Raises
        ------
        JobCancelled
            At once when the job is cancelled; the server follows within 2 s.
        EngineError
            If the query failed or the connection was lost.
        """
        running = _Query(self.spark, f"{job.tag}-{next(self._numbers)}", make)
        pulse = _Pulse(self._address, self.server)
        with ExitStack() as stack:
            stack.callback(pulse.stop)
            stack.callback(running.stop)
            stack.enter_context(job.on_cancel(running.stop))
            while True:
                job.check()
                item = running.next_row(0.1)
                if item is _END:
                    return
                if isinstance(item, BaseException):
                    job.check()
                    raise explained(item, self.server) from item
                if item is not _NOTHING:
                    pulse.felt()
                    yield item
                    pulse.felt()
                elif pulse.lost:
                    raise lost(self.server)

    def close(self) -> None:
        """End the session, within `PARTING` seconds even if the server hangs; its work stops. Safe to call twice."""
        if self._over.is_set():
            return
        self._over.set()
        parting = threading.Thread(target=self._part, name="thunder-part", daemon=True)
        parting.start()
        parting.join(PARTING)

    def _part(self) -> None:
        """As `SparkSession.stop`, which keeps all other sessions of this process waiting for a server that hangs."""
        try:
            self.spark.client.release_session()
        except Exception:
            released = False
        else:
            released = True
        self.spark.release_session_on_close = False
        with suppress(Exception):
            self.spark.stop()
        if self._will is not None:
            self._will.end(execute=not released)

    def _keep_alive(self) -> None:
        while not self._over.wait(KEEP_ALIVE):
            with suppress(Exception):
                self.spark.conf.get("spark.app.name")


def release(address: ServerAddress, session: str, user: str | None) -> None:
    """End a session that another process opened; what it runs stops."""
    known = {"session_id": session} | ({"user_id": user} if user else {})
    client = SparkConnectClient(_Channel(address, **known))
    client.set_retry_policies([DefaultPolicy(max_retries=5, max_backoff=1500)])
    try:
        client.release_session()
    finally:
        client.close()


_NOTHING, _END = object(), object()


class _Query:
    """A running query that fills a short queue from a thread of its own, so that nobody waits on the network.

    The thread lives as long as the query does on the server, stopped or not.
    """

    def __init__(self, spark: Any, name: str, make: Callable[[Any, str], DataFrame]) -> None:
        self._spark, self._name, self._make = spark, name, make
        self._rows: queue.Queue[Any] = queue.Queue(_WAITING_ROWS)
        self._stopping, self._done = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="thunder-query", daemon=True)
        self._thread.start()

    def next_row(self, seconds: float) -> Any:
        """A row, `_END`, an exception, or `_NOTHING` yet."""
        try:
            return self._rows.get(timeout=seconds)
        except queue.Empty:
            return _NOTHING

    def stop(self) -> None:
        """Stop the query on the server if it still runs; does not wait."""
        if not (self._done.is_set() or self._stopping.is_set()):
            self._stopping.set()
            threading.Thread(target=self._interrupt, name="thunder-interrupt", daemon=True).start()

    def _run(self) -> None:
        self._spark.addTag(self._name)
        try:
            for row in self._make(self._spark, self._name).toLocalIterator():
                self._put(row)
            self._done.set()
            self._put(_END)
        except BaseException as error:
            self._done.set()
            if not (self._stopping.is_set() and is_cancelled(error)):
                self._put(error)
        finally:
            self._spark.removeTag(self._name)

    def _put(self, item: Any) -> None:
        while not self._stopping.is_set():
            try:
                self._rows.put(item, timeout=0.2)
            except queue.Full:
                continue
            break

    def _interrupt(self) -> None:
        """Again until it is over: a query that the server does not know yet cannot be interrupted."""
        until = time.monotonic() + 30
        while self._thread.is_alive() and time.monotonic() < until:
            with suppress(Exception):
                self._spark.interruptTag(self._name)
            self._thread.join(0.2)


class _Pulse:
    """Looks whether a silent server still lives: one that hangs, or whose network is gone, breaks no connection."""

    def __init__(self, address: ServerAddress, server: str) -> None:
        self._address, self._server = address, server
        self._felt = time.monotonic()
        self._unanswered = 0
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="thunder-pulse", daemon=True).start()

    @property
    def lost(self) -> bool:
        """Whether the server has not answered several times in a row."""
        return self._unanswered >= KNOCKS

    def felt(self) -> None:
        """Something came from the server."""
        self._felt = time.monotonic()
        self._unanswered = 0

    def stop(self) -> None:
        """Look no longer."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if time.monotonic() - self._felt > SILENCE:
                self._knock()

    def _knock(self) -> None:
        try:
            knock(self._address, self._server)
        except EngineError:
            self._unanswered += 1
        else:
            self.felt()


def knock(address: ServerAddress, server: str) -> None:
    """Find out within seconds whether a server is there and speaks as we do.

    Raises
    ------
    EngineError
        If not; says what to do.
    """
    try:
        socket.create_connection((address.host, address.port), timeout=REACH).close()
    except OSError as error:
        raise EngineError(
            f"{server}: there is no server at {address.target} ({error}). Check that it runs and that this computer "
            "can reach it (network, VPN, or an ssh tunnel)."
        ) from error
    if address.certificate is not None and not address.certificate.is_file():
        raise EngineError(f"{server}: there is no certificate file {address.certificate}.")
    # A connection of its own: gRPC would else share the one in use, which seems alive as long as nobody closes it.
    builder = _Channel(address)
    builder.setChannelOption("grpc.use_local_subchannel_pool", 1)
    channel = builder.toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=REACH)
    except grpc.FutureTimeoutError:
        raise EngineError(_mute(address, server)) from None
    finally:
        channel.close()


def _mute(address: ServerAddress, server: str) -> str:
    if not address.tls:
        return f"{server}: something listens at {address.target}, but it does not answer as a Spark Connect server."
    return (
        f"{server}: something listens at {address.target}, but no encrypted (TLS) connection with it came about. If "
        "the server's certificate is a private one, give it with ;ca=FILE. If the server has no TLS and the network is "
        "trusted, say ;use_ssl=false; an ssh tunnel to sc://localhost:port is safer."
    )

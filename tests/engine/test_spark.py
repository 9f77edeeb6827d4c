"""Spark, embedded and remote: what is particular to it, above all when things go wrong."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

import napari_thunder as nt
from napari_thunder.blocks import Block, plan_blocks
from napari_thunder.engine import Job, JobState, connect
from napari_thunder.engine.spark import SparkEngine
from napari_thunder.engine.spark.address import TOKEN, ServerAddress
from napari_thunder.engine.spark.session import _Channel
from napari_thunder.errors import EngineError, JobCancelled
from tests.engine.test_contract import grew_last
from tests.engine.tls_proxy import make_certificate, tls_proxy

pytestmark = pytest.mark.timeout(150)

SHAPE = (12, 4, 10, 8)


@pytest.fixture
def movie() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 60000, SHAPE).astype("uint16")


@pytest.fixture
def recording(movie, tmp_path):
    np.save(tmp_path / "movie.npy", movie)
    return nt.open(tmp_path / "movie.npy")


def total(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
    return {"total": voxels.sum(dtype="int64")}


def sum_over(engine, recording, job=None) -> int:
    return sum(int(answer["total"]) for _, answer in engine.map(total, recording, engine.plan(recording), job))


@dataclass(frozen=True)
class WatchedSource:
    """A movie on disk that notes every block read in a file."""

    inner: object
    log: Path

    def __getattr__(self, name):
        if name.startswith("__") or name in ("inner", "log"):
            raise AttributeError(name)
        return getattr(self.inner, name)

    def read_block(self, block: Block) -> np.ndarray:
        with self.log.open("ab") as log:
            log.write(b".")
        return self.inner.read_block(block)


def test_second_run_reads_nothing_from_storage(spark, recording, movie, counter):
    watched = nt.Recording(WatchedSource(recording.source, counter))
    blocks = plan_blocks(SHAPE, 2, at_least=8)
    sum_over(spark, nt.Recording.from_array(movie))  # ends workers of jobs that were cancelled before
    for _ in range(2):
        list(spark.map(total, watched, blocks))
        assert counter.stat().st_size == len(blocks)


def test_a_function_with_the_same_name_but_another_value_is_computed_anew(spark, recording):
    blocks = spark.plan(recording)

    def answer(counter: Path, voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        with counter.open("ab") as file:
            file.write(b".")
        return {}

    counter = Path(recording.uri).with_name("calls")
    for run in (1, 2):
        list(spark.map(partial(answer, counter), recording, blocks))
        assert counter.stat().st_size == run * len(blocks)


def test_large_arrays_cross_in_pieces(spark, recording):
    def large(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        return {"large": np.arange(5_000_000, dtype="float64"), "small": np.array([1])}

    ((_, answer),) = spark.map(large, recording, plan_blocks(SHAPE, 2)[:1])
    np.testing.assert_array_equal(answer["large"], np.arange(5_000_000))
    np.testing.assert_array_equal(answer["small"], [1])


def test_answers_that_are_no_numbers_are_refused(spark, recording):
    def wrong(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        return {"names": np.array(["a", "b"], dtype=object)}

    with pytest.raises(EngineError, match="The answer 'names' holds object, but only numbers come back"):
        list(spark.map(wrong, recording, spark.plan(recording)))


def test_a_fault_in_the_function_names_the_block_and_keeps_the_workers_traceback(spark, recording):
    def faulty(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        return {"x": voxels[len(voxels) + block.index]}

    with pytest.raises(
        EngineError, match=r"failed in block \d+ \(corner z, y, x = .*IndexError: index \d+ is"
    ) as caught:
        list(spark.map(faulty, recording, spark.plan(recording)))
    assert "in faulty" in str(caught.value.__cause__)


def test_a_worker_that_is_killed_is_told_and_the_next_call_has_new_ones(spark, recording, movie):
    def die(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    with pytest.raises(EngineError, match=r"a worker process was ended .* ran out of memory\. .* try again"):
        list(spark.map(die, recording, spark.plan(recording)))
    assert sum_over(spark, recording) == movie.sum(dtype="int64")


def test_a_session_is_ended_for_its_user_whatever_the_name():
    assert _Channel(ServerAddress("lab", 15002, tls=False), user_id="LAB;jan?a=b#%41").userId == "LAB;jan?a=b#%41"


def test_leaving_the_answers_early_stops_the_work(spark, recording, counter):
    def note(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        with counter.open("ab") as file:
            file.write(b".")
        time.sleep(0.0 if block.index < len(blocks) // 8 else 0.2)
        return {}

    blocks = plan_blocks(SHAPE, 2, at_least=160)
    answers = spark.map(note, recording, blocks)
    next(answers)
    answers.close()
    closed = time.monotonic()
    assert grew_last(counter) - closed < 2
    assert counter.stat().st_size < len(blocks)


def test_blas_in_workers_has_one_thread(spark, recording):
    def threads(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        from threadpoolctl import threadpool_info

        np.ones((2, 2)) @ np.ones((2, 2))
        return {"n": np.array([pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"])}

    for _, answer in spark.map(threads, recording, spark.plan(recording)[:2]):
        assert set(answer["n"]) == {1}


def test_remote_workers_get_our_package_from_the_session_and_agree_with_threads(remote, threads, recording, movie):
    places = {worker["napari_thunder"] for worker in remote._workers}
    assert all("napari_thunder-" in place and ".zip" in place for place in places)
    assert sum_over(remote, recording) == sum_over(threads, recording) == movie.sum(dtype="int64")


def test_an_array_that_does_not_fit_on_the_disk_is_told_and_leaves_nothing(spark, movie, monkeypatch):
    def full(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    recording = nt.Recording.from_array(movie + 2, name="big")
    monkeypatch.setattr("napari_thunder.engine.spark.engine.np.save", full)
    before = set(spark._server.shared_folder.iterdir())
    with pytest.raises(EngineError, match=r"big: could not be written for the workers: .*No space left"):
        sum_over(spark, recording)
    assert set(spark._server.shared_folder.iterdir()) == before


def test_remote_gets_an_array_from_the_desk(remote, movie):
    recording = nt.Recording.from_array(movie)
    assert sum_over(remote, recording) == movie.sum(dtype="int64")


def test_remote_refuses_an_array_too_large_to_send(remote, movie, monkeypatch):
    monkeypatch.setattr("napari_thunder.engine.spark.engine.LARGEST_ARRAY", 1000)
    recording = nt.Recording.from_array(movie + 1, name="big")
    with pytest.raises(EngineError, match=r"big: an array of .* Save it and open it from storage that all workers see"):
        sum_over(remote, recording)


def test_remote_volumes_come_in_order(remote, recording, movie):
    for t, volume in remote.read(recording, range(SHAPE[0])):
        np.testing.assert_array_equal(volume, movie[t])


def test_remote_name_shows_no_token(server, token):
    engine = connect(f"sc://localhost:{server.port}/;token={server.token}")
    try:
        shown = f"{engine.name} {engine.facts()} {engine!r} {engine._server._address!r}"
        assert engine.name == f"sc://localhost:{server.port}"
        assert server.token not in shown
    finally:
        engine.close()


def test_wrong_token_is_told_at_once(server, monkeypatch):
    monkeypatch.setenv(TOKEN, "wrong")
    begun = time.monotonic()
    with pytest.raises(EngineError, match=r"did not accept the token\. Set NAPARI_THUNDER_TOKEN"):
        connect(f"sc://localhost:{server.port}")
    assert time.monotonic() - begun < 5


def test_plain_server_is_not_spoken_to_in_tls_for_long(server, token):
    begun = time.monotonic()
    with pytest.raises(EngineError, match=r"no encrypted \(TLS\) connection .* say ;use_ssl=false"):
        connect(f"sc://localhost:{server.port}/;use_ssl=true")
    assert time.monotonic() - begun < 8


def test_a_server_behind_tls_is_reached_with_its_certificate_and_not_without(server, token, recording, movie, tmp_path):
    certificate, key = make_certificate(tmp_path)
    with tls_proxy(certificate, key, server.port) as port:
        engine = connect(f"sc://localhost:{port}/;use_ssl=true;ca={certificate}")
        assert sum_over(engine, recording) == movie.sum(dtype="int64")
        engine.close()
        with pytest.raises(EngineError, match=r"no encrypted \(TLS\) connection .* give it with ;ca=FILE"):
            connect(f"sc://localhost:{port}/;use_ssl=true")


def test_a_certificate_that_is_not_there_is_told(server, token):
    with pytest.raises(EngineError, match=r"there is no certificate file /nowhere/lab\.pem"):
        connect(f"sc://localhost:{server.port}/;use_ssl=true;ca=/nowhere/lab.pem")


def test_no_server_is_told_in_seconds():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(EngineError, match=f"there is no server at localhost:{port} .*ssh tunnel"):
        connect(f"sc://localhost:{port}")
    assert time.monotonic() - begun < 5


def test_something_else_on_the_port_is_told_in_seconds():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        begun = time.monotonic()
        with pytest.raises(EngineError, match="does not answer as a Spark Connect server"):
            connect(f"sc://localhost:{port}")
        assert time.monotonic() - begun < 8


def test_workers_of_another_python_are_told_with_both_versions(server, token, monkeypatch):
    class OtherPython:
        version_info = (3, 12, 1)

        def __getattr__(self, name):
            return getattr(sys, name)

    monkeypatch.setattr("pyspark.sql.connect.udf.sys", OtherPython())
    with pytest.raises(EngineError, match=r"workers run Python 3\.11, but this is Python 3\.12; .*PYSPARK_PYTHON"):
        connect(f"sc://localhost:{server.port}")


def test_a_session_the_server_forgot_is_made_anew(server, token, recording, movie):
    engine = connect(f"sc://localhost:{server.port}")
    try:
        before = engine._connection.id
        engine._connection.spark.client.release_session()
        assert sum_over(engine, recording) == movie.sum(dtype="int64")
        assert engine._connection.id != before
    finally:
        engine.close()


def test_closing_leaves_the_nodes_clean_and_the_engine_closed(server, token, recording):
    engine = connect(f"sc://localhost:{server.port}")
    sum_over(engine, recording)
    (marks,) = server.folder.glob("napari-thunder-blocks-*/sessions")
    session = engine._connection.id
    assert session in [mark.name for mark in marks.iterdir()]
    engine.close()
    engine.close()
    assert not (marks / session).exists()
    with pytest.raises(EngineError, match=r"was closed\. Connect again: napari_thunder\.connect\('sc://localhost"):
        sum_over(engine, recording)


def test_closing_does_not_wait_for_a_server_that_hangs_and_the_session_ends_later(server, token):
    engine = connect(f"sc://localhost:{server.port}")
    executor = engine._connection._will._executor
    (java,) = psutil.Process(server.pid).children()
    java.suspend()
    try:
        begun = time.monotonic()
        engine.close()
        assert time.monotonic() - begun < 10
        assert executor.poll() is None
    finally:
        java.resume()
    wait_for(lambda: executor.poll() is not None, 30)


def test_closing_does_not_wait_for_spark_that_starts_anew(server, token, recording, monkeypatch):
    def start(job):
        starting.set()
        job.wait(60)
        job.check()

    def ask():
        with pytest.raises(JobCancelled):
            sum_over(engine, recording)

    starting = threading.Event()
    engine = connect(f"sc://localhost:{server.port}")
    engine._drop(engine._connection)
    monkeypatch.setattr(engine._server, "address", start)
    asking = threading.Thread(target=ask)
    asking.start()
    assert starting.wait(10)
    begun = time.monotonic()
    engine.close()
    asking.join(10)
    assert time.monotonic() - begun < 5


def _java(engine: SparkEngine) -> psutil.Process:
    (java,) = psutil.Process(engine._server._running.pid).children()
    return java


def test_a_server_that_hangs_is_taken_for_lost_and_found_again(spark, recording, movie, counter, monkeypatch):
    monkeypatch.setattr("napari_thunder.engine.spark.session.REACH", 0.5)
    monkeypatch.setattr("napari_thunder.engine.spark.session.SILENCE", 0.5)

    def slow(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        counter.touch()
        time.sleep(20)
        return {}

    def freeze() -> None:
        while not counter.exists():
            time.sleep(0.05)
        java.suspend()
        frozen.append(time.monotonic())

    frozen = []
    java = _java(spark)
    threading.Thread(target=freeze, daemon=True).start()
    try:
        with pytest.raises(EngineError, match="lost connection to the Spark server"):
            list(spark.map(slow, recording, spark.plan(recording)))
        assert time.monotonic() - frozen[0] < 8
    finally:
        java.resume()
    monkeypatch.undo()
    assert sum_over(spark, recording) == movie.sum(dtype="int64")


def test_server_killed_during_a_job_is_told_and_the_next_call_starts_it_anew(spark, recording, movie, counter):
    def slow(voxels: np.ndarray, block: Block) -> dict[str, np.ndarray]:
        counter.touch()
        time.sleep(30)
        return {}

    killed = []

    def kill() -> None:
        while not counter.exists():
            time.sleep(0.05)
        _java(spark).kill()
        killed.append(time.monotonic())

    job = Job("doomed")
    threading.Thread(target=kill, daemon=True).start()
    with pytest.raises(EngineError, match=r"spark: lost connection to the Spark server\. .* try again"):
        list(spark.map(slow, recording, spark.plan(recording), job))
    assert time.monotonic() - killed[0] < 12
    assert job.state is JobState.FAILED
    assert sum_over(spark, recording) == movie.sum(dtype="int64")


def test_a_desk_that_is_killed_leaves_no_java_no_worker_and_no_file(tmp_path):
    program = """
        import time
        import numpy as np
        import napari_thunder as nt

        engine = nt.connect("spark")

        def slow(voxels, block):
            time.sleep(60)
            return {}

        recording = nt.Recording.from_array(np.zeros((4, 4, 8, 8)))
        print(engine._server._running.pid, engine._server._running.folder, flush=True)
        list(engine.map(slow, recording, engine.plan(recording)))
    """
    environment = os.environ | {"NAPARI_THUNDER_CACHE": str(tmp_path)}
    desk = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True, env=environment
    )
    pid, folder = desk.stdout.readline().split()
    supervisor = psutil.Process(int(pid))
    wait_for(lambda: len(supervisor.children(recursive=True)) >= 3, 30)
    family = supervisor.children(recursive=True)
    desk.send_signal(signal.SIGKILL)
    desk.communicate()
    _, left = psutil.wait_procs([*family, supervisor], timeout=5)
    assert not left
    assert not Path(folder).exists()


def test_a_desk_that_is_killed_leaves_no_job_on_a_server_of_others(server, tmp_path):
    """The workers go on for a moment; then the count of what they did stands still."""
    counter = tmp_path / "counter"
    program = f"""
        import time
        import numpy as np
        import napari_thunder as nt

        engine = nt.connect("sc://localhost:{server.port}")

        def slow(voxels, block):
            time.sleep(0.2)
            with open({str(counter)!r}, "a") as file:
                file.write("x")
            return {{}}

        recording = nt.Recording.from_array(np.zeros((4, 10, 30, 30)))
        print("working", flush=True)
        list(engine.map(slow, recording, engine.plan(recording) * 100))
    """
    environment = os.environ | {TOKEN: server.token, "NAPARI_THUNDER_CACHE": str(tmp_path)}
    desk = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True, env=environment
    )
    desk.stdout.readline()
    wait_for(lambda: counter.exists(), 60)
    desk.send_signal(signal.SIGKILL)
    desk.communicate()
    wait_for(lambda: stands_still(counter), 30)


def stands_still(counter, seconds=1.5):
    before = counter.stat().st_size
    time.sleep(seconds)
    return counter.stat().st_size == before


def wait_for(true, seconds):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)

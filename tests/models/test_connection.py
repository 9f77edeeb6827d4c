from __future__ import annotations

from threading import Event, Timer
from typing import Any

import pytest

from napari_thunder.engine import EngineFacts, Job
from napari_thunder.errors import EngineError, JobCancelled
from napari_thunder.models.connection import Connection, ConnectionState
from tests.models.waiting import wait_until


class FakeEngine:
    def __init__(self, name: str, job: Job | None = None) -> None:
        self.name = name
        self.closed = Event()
        self.there = True

    def facts(self) -> EngineFacts:
        if not self.there:
            raise EngineError("The server does not answer.")
        return EngineFacts(self.name, 2, None, {})

    def close(self) -> None:
        self.closed.set()


def connected(connect: Any = FakeEngine) -> Connection:
    connection = Connection(connect)
    connection.connect("threads")
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    return connection


def test_connecting_goes_on_beside_the_caller() -> None:
    release = Event()

    def slow(name: str, job: Job) -> FakeEngine:
        release.wait(5)
        return FakeEngine(name)

    connection = Connection(slow)
    connection.connect("spark")
    assert connection.state is ConnectionState.CONNECTING
    release.set()
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    assert connection.facts is not None
    assert connection.facts.name == "spark"
    connection.close()


def test_an_engine_nobody_waits_for_any_more_is_closed() -> None:
    release, made = Event(), []

    def slow(name: str, job: Job) -> FakeEngine:
        if name == "spark":
            release.wait(5)
        made.append(FakeEngine(name))
        return made[-1]

    connection = Connection(slow)
    connection.connect("spark")
    connection.connect("threads")
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    release.set()
    wait_until(lambda: len(made) == 2 and made[1].closed.is_set())
    assert connection.engine is made[0]
    connection.close()


def test_a_server_that_is_not_there_is_said_in_its_own_words() -> None:
    def refuse(name: str, job: Job) -> FakeEngine:
        raise EngineError(f"{name}: nothing listens there.")

    connection = Connection(refuse)
    connection.connect("sc://nowhere:1")
    wait_until(lambda: connection.trouble is not None)
    assert connection.state is ConnectionState.DISCONNECTED
    assert connection.trouble is not None
    assert connection.trouble.message == "sc://nowhere:1: nothing listens there."


def test_an_engine_that_no_longer_answers_is_lost() -> None:
    connection = connected()
    engine: Any = connection.engine
    engine.there = False
    connection.check()
    wait_until(lambda: connection.state is ConnectionState.LOST)
    assert connection.trouble is not None
    assert "does not answer" in connection.trouble.message
    connection.close()


@pytest.mark.parametrize("end", ["disconnect", "close"])
def test_the_engine_is_closed_in_the_end(end: str) -> None:
    connection = connected()
    engine: Any = connection.engine
    getattr(connection, end)()
    assert engine.closed.wait(2)


def test_a_run_waits_for_an_engine_that_is_on_its_way() -> None:
    release = Event()

    def slow(name: str, job: Job) -> FakeEngine:
        release.wait(5)
        return FakeEngine(name)

    connection = Connection(slow)
    connection.connect("spark")
    Timer(0.1, release.set).start()
    assert connection.wait_for_engine(Job("run")) is connection.engine is not None
    connection.close()


def test_a_run_that_is_cancelled_waits_no_longer() -> None:
    release, job = Event(), Job("run")
    connection = Connection(lambda name, _: release.wait(5))
    connection.connect("spark")
    job.cancel()
    with pytest.raises(JobCancelled):
        connection.wait_for_engine(job)
    release.set()
    connection.close()


def test_without_an_engine_a_run_says_what_to_do() -> None:
    with pytest.raises(EngineError, match="Connect to one, then run again"):
        Connection(FakeEngine).wait_for_engine(Job("run"))

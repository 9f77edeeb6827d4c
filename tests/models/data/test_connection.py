from __future__ import annotations

from threading import Event, Timer
from typing import Any

import pytest

from napari_thunder.engine import CacheUse, EngineFacts, Job
from napari_thunder.errors import EngineError, JobCancelled, TokenError
from napari_thunder.models.data.connection import Connection, ConnectionState
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

    def check(self) -> None:
        self.facts()

    def cache_use(self) -> CacheUse:
        return CacheUse(3, 10)

    def close(self) -> None:
        self.closed.set()


def connected(connect: Any = FakeEngine) -> Connection:
    connection = Connection(connect)
    connection.connect("threads")
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    return connection


@pytest.mark.parametrize(("token", "said"), [("", "asks for a token"), ("wrong", "did not accept this token")])
def test_a_refused_token_leads_to_the_field_for_it(token: str, said: str) -> None:
    def refuse(name: str, job: Job) -> FakeEngine:
        raise TokenError("Set NAPARI_THUNDER_TOKEN.")

    connection = Connection(refuse)
    connection.connect("sc://far:15002", token)
    wait_until(lambda: connection.trouble is not None)
    assert connection.trouble is not None
    assert said in connection.trouble.message
    assert "token field" in connection.trouble.message
    connection.close()


def test_a_token_that_was_refused_is_not_offered_again() -> None:
    offered: list[str] = []

    def refuse(name: str, job: Job) -> FakeEngine:
        offered.append(name)
        raise TokenError("Set NAPARI_THUNDER_TOKEN.")

    connection = Connection(refuse)
    connection.connect("sc://far:15002", "wrong")
    wait_until(lambda: connection.trouble is not None)
    connection.retry()
    wait_until(lambda: len(offered) == 2 and connection.trouble is not None)
    assert offered == ["sc://far:15002;token=wrong", "sc://far:15002"]
    connection.close()


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


def test_a_token_reaches_the_server_and_is_shown_nowhere() -> None:
    asked: list[str] = []

    def reach(name: str, job: Job) -> FakeEngine:
        asked.append(name)
        return FakeEngine("sc://host:1")

    connection = Connection(reach)
    connection.connect("sc://host:1/;token=se%2Fcret")
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    assert connection.target == "sc://host:1"
    assert asked == ["sc://host:1;token=se%2Fcret"]
    connection.retry()
    wait_until(lambda: len(asked) == 2)
    assert asked[0] == asked[1]
    connection.disconnect()
    connection.retry()
    wait_until(lambda: len(asked) == 3)
    assert asked[2] == "sc://host:1"
    connection.close()


def test_a_token_is_kept_only_if_asked_and_only_once_it_was_taken() -> None:
    kept: list[tuple[str, str]] = []
    connection = Connection(lambda name, job: FakeEngine(name), lambda *said: kept.append(said))
    connection.connect("sc://host:1", "secret")
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    assert kept == []
    connection.connect("sc://host:1", "secret", remember=True)
    wait_until(lambda: kept == [("sc://host:1", "secret")])
    connection.close()


def test_a_keyring_that_refuses_leaves_the_engine_connected() -> None:
    def refuse(target: str, token: str) -> None:
        raise EngineError("this computer has no keyring")

    connection = Connection(lambda name, job: FakeEngine(name), refuse)
    connection.connect("sc://host:1", "secret", remember=True)
    wait_until(lambda: connection.trouble is not None)
    wait_until(lambda: connection.state is ConnectionState.CONNECTED)
    connection.close()


def test_looking_tells_how_full_the_caches_are() -> None:
    connection = connected()
    connection.look()
    wait_until(lambda: connection.cache == CacheUse(3, 10))
    connection.disconnect()
    assert connection.cache is None
    connection.close()


def test_a_read_that_fails_makes_the_loss_known() -> None:
    class Dying(FakeEngine):
        def read(self, *_: Any) -> Any:
            self.there = False
            raise EngineError("The server does not answer.")

    connection = connected(Dying)
    with pytest.raises(EngineError):
        list(connection.read(None, [0]))  # type: ignore[arg-type]
    wait_until(lambda: connection.state is ConnectionState.LOST)
    connection.close()

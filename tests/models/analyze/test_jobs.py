from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

from napari_thunder.engine.job import JobState
from napari_thunder.errors import AnalysisError
from napari_thunder.models.analyze.jobs import PARTIAL_EVERY, Jobs, Request, Run
from napari_thunder.pipeline import Partial
from napari_thunder.recording import Recording
from tests.models.waiting import wait_until

ANALYSIS: Any = SimpleNamespace(title="Nothing much")


def request(name: str = "movie") -> Request:
    return Request(ANALYSIS, Recording.from_array(np.zeros((2, 1, 1, 1)), name=name))


def many_blocks(*_: Any, job: Any, **__: Any) -> Iterator[Partial]:
    for done in range(1000):
        time.sleep(0.001)
        yield Partial(xr.Dataset(), done, 1000)
    yield Partial(xr.Dataset(), 1000, 1000, done=True)


def test_partial_results_come_at_a_pace_and_the_last_one_is_whole() -> None:
    jobs, seen = Jobs(many_blocks), []
    jobs.partial.connect(lambda run, partial: seen.append((time.monotonic(), partial)))
    run = jobs.submit(request())
    wait_until(lambda: run.job.state is JobState.DONE, 20)
    times = np.array([t for t, _ in seen])
    assert (np.diff(times)[:-1] >= PARTIAL_EVERY * 0.99).all()
    assert seen[-1][1].done
    jobs.close()


def test_runs_wait_for_one_another() -> None:
    release, started = Event(), []

    def one_at_a_time(analysis: Any, recording: Recording, **_: Any) -> Iterator[Partial]:
        started.append(recording.name)
        release.wait(5)
        yield Partial(xr.Dataset(), 1, 1, done=True)

    jobs = Jobs(one_at_a_time)
    first, second = jobs.submit(request("first")), jobs.submit(request("second"))
    wait_until(lambda: started == ["first"])
    assert second.job.state is JobState.QUEUED
    release.set()
    wait_until(lambda: second.job.state is JobState.DONE)
    assert first.job.state is JobState.DONE
    assert started == ["first", "second"]


def test_a_cancelled_run_makes_room_at_once_even_if_it_hangs() -> None:
    release = Event()

    def hangs(analysis: Any, recording: Recording, **_: Any) -> Iterator[Partial]:
        if recording.name == "hangs":
            release.wait(30)
        yield Partial(xr.Dataset(), 1, 1, done=True)

    jobs, delivered = Jobs(hangs), []
    jobs.partial.connect(lambda run, partial: delivered.append(run))
    stuck = jobs.submit(request("hangs"))
    wait_until(lambda: stuck.job.state is JobState.RUNNING)
    jobs.cancel(stuck)
    after = jobs.submit(request("works"))
    wait_until(lambda: after.job.state is JobState.DONE)
    release.set()
    wait_until(lambda: stuck.job.state is JobState.CANCELLED)
    assert delivered == [after]


def test_a_failed_run_says_why() -> None:
    def refuses(*_: Any, **__: Any) -> Iterator[Partial]:
        raise AnalysisError("movie: nothing to see.")
        yield

    jobs, ended = Jobs(refuses), []
    jobs.changed.connect(lambda run: ended.append(run) if run.trouble else None)
    jobs.submit(request())
    wait_until(lambda: bool(ended))
    run: Run = ended[0]
    assert run.job.state is JobState.FAILED
    assert run.trouble is not None
    assert run.trouble.message == "movie: nothing to see."


def test_closing_takes_bounded_time_while_a_read_hangs() -> None:
    release = Event()

    def hangs(*_: Any, **__: Any) -> Iterator[Partial]:
        release.wait(30)
        yield Partial(xr.Dataset(), 1, 1, done=True)

    jobs = Jobs(hangs)
    jobs.submit(request())
    start = time.monotonic()
    jobs.close(0.1)
    assert time.monotonic() - start < 1
    release.set()


def test_a_preview_does_not_wait_for_the_queue_and_takes_an_older_ones_place() -> None:
    release, begun = Event(), []

    def holds(analysis: Any, recording: Recording, *, job: Any, preview: bool, **_: Any) -> Iterator[Partial]:
        begun.append((recording.name, preview))
        while not release.wait(0.01):
            job.check()
        yield Partial(xr.Dataset(), 1, 1, done=True)

    jobs = Jobs(holds)
    full = jobs.submit(request("full"))
    waits = jobs.submit(request("waits"))
    first = jobs.submit(look("first"))
    second = jobs.submit(look("second"))
    wait_until(lambda: ("second", True) in begun and first.job.ended)
    assert first.job.state is JobState.CANCELLED
    assert full.job.state is JobState.RUNNING
    assert waits.job.state is JobState.QUEUED
    assert jobs.runs == (full, waits, second)
    release.set()
    wait_until(lambda: second.job.state is JobState.DONE and waits.job.state is JobState.DONE)
    third = jobs.submit(look("third"))
    wait_until(lambda: third.job.state is JobState.DONE)
    assert jobs.runs == (full, waits, third)
    jobs.close()


def look(name: str) -> Request:
    return Request(ANALYSIS, request(name).recording, preview=True)


def test_cancel_all_empties_the_queue_and_what_ended_can_be_cleared() -> None:
    def holds(*_: Any, job: Any, **__: Any) -> Iterator[Partial]:
        while True:
            job.check()
            time.sleep(0.01)
            yield Partial(xr.Dataset(), 0, 1)

    jobs = Jobs(holds)
    runs = [jobs.submit(request(str(n))) for n in range(3)]
    jobs.cancel_all()
    wait_until(lambda: all(run.ended for run in runs) and not jobs.busy)
    assert len(jobs.runs) == 3
    jobs.clear_ended()
    assert jobs.runs == ()
    jobs.close()

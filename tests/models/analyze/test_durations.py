"""How long an analysis takes is known before it runs, from the pace of a few blocks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis.protocol import Map, MapStep, Reduce, Role
from napari_thunder.engine import Job, connect
from napari_thunder.errors import JobCancelled
from napari_thunder.models import Desk
from napari_thunder.models.analyze.durations import Duration, Durations, caution_of, said_of
from napari_thunder.models.analyze.jobs import Request
from napari_thunder.preview.probe import measure
from tests.models.waiting import wait_until

PAUSE = 0.02
"""Seconds for 1000 voxels."""


@dataclass(frozen=True)
class Slow:
    """Goes over the brain so many times, and then makes a map, each at a known pace."""

    passes: int = 1
    family, title, summary = "own", "Slow", "Takes its time"

    def plan(self, context: Any) -> Any:
        for _ in range(self.passes):
            yield Reduce(_paused_sum, _add, "summing")
        return MapStep((Map("mean", "mean", Role.IMAGE),), _paused)


def _paused_sum(series: Any) -> dict[str, Any]:
    return {"n": np.asarray(len(_paused(series)["mean"]))}


def _add(one: Any, other: Any) -> dict[str, Any]:
    return {"n": one["n"] + other["n"]}


def _paused(series: Any) -> dict[str, Any]:
    time.sleep(PAUSE * series.shape[1] / 1000)
    return {"mean": series.mean(axis=0)}


@pytest.fixture(scope="module")
def recording() -> nt.Recording:
    return nt.Recording.from_array(np.ones((20, 16, 64, 64), np.uint16), name="flat", frame_rate=1.0)


class SmallBlocks:
    """Threads whose blocks are small, so that there are many of them."""

    def __init__(self) -> None:
        self._engine = connect("threads")
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def plan(self, recording: nt.Recording, *, halo: Any = (0, 0, 0)) -> Any:
        from napari_thunder.blocks import plan_blocks

        return plan_blocks(recording.shape, recording.dtype.itemsize, at_least=32, halo=halo)

    def map(self, function: Any, recording: Any, blocks: Any, job: Any = None, *, keep: bool = True) -> Any:
        self.asked += len(blocks)
        return self._engine.map(function, recording, blocks, job, keep=keep)


def test_the_pace_of_few_blocks_says_how_long_all_of_them_take(recording: nt.Recording) -> None:
    engine = SmallBlocks()
    cores = engine.facts().cores
    found = measure(Slow(2), recording, engine=engine)
    at_least = 3 * PAUSE * np.prod(recording.shape[1:]) / 1000 / cores
    assert at_least * 0.9 < found.seconds < at_least * 4
    assert not found.at_least
    assert 0 < engine.asked <= 3 * cores < len(engine.plan(recording))


def test_what_goes_on_and_on_is_said_to_take_at_least_so_long(recording: nt.Recording) -> None:
    found = measure(Slow(1000), recording, engine=SmallBlocks(), seconds=0.1)
    assert found.at_least
    assert said_of(found).startswith("at least")


def test_measuring_ends_when_it_is_not_wanted_any_more(recording: nt.Recording) -> None:
    job = Job("measuring")
    job.cancel()
    with pytest.raises(JobCancelled):
        measure(Slow(1), recording, engine=SmallBlocks(), job=job)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.connection.connect("threads")
    wait_until(lambda: made.connection.engine is not None)
    yield made
    made.close(2.0)


def test_large_recordings_are_measured_and_the_same_is_not_measured_again(desk: Desk, recording: nt.Recording) -> None:
    asked = []

    def measured(*given: Any, **_: Any) -> Duration:
        asked.append(given)
        return Duration(100.0)

    durations = Durations(desk.jobs, desk.connection, measured)
    request = Request(Slow(1), recording)
    durations.ask(request)
    assert durations.of(request) is None
    assert not durations.measuring(request)
    durations.ask(request, least_bytes=0)
    assert durations.measuring(request)
    wait_until(lambda: durations.of(request) is not None)
    durations.ask(request, least_bytes=0)
    assert len(asked) == 1
    assert durations.of(Request(Slow(2), recording)) is None
    assert said_of(durations.of(request)) == "about 2 min"
    assert "Preview first" in caution_of(durations.of(request))[0]
    durations.close()


def test_how_long_a_run_took_is_how_long_it_takes(desk: Desk, recording: nt.Recording) -> None:
    desk.datasets.add(recording)
    run = desk.run("summary_images", {})
    wait_until(lambda: run.ended and desk.durations.of_run(run) is not None)
    assert desk.durations.of_run(run) == Duration(run.job.seconds)
    assert caution_of(desk.durations.of_run(run)) == ()
    assert caution_of(Duration(20.0, at_least=True)) != caution_of(Duration(20.0))
    assert caution_of(None) == ()
    assert said_of(None) == ""

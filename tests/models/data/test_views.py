"""Which view of a recording is wanted, and when it can be shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from napari_thunder.engine.job import Job
from napari_thunder.errors import ThunderError
from napari_thunder.models import Desk
from napari_thunder.models.session.parts import Keys
from napari_thunder.recording import Recording
from napari_thunder.volumes import Sight, ViewKind
from tests.volumes.slow_source import SlowSource

MOVIE = np.random.default_rng(0).integers(100, 900, (20, 2, 6, 8)).astype(np.uint16)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.connection.connect("threads")
    wait(lambda: made.connection.engine is not None)
    yield made
    made.close(2.0)


def wait(true: Callable[[], Any], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def watched(desk: Desk) -> list[tuple[int, Sight]]:
    ready: list[tuple[int, Sight]] = []
    desk.views.ready.connect(lambda key, sight: ready.append((key, sight)))
    return ready


def test_dff_is_shown_once_its_baseline_is_known_and_again_at_once(desk: Desk) -> None:
    key = desk.datasets.add(Recording.from_array(MOVIE, exclude_frames=[0])).key
    ready = watched(desk)
    desk.views.show(key, kind=ViewKind.DFF)
    assert desk.views.view(key).kind is ViewKind.DFF
    wait(lambda: ready)
    assert ready[0][0] == key
    ((_, volume),) = ready[0][1].reader.read([3], Job("read"))
    baseline = np.percentile(MOVIE[1:].astype(float), 20, axis=0)
    np.testing.assert_allclose(volume, MOVIE[3] / baseline - 1, rtol=1e-5, atol=1e-6)
    desk.views.show(key, kind=ViewKind.RAW)
    desk.views.show(key, kind=ViewKind.DFF)
    wait(lambda: ready[-1][1].view.kind is ViewKind.DFF and desk.views.job(key) is None)


def test_of_wishes_in_a_row_only_the_last_is_shown_last(desk: Desk) -> None:
    key = desk.datasets.add(Recording.from_array(MOVIE)).key
    ready = watched(desk)
    for kind in (ViewKind.DFF, ViewKind.MEAN, ViewKind.DFF, ViewKind.RAW, ViewKind.MEAN):
        desk.views.show(key, kind=kind)
    wait(lambda: desk.views.job(key) is None and ready)
    time.sleep(0.1)
    assert ready[-1][1].view == desk.views.view(key)
    assert desk.views.view(key).half_width == 2


def test_excluding_frames_makes_a_view_anew(desk: Desk) -> None:
    dataset = desk.datasets.add(Recording.from_array(MOVIE))
    ready = watched(desk)
    desk.views.show(dataset.key, kind=ViewKind.MEAN, half_width=1)
    wait(lambda: len(ready) == 1)
    desk.datasets.amend(dataset, exclude_frames=[4])
    wait(lambda: len(ready) == 2)
    ((_, volume),) = ready[1][1].reader.read([4], Job("read"))
    np.testing.assert_allclose(volume, (MOVIE[3].astype(float) + MOVIE[5]) / 2, rtol=1e-6)


def test_a_baseline_that_takes_long_is_cancelled_at_once(desk: Desk) -> None:
    source = SlowSource(seconds=0.0)
    source.broken.update(range(60))
    key = desk.datasets.add(source.recording).key
    ready = watched(desk)
    job = Job("slow")
    desk.views._computed = lambda *_: job.wait(5) and job.check()  # type: ignore[method-assign, assignment]
    desk.views.show(key, kind=ViewKind.DFF)
    desk.views.cancel(key)
    wait(lambda: ready)
    job.cancel()
    assert ready[-1][1].view.kind is ViewKind.RAW


def test_what_cannot_be_computed_is_said_and_can_be_tried_again(desk: Desk) -> None:
    key = desk.datasets.add(Recording.from_array(MOVIE)).key
    ready = watched(desk)
    computed = desk.views._computed

    def fail(*_: Any) -> Any:
        raise ThunderError("the disk is gone")

    desk.views._computed = fail  # type: ignore[method-assign]
    desk.views.show(key, kind=ViewKind.DFF)
    wait(lambda: desk.views.trouble(key))
    assert desk.views.trouble(key).message == "the disk is gone"  # type: ignore[union-attr]
    desk.views._computed = computed  # type: ignore[method-assign]
    desk.views.retry(key)
    wait(lambda: ready)
    assert desk.views.trouble(key) is None


def test_views_are_kept_in_a_session(desk: Desk) -> None:
    first, second = (desk.datasets.add(Recording.from_array(MOVIE)).key for _ in range(2))
    desk.views.show(first, kind=ViewKind.MEAN, half_width=3)
    part = desk.session.parts["views"]
    part.restore(part.state(), Keys(recordings={first: second}))
    assert desk.views.view(second) == desk.views.view(first)


def test_a_recording_that_leaves_takes_its_view_along(desk: Desk) -> None:
    key = desk.datasets.add(Recording.from_array(MOVIE)).key
    desk.views.show(key, kind=ViewKind.MEAN)
    desk.datasets.remove(key)
    assert desk.views.state() == {}

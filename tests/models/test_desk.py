"""What one part of the desk does to another."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import numpy as np

from napari_thunder.models import Desk
from napari_thunder.recording import Recording
from tests.models.data.test_connection import FakeEngine
from tests.models.waiting import wait_until


def test_a_run_that_waited_uses_the_engine_that_is_connected_when_it_begins() -> None:
    used: list[str] = []
    release = Event()

    def stream(*_: Any, engine: Any, **more: Any) -> Iterator[Any]:
        used.append(engine.name)
        release.wait(5)
        yield from ()

    desk = Desk(connect=FakeEngine, stream=stream)
    desk.datasets.add(Recording.from_array(np.zeros((2, 1, 1, 1))))
    desk.connection.connect("first")
    wait_until(lambda: not desk.why_not_run())
    desk.run("summary_images", {})
    desk.run("summary_images", {})
    wait_until(lambda: used == ["first"])
    desk.connection.connect("second")
    wait_until(lambda: not desk.why_not_run())
    release.set()
    wait_until(lambda: used == ["first", "second"])
    desk.close()

from __future__ import annotations

import time
from threading import Event

from napari_thunder.models.background import Background


def test_closing_waits_for_calls_that_end() -> None:
    done = Event()
    background = Background("test")
    background.start(lambda: (time.sleep(0.05), done.set()))
    assert background.close(2)
    assert done.is_set()


def test_closing_leaves_a_hanging_call_behind() -> None:
    release = Event()
    background = Background("test")
    background.start(release.wait)
    start = time.monotonic()
    assert not background.close(0.1)
    assert time.monotonic() - start < 1
    release.set()


def test_nothing_starts_once_closed() -> None:
    background, called = Background("test"), Event()
    background.close()
    background.start(called.set)
    assert not called.wait(0.05)

from __future__ import annotations

import gc
import time
import weakref
from threading import Barrier, Event, Semaphore, current_thread
from threading import enumerate as enumerate_threads

import pytest

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


def test_calls_one_after_the_other_need_one_thread_and_calls_at_once_one_each() -> None:
    background, threads = Background("test"), []
    for _ in range(5):
        done = Event()
        background.start(lambda done=done: (threads.append(current_thread()), done.set()))
        assert done.wait(2)
        wait_until_idle(background)
    assert len(set(threads)) == 1
    meet = Barrier(4, timeout=5)
    for _ in range(3):
        background.start(meet.wait)
    meet.wait()
    assert background.close(2)


def test_a_thread_that_waits_holds_nothing_of_the_last_call_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_thunder.models.background._LINGER", 0.1)

    class Held:
        def call(self) -> None:
            pass

    held, background = Held(), Background("linger")
    seen = weakref.ref(held)
    background.start(held.call)
    del held
    wait_until_idle(background)
    gc.collect()
    assert seen() is None
    deadline = time.monotonic() + 5
    while any(t.name == "thunder-linger" for t in enumerate_threads()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(t.name == "thunder-linger" for t in enumerate_threads())
    called = Event()
    background.start(called.set)
    assert called.wait(2)
    assert background.close(2)


def test_no_call_is_lost_or_late_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_thunder.models.background._LINGER", 0.0005)
    background, done = Background("test"), Semaphore(0)
    for n in range(400):
        background.start(done.release)
        time.sleep(0.0005 * (n % 3))
    assert all(done.acquire(timeout=5) for _ in range(400))
    assert background.close(2)


def wait_until_idle(background: Background) -> None:
    deadline = time.monotonic() + 5
    while not background._idle and time.monotonic() < deadline:
        time.sleep(0.001)

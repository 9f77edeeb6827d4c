"""What the bridge to the window's thread promises."""

from __future__ import annotations

import time
from typing import Any

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_thunder.widgets.main_thread import MainThread


class _Model:
    said = Signal(int)


def test_a_slot_that_fails_does_not_keep_the_others_from_being_called(qtbot: Any) -> None:
    bridge, model, heard = MainThread(), _Model(), []

    def fail(_: int) -> None:
        raise RuntimeError("a slot failed")

    bridge.connect(model.said, fail)
    bridge.connect(model.said, heard.append)
    with qtbot.captureExceptions() as failures:
        model.said.emit(3)
        qtbot.waitUntil(lambda: bool(heard))
        qtbot.wait(20)
    bridge.close()
    assert heard == [3]
    assert [str(value) for _, value, _ in failures] == ["a slot failed"]


def test_many_calls_leave_the_window_turns_between_them_and_keep_their_order(qtbot: Any) -> None:
    bridge, model, heard = MainThread(), _Model(), []

    def work(n: int) -> None:
        time.sleep(0.02)
        heard.append(n)

    timer, beats = QTimer(), []
    timer.timeout.connect(lambda: beats.append(len(heard)))
    timer.start(1)
    bridge.connect(model.said, work)
    for n in range(6):
        model.said.emit(n)
    qtbot.waitUntil(lambda: len(heard) == 6)
    bridge.close()
    assert heard == list(range(6))
    assert {1, 2, 3, 4, 5} <= set(beats)


def test_what_is_said_meanwhile_is_heard_once_and_nothing_after_closing(qtbot: Any) -> None:
    bridge, model, heard = MainThread(), _Model(), []

    def again(n: int) -> None:
        heard.append(n)
        if n < 3:
            model.said.emit(n + 1)
        elif n == 3:
            bridge.call(heard.append, "no")
            bridge.close()

    bridge.connect(model.said, again, newest=True)
    model.said.emit(1)
    qtbot.waitUntil(lambda: 3 in heard)
    qtbot.wait(30)
    assert heard == [1, 2, 3]

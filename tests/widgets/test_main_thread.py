"""What the bridge to the window's thread promises."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

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

from __future__ import annotations

from typing import Any

from napari_thunder.widgets.progress_line import ProgressLine
from tests.widgets.conftest import wait_until


def test_a_step_is_painted_with_the_window_and_not_at_once(qtbot: Any) -> None:
    painted: list[int] = []
    bar = ProgressLine()
    bar.paintEvent = lambda _: painted.append(bar.value())
    qtbot.addWidget(bar)
    bar.show()
    wait_until(qtbot, lambda: bool(painted))
    painted.clear()
    for step in (10, 20, 30):
        bar.setValue(step)
    assert painted == []
    wait_until(qtbot, lambda: painted == [30])

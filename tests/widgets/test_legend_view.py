from __future__ import annotations

from typing import Any

import pytest

from napari_thunder.display import Wheel
from napari_thunder.widgets import legend_view
from napari_thunder.widgets.legend_view import LegendView


def test_a_legend_is_drawn_once_for_many_paintings(qtbot: Any, monkeypatch: pytest.MonkeyPatch):
    drawn: list[Any] = []
    draw = legend_view.legend_pixels
    monkeypatch.setattr(legend_view, "legend_pixels", lambda *given, **more: drawn.append(1) or draw(*given, **more))
    view, wheel = LegendView(), Wheel("direction", "R²", (0.0, 1.0))
    qtbot.addWidget(view)
    view.show_legend(wheel, 0.2)
    view.show()
    for _ in range(5):
        view.grab()
        view.show_legend(wheel, 0.2)
    assert len(drawn) == 1
    view.show_legend(wheel, 0.3)
    view.grab()
    assert len(drawn) == 2

"""How the mouse moves through a plot over time."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QRectF, Qt, Signal
from qtpy.QtWidgets import QGraphicsSceneWheelEvent

from napari_thunder.widgets.traces.plotting import pg

_THIN = 15.0
"""Pixels: a box that is flatter than this is meant to zoom in time only."""


class TimeView(pg.ViewBox):
    """Wheel: zoom in time (with Ctrl: up and down). Drag: zoom to a box. Middle button: move.

    `stretched` is emitted when someone zoomed up or down, so that the height is theirs from then on.
    """

    stretched = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseMode(pg.ViewBox.RectMode)

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        if axis is None:
            axis = 1 if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 0
        if axis == 1:
            self.stretched.emit()
        super().wheelEvent(event, axis)

    def showAxRect(self, box: QRectF, **given: Any) -> None:
        """Zoom to a box that was drawn; pyqtgraph calls this when the mouse lets go."""
        _, height = self.viewPixelSize()
        if abs(box.height()) < _THIN * height:
            self.setXRange(box.left(), box.right(), padding=0)
        else:
            self.stretched.emit()
            super().showAxRect(box, **given)

"""How the mouse moves through a plot, and chooses what lies in it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QColor, QPainterPath
from qtpy.QtWidgets import QGraphicsPathItem, QGraphicsSceneWheelEvent

from napari_thunder.models.plots.area import Area, Lasso, Rectangle
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.time_view import TimeView

_LEFT = Qt.MouseButton.LeftButton
_APART = 3.0
"""Pixels between two corners of a lasso."""

_FILL = 40


class Tool(StrEnum):
    """What dragging with the left button does."""

    ZOOM = "zoom"
    RECTANGLE = "rectangle"
    LASSO = "lasso"
    ROWS = "rows"
    COLUMNS = "columns"
    TURN = "turn"


class BrushView(TimeView):
    """Wheel: zoom. Middle button: move. Left button: what the tool does.

    `drawn(area, beside, done)` is emitted while an area is drawn and when it is; `beside` is whether Shift was held.
    `turned(right, up)` is emitted with the pixels that the mouse was dragged by.
    """

    drawn = Signal(object, bool, bool)
    turned = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.tool = Tool.ZOOM
        self.along = True
        self._corners: list[tuple[float, float]] = []
        self._rubber = QGraphicsPathItem()
        self._rubber.setZValue(1000)
        self._rubber.hide()
        self.addItem(self._rubber, ignoreBounds=True)

    def use(self, tool: Tool, *, along: bool) -> None:
        """Take a tool in hand; with `along`, the wheel zooms to the right and left only."""
        self.tool, self.along = tool, along
        self.setMouseMode(pg.ViewBox.RectMode if tool is Tool.ZOOM else pg.ViewBox.PanMode)

    def set_color(self, color: str) -> None:
        """Draw areas in this colour."""
        fill = QColor(color)
        fill.setAlpha(_FILL)
        self._rubber.setPen(pg.mkPen(color, width=1, style=Qt.PenStyle.DashLine))
        self._rubber.setBrush(fill)

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        if self.along:
            super().wheelEvent(event, axis)
        else:
            pg.ViewBox.wheelEvent(self, event, axis)

    def mouseDragEvent(self, ev: Any, axis: int | None = None) -> None:
        if axis is not None or ev.button() != _LEFT or self.tool is Tool.ZOOM:
            super().mouseDragEvent(ev, axis)
            return
        ev.accept()
        if self.tool is Tool.TURN:
            moved = ev.pos() - ev.lastPos()
            self.turned.emit(moved.x(), -moved.y())
            return
        self._draw(ev)

    def _draw(self, ev: Any) -> None:
        here = self._place(ev.pos())
        if ev.isStart():
            self._corners = [self._place(ev.buttonDownPos())]
        if self.tool is not Tool.LASSO or ev.isFinish() or self._is_apart(here):
            self._corners.append(here)
        beside, done = bool(ev.modifiers() & Qt.KeyboardModifier.ShiftModifier), bool(ev.isFinish())
        area = self._area(here)
        self._show(area)
        self._rubber.setVisible(not done)
        self.drawn.emit(area, beside, done)

    def _area(self, here: tuple[float, float]) -> Area:
        if self.tool is Tool.LASSO:
            return Lasso(np.array(self._corners))
        start = self._corners[0]
        (left, right), (low, high) = self.viewRange()
        if self.tool is Tool.ROWS:
            return Rectangle.between((left, start[1]), (right, here[1]))
        if self.tool is Tool.COLUMNS:
            return Rectangle.between((start[0], low), (here[0], high))
        return Rectangle.between(start, here)

    def _show(self, area: Area) -> None:
        path = QPainterPath()
        path.addPolygon(pg.QtGui.QPolygonF([QPointF(x, y) for x, y in area.outline.tolist()]))
        path.closeSubpath()
        self._rubber.setPath(path)

    def _place(self, position: Any) -> tuple[float, float]:
        at = self.mapToView(position)
        return at.x(), at.y()

    def _is_apart(self, here: tuple[float, float]) -> bool:
        wide, high = self.viewPixelSize()
        last = self._corners[-1]
        return bool(np.hypot((here[0] - last[0]) / wide, (here[1] - last[1]) / high) >= _APART)

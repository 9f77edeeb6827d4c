"""Marks that reach over the whole view of a plot, whatever part of it is shown."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QRectF
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from napari_thunder.widgets.traces.plotting import pg


class ViewBands(pg.GraphicsObject):
    """All marks of a kind in one item, as large as the view: cheap for thousands of them.

    Parameters
    ----------
    height
        Among the items of the plot: below 0 behind its lines.
    """

    def __init__(self, height: float) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self.setZValue(height)
        self.still = False

    def viewRangeChanged(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        return self.viewRect()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: Any = None) -> None:
        if not self.still:
            self.draw(painter, option)

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """Paint the marks."""
        raise NotImplementedError

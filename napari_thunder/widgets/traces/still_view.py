"""A view whose still items are painted once, so that what moves over them costs little."""

from __future__ import annotations

from typing import Any, Protocol

from qtpy.QtCore import QRectF
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QStyleOptionGraphicsItem

from napari_thunder.widgets.traces.plotting import pg


class StillItem(Protocol):
    """An item that can be painted into the background of its view."""

    still: bool

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """Paint it; `paint` does so too, unless it is still."""


class StillView(pg.GraphicsLayoutWidget):
    """Paints items that are `still` as part of its background, which Qt keeps as a picture until `stale` is called."""

    def __init__(self) -> None:
        super().__init__()
        self.setCacheMode(self.CacheModeFlag.CacheBackground)

    def still_items(self) -> list[tuple[pg.ViewBox, Any]]:
        """Still items, the lowest first, and the boxes they are cut off at."""
        raise NotImplementedError

    def watch(self, box: pg.ViewBox) -> None:
        """Paint anew whenever a box shows another range, or is moved or resized."""
        for signal in (box.sigRangeChanged, box.sigTransformChanged, box.geometryChanged):
            signal.connect(self.stale)

    def stale(self, *_: object) -> None:
        """Paint the still items anew, soon."""
        self.resetCachedContent()
        self.viewport().update()

    def drawBackground(self, painter: QPainter, exposed: QRectF) -> None:
        super().drawBackground(painter, exposed)
        for box, item in self.still_items():
            if not item.isVisible():
                continue
            option = QStyleOptionGraphicsItem()
            option.exposedRect = item.boundingRect()
            painter.save()
            painter.setClipRect(box.sceneBoundingRect())
            painter.setTransform(item.sceneTransform(), True)
            item.draw(painter, option)
            painter.restore()

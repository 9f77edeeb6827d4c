"""Events as shaded bands behind the traces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QPainter, QTransform
from qtpy.QtWidgets import QStyleOptionGraphicsItem

from napari_thunder.widgets.traces.conditions import Conditions
from napari_thunder.widgets.traces.view_bands import ViewBands

_ALPHA = 64
_FEW = 200
"""With so many bands in sight or fewer, there may be room to name them."""

_MOST_FIT = 0.5
"""Share of the names in sight that must have room."""


class EventBands(ViewBands):
    """All events of a recording.

    Each is as high as the view; its condition's name stands at its top where there is room.
    """

    def __init__(self, named: bool = True) -> None:
        super().__init__(-10)
        self._named = named
        self._conditions = Conditions()
        self._brushes: list[QColor] = []
        self._text = QColor("white")

    def set_conditions(self, conditions: Conditions) -> None:
        """Show other events."""
        self._conditions = conditions
        self._brushes = [QColor(color) for color in conditions.colors]
        for brush in self._brushes:
            brush.setAlpha(_ALPHA)
        self.update()

    def set_text_color(self, color: str) -> None:
        """Write the names in this colour."""
        self._text = QColor(color)
        self.update()

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """Paint the bands and their names."""
        view = self.viewRect()
        seen = view.intersected(option.exposedRect) if option.exposedRect.isValid() else view
        pixel = view.width() / max(1.0, self.getViewBox().width())
        start, stop, of = self._conditions.between(seen.left() - pixel, seen.right() + pixel)
        painter.setPen(Qt.PenStyle.NoPen)
        for a, b, k in merged(start, stop, of, pixel):
            painter.fillRect(QRectF(a, view.top(), max(b - a, pixel), view.height()), self._brushes[k])
        if self._named:
            self._write_names(painter, view)

    def _write_names(self, painter: QPainter, view: QRectF) -> None:
        """In the middle of each band where there is room; nowhere if that is so for few, as these would puzzle."""
        start, stop, of = self._conditions.between(view.left(), view.right())
        labels = self._conditions.labels
        if not len(start) or len(start) > _FEW or len(labels) < 2:
            return
        to_screen, metrics = painter.worldTransform(), QFontMetricsF(painter.font())
        widths = np.array([metrics.horizontalAdvance(labels[k]) for k in of])
        fits = widths < (stop - start) * to_screen.m11() - 2
        if fits.mean() < _MOST_FIT:
            return
        painter.setPen(self._text)
        painter.setWorldTransform(QTransform())
        for at in np.flatnonzero(fits):
            middle = to_screen.map(QPointF((start[at] + stop[at]) / 2, view.bottom()))
            painter.drawText(QPointF(middle.x() - widths[at] / 2, middle.y() + metrics.ascent()), labels[of[at]])
        painter.setWorldTransform(to_screen)


def merged(
    start: NDArray[np.float64], stop: NDArray[np.float64], of: NDArray[np.intp], pixel: float
) -> list[tuple[float, float, int]]:
    """Bands as they are drawn; of many, the longest of those that begin on the same pixel."""
    if len(start) < _FEW or pixel <= 0:
        return list(zip(start.tolist(), stop.tolist(), of.tolist(), strict=True))
    column = np.floor(start / pixel)
    longest_first = np.lexsort((-stop, column))
    _, firsts = np.unique(column[longest_first], return_index=True)
    kept = longest_first[firsts]
    return list(zip(start[kept].tolist(), stop[kept].tolist(), of[kept].tolist(), strict=True))

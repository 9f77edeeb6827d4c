"""One subject's trace in a plot."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QIcon, QPaintEngine, QPainter, QPainterPath, QPen, QPixmap, QTransform

from napari_thunder.widgets.traces.decimation import finite_range, visible_points
from napari_thunder.widgets.traces.plotting import Symbols, pg

Array = NDArray[Any]

MARKS = ("o", "s", "t", "d", "x", "t1", "star", "+")
"""Shapes that tell lines apart without their colours."""

_MARK_SIZE = 8.0
_MARK_EVERY = 140
"""Pixels from one mark of a line to the next."""

_EMPTY: Array = np.empty(0)


class TraceCurve(pg.PlotCurveItem):
    """A line of any length with a few marks on it; only what a screen can show is drawn.

    Parameters
    ----------
    color
        `#rrggbb`.
    mark
        Number of its shape in `MARKS`; below 0 for none.
    """

    def __init__(self, color: str, mark: int) -> None:
        super().__init__(connect="finite")
        self.color = color
        self.name_shown = ""
        self.mark = mark
        self.times = _EMPTY
        self.values = _EMPTY
        self.offset = 0.0
        self.span: tuple[float, float] | None = None
        self._marks: list[QPointF] = []
        self._columns: tuple[Any, ...] = ()
        self.still = False
        self.look: tuple[str, int] = ("", 0)
        self.set_look(color, 1)

    def set_look(self, color: str, width: int) -> None:
        """Draw it in a colour, which may be another than its own where that could not be seen, and width."""
        if (color, width) != self.look:
            self.look = (color, width)
            self.setPen(pg.mkPen(color, width=width))

    def set_trace(self, times: Array, values: Array) -> None:
        """Show other numbers; NaN are gaps."""
        self.times, self.values = times, values
        self.span = finite_range(values)
        self._columns = ()
        self.viewRangeChanged()

    def set_offset(self, offset: float) -> None:
        """Draw it higher by this much."""
        if offset != self.offset:
            self.offset = offset
            self._columns = ()
            self.viewRangeChanged()

    def viewRangeChanged(self, *_: object) -> None:
        """Draw the part that is in view; pyqtgraph calls this when the view moves."""
        view = self.getViewBox()
        if not isinstance(view, pg.ViewBox):
            return
        (start, stop), _ = view.viewRange()
        columns = (start, stop, max(50, int(view.width())))
        if columns != self._columns:
            self._columns = columns
            x, y = visible_points(self.times, self.values, *columns)
            self.setData(x, y + self.offset, connect="finite")
            self._marks = self._place_marks(*columns)

    def pixelPadding(self) -> float:
        return max(super().pixelPadding(), _MARK_SIZE)

    def paint(self, painter: QPainter, *args: Any) -> None:
        if not self.still:
            self.draw(painter, *args)

    def draw(self, painter: QPainter, option: Any = None, widget: Any = None) -> None:
        """Paint the line and its marks."""
        if painter.paintEngine().type() == QPaintEngine.Type.SVG:
            self._draw_cut(painter)
        else:
            super().paint(painter, option, widget)
        to_screen = painter.worldTransform()
        shape = mark_shape(self.mark)
        painter.setPen(QPen(QColor(self.look[0])))
        painter.setBrush(QColor(self.look[0]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for point in self._marks:
            on_screen = to_screen.map(point)
            painter.setWorldTransform(QTransform.fromTranslate(on_screen.x(), on_screen.y()))
            painter.drawPath(shape)
        painter.setWorldTransform(to_screen)

    def _draw_cut(self, painter: QPainter) -> None:
        """Cut off at the borders of the view by hand, as SVG files of Qt know no clipping."""
        (left, right), (low, high) = self.getViewBox().viewRange()
        x, y = self.getData()
        border = np.interp([left, right], x, y) if len(x) else np.empty(2)
        y = np.where(x < left, border[0], np.where(x > right, border[1], y))
        path = pg.arrayToQPath(np.clip(x, left, right), np.clip(y, low, high), connect="finite")
        painter.setPen(self.opts["pen"])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _place_marks(self, start: float, stop: float, width: int) -> list[QPointF]:
        """Every so often, at another place for each line, on samples that have a value."""
        if not len(self.times) or self.mark < 0:
            return []
        if len(self.times) == 1 and np.isfinite(self.values[0]):
            return [QPointF(self.times[0], self.values[0] + self.offset)]
        n = max(1, width // _MARK_EVERY)
        shift = (self.mark * 0.37) % 1
        wanted = start + (stop - start) * (np.arange(n) + 0.15 + 0.7 * shift) / n
        wanted = wanted[(wanted >= self.times[0]) & (wanted <= self.times[-1])]
        at = np.clip(np.searchsorted(self.times, wanted), 0, len(self.times) - 1)
        return [
            QPointF(self.times[i], self.values[i] + self.offset) for i in np.unique(at) if np.isfinite(self.values[i])
        ]


def mark_shape(mark: int) -> QPainterPath:
    """The shape of a mark, in pixels around (0, 0)."""
    return QTransform.fromScale(_MARK_SIZE, _MARK_SIZE).map(Symbols[MARKS[mark % len(MARKS)]])


def line_icon(color: str, mark: int, width: int = 30, height: int = 14) -> QIcon:
    """A piece of a line with its mark, if it has one, for a list."""
    pixmap = QPixmap(width, height)
    pixmap.fill(QColor(0, 0, 0, 0))
    painter = QPainter(pixmap)
    painter.setPen(QPen(QColor(color), 2))
    painter.drawLine(0, height // 2, width, height // 2)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(color))
    painter.setPen(QPen(QColor(color)))
    painter.translate(width / 2, height / 2)
    if mark >= 0:
        painter.drawPath(mark_shape(mark))
    painter.end()
    return QIcon(pixmap)

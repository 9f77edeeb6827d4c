"""Signals as small lines, one under the other."""

from __future__ import annotations

import numpy as np
import pandas as pd
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_thunder.models.data.preview import Floats, envelope

_ROW = 28
_NAME = 110
_POINTS = 240
_MOST = 6


class SignalLines(QWidget):
    """Names on the left, the whole course of each on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, Floats, Floats]] = []
        self._more = 0
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(200, _ROW * (len(self._lines) + (1 if self._more else 0)))

    def show_signals(self, signals: pd.DataFrame) -> None:
        """Show these signals, the first few of many."""
        names = [str(name) for name in signals.columns]
        self._more = max(0, len(names) - _MOST)
        self._lines = [(name, *envelope(signals[name].to_numpy(np.float64), _POINTS)) for name in names[:_MOST]]
        self.setAccessibleName(f"Signals: {', '.join(names)}")
        self.setToolTip("\n".join(_said(signals[name], name) for name in names[:20]))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self.palette().windowText().color()
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        for row, (name, low, high) in enumerate(self._lines):
            painter.setPen(ink)
            box = QRectF(0, row * _ROW, _NAME - 8, _ROW)
            elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME - 8)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
            _draw_line(painter, QRectF(_NAME, row * _ROW + 3, self.width() - _NAME, _ROW - 6), low, high, ink)
        if self._more:
            painter.setPen(ink)
            box = QRectF(0, len(self._lines) * _ROW, self.width(), _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"and {self._more} more")
        painter.end()


def _draw_line(painter: QPainter, box: QRectF, low: Floats, high: Floats, ink: QColor) -> None:
    known = np.isfinite(low)
    if not known.any():
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, "no values")
        return
    bottom, top = float(np.nanmin(low)), float(np.nanmax(high))
    scale = box.height() / (top - bottom) if top > bottom else 0.0
    at = box.left() + (np.arange(len(low)) + 0.5) * box.width() / len(low)
    upper = [QPointF(x, box.bottom() - (y - bottom) * scale) for x, y in zip(at[known], high[known], strict=True)]
    lower = [QPointF(x, box.bottom() - (y - bottom) * scale) for x, y in zip(at[known], low[known], strict=True)]
    fill = QColor(ink)
    fill.setAlpha(90)
    painter.setPen(ink)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))


def _said(signal: pd.Series, name: str) -> str:
    return f"{name}: {signal.min():.4g} to {signal.max():.4g}, {int(signal.isna().sum())} of {len(signal)} missing"

"""A mean with its standard error around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath

from napari_thunder.widgets.traces.plotting import pg

Array = NDArray[Any]

_ALPHA = 60
STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
"""Kinds of lines, which tell neighbours in a list apart without their colours."""


class MeanLine(pg.PlotCurveItem):
    """A line in a shaded band of one standard error to either side."""

    def __init__(self) -> None:
        super().__init__(connect="finite")
        self.low: Array = np.empty(0)
        self.high: Array = np.empty(0)
        self._band = QPainterPath()
        self._fill = QColor()

    def show_mean(self, x: Array, mean: Array, sem: Array, color: str, style: int) -> None:
        """Draw other numbers; where the error is not known there is no band."""
        spread = np.nan_to_num(sem)
        self.low, self.high = mean - spread, mean + spread
        known = np.isfinite(mean)
        around = np.concatenate([self.high[known], self.low[known][::-1]])
        along = np.concatenate([x[known], x[known][::-1]])
        self._band = pg.arrayToQPath(along, around, connect="all")
        self._fill = QColor(color)
        self._fill.setAlpha(_ALPHA)
        self.setData(x, mean, connect="finite", pen=pg.mkPen(color, width=2, style=STYLES[style % len(STYLES)]))

    def show_ring(self, angle: Array, radius: Array, sem: Array, color: str) -> None:
        """Draw numbers around a middle (rad, counter-clockwise from the right), closed; none of them below 0."""
        closed = np.append(np.arange(len(angle)), 0) if radius.any() else np.arange(0)
        inner, outer = np.maximum(radius - sem, 0)[closed], (radius + sem)[closed]
        cos, sin = np.cos(angle)[closed], np.sin(angle)[closed]
        along = np.concatenate([outer * cos, (inner * cos)[::-1]])
        around = np.concatenate([outer * sin, (inner * sin)[::-1]])
        self.low, self.high = np.full(1, -1.0), np.full(1, 1.0)
        self._band = pg.arrayToQPath(along, around, connect="all")
        self._fill = QColor(color)
        self._fill.setAlpha(_ALPHA)
        self.setData(radius[closed] * cos, radius[closed] * sin, connect="finite", pen=pg.mkPen(color, width=2))

    def paint(self, painter: QPainter, *args: Any) -> None:
        painter.fillPath(self._band, self._fill)
        super().paint(painter, *args)

    def boundingRect(self) -> Any:
        return super().boundingRect().united(self._band.boundingRect())

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: Any = None) -> Any:
        bounds = super().dataBounds(ax, frac, orthoRange)
        if ax != 1 or bounds[0] is None or not np.isfinite(self.low).any():
            return bounds
        return float(np.nanmin(self.low)), float(np.nanmax(self.high))

"""Frames that stand out, as triangles at the top, and excluded ones, hatched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QBrush, QColor, QPainter, QPolygonF, QTransform
from qtpy.QtWidgets import QStyleOptionGraphicsItem

from napari_thunder.widgets.traces.time_axis import TimeAxis
from napari_thunder.widgets.traces.view_bands import ViewBands

_SIZE = 9.0
"""Pixels of a triangle."""

_SHADE, _HATCH = 48, 150
_NONE = (np.empty(0, np.intp), np.empty(0, np.intp))
_THIN = 2.0
"""Pixels that the shade of a single frame takes at least."""


class FrameMarks(ViewBands):
    """All marks of frames.

    Parameters
    ----------
    named
        Whether to draw the triangles.
    """

    def __init__(self, named: bool) -> None:
        super().__init__(-10)
        self._named = named
        self._axis: TimeAxis | None = None
        self._outliers: NDArray[np.intp] = np.empty(0, np.intp)
        self._spans: list[tuple[int, int]] = []
        self._edges = (np.empty(0), np.empty(0))
        self._marked = np.empty(0)
        self._mark, self._shade = QColor("#ff8800"), QColor("#888888")

    def set_axis(self, axis: TimeAxis | None) -> None:
        """Say where frames stand."""
        self._axis = axis
        self._place()
        self.update()

    def set_frames(self, outliers: Sequence[int], excluded: Sequence[int]) -> None:
        """Mark these, and shade those."""
        self._outliers = np.asarray(outliers, np.intp)
        self._spans = spans_of(excluded)
        self._place()
        self.update()

    def set_colours(self, mark: str, shade: str) -> None:
        """Follow the theme."""
        self._mark, self._shade = QColor(mark), QColor(shade)
        self.update()

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """Paint the shades, then the triangles."""
        if self._axis is None:
            return
        to_screen = painter.worldTransform()
        view = to_screen.mapRect(self.viewRect())
        painter.setWorldTransform(QTransform())
        painter.setPen(Qt.PenStyle.NoPen)
        plain, hatch = QColor(self._shade), QColor(self._shade)
        plain.setAlpha(_SHADE)
        hatch.setAlpha(_HATCH)
        for left, right in self._shown_spans(to_screen, view):
            box = QRectF(left, view.top(), max(right - left, _THIN), view.height())
            painter.fillRect(box, plain)
            painter.fillRect(box, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        if self._named:
            self._draw_triangles(painter, to_screen, view)
        painter.setWorldTransform(to_screen)

    def _shown_spans(self, to_screen: QTransform, view: QRectF) -> list[tuple[float, float]]:
        """Left and right pixels of what is in sight; neighbours on the same pixel are one."""
        left, right = (_pixels(to_screen, edge) for edge in self._edges)
        seen = (right >= view.left()) & (left <= view.right())
        left, right = left[seen], right[seen]
        if not len(left):
            return []
        begins = np.flatnonzero(np.r_[True, left[1:] > right[:-1] + 1])
        ends = np.r_[begins[1:] - 1, len(right) - 1]
        return list(zip(left[begins].tolist(), right[ends].tolist(), strict=True))

    def _draw_triangles(self, painter: QPainter, to_screen: QTransform, view: QRectF) -> None:
        places = np.unique(_pixels(to_screen, self._marked).round())
        places = places[(places > view.left() - _SIZE) & (places < view.right() + _SIZE)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._mark)
        for x in places.tolist():
            painter.drawPolygon(_triangle(x, view.top() + 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _place(self) -> None:
        """Times of the marks and of the edges of the shades, which begin halfway from the frame before."""
        if self._axis is None:
            return
        times = self._axis.times
        borders = np.r_[times[0], (times[:-1] + times[1:]) / 2, self._axis.span[1]]
        first, last = (np.asarray(ends, np.intp) for ends in zip(*self._spans, strict=True)) if self._spans else _NONE
        inside = last < len(times)
        self._edges = borders[first[inside]], borders[last[inside] + 1]
        self._marked = times[self._outliers[self._outliers < len(times)]]


def _pixels(to_screen: QTransform, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where times stand on the screen: plots are stretched and moved, never turned."""
    return np.asarray(times * to_screen.m11() + to_screen.dx())


def spans_of(frames: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of frames that follow each other."""
    found = np.asarray(sorted(frames), np.intp)
    if not len(found):
        return []
    breaks = np.flatnonzero(np.diff(found) > 1)
    firsts, lasts = np.r_[found[0], found[breaks + 1]], np.r_[found[breaks], found[-1]]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _triangle(x: float, top: float) -> QPolygonF:
    """Points down at the frame."""
    half = _SIZE / 2
    return QPolygonF([QPointF(x - half, top), QPointF(x + half, top), QPointF(x, top + _SIZE)])

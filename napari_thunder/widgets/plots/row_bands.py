"""Rows of a heat map that are chosen or pointed at, as bands across it."""

from __future__ import annotations

from collections.abc import Iterable

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter
from qtpy.QtWidgets import QStyleOptionGraphicsItem

from napari_thunder.widgets.traces.view_bands import ViewBands

_FILL = 45
_EDGE = 6.0
"""Pixels of the solid ends of a band, which show where a row is less high than a line."""


class RowBands(ViewBands):
    """Bands over whole rows, as wide as what is seen of it; rows beside each other are one band.

    Parameters
    ----------
    fill
        How much of what is under them they cover, 0 to 255.
    """

    def __init__(self, fill: int = _FILL) -> None:
        super().__init__(20)
        self.runs: list[tuple[int, int]] = []
        self._color, self._alpha = QColor("white"), fill
        self._left, self._right = -0.5, 0.5

    def set_rows(self, rows: Iterable[int]) -> None:
        """Show these rows."""
        self.runs = runs_of(rows)
        self.update()

    def set_columns(self, n: int) -> None:
        """Reach over so many columns."""
        self._right = n - 0.5
        self.update()

    def set_color(self, color: str) -> None:
        """Draw them in this colour."""
        self._color = QColor(color)
        self.update()

    def draw(self, painter: QPainter, option: QStyleOptionGraphicsItem) -> None:
        """Paint the bands."""
        view, fill = self.viewRect(), QColor(self._color)
        start, stop = max(view.left(), self._left), min(view.right(), self._right)
        fill.setAlpha(self._alpha)
        edge = _EDGE * view.width() / max(1.0, self.getViewBox().width())
        pixel = view.height() / max(1.0, self.getViewBox().height())
        painter.setPen(Qt.PenStyle.NoPen)
        for first, last in self.runs:
            top, height = first - 0.5, max(last - first + 1.0, 2 * pixel)
            painter.fillRect(QRectF(start, top, stop - start, height), fill)
            for left in (start, stop - edge):
                painter.fillRect(QRectF(left, top, edge, height), self._color)


def runs_of(rows: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers that follow each other."""
    runs: list[tuple[int, int]] = []
    for row in sorted(rows):
        if runs and row == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], row
        else:
            runs.append((row, row))
    return runs

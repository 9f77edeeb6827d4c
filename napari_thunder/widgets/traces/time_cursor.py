"""The line of the moment that is shown, through all plots of a column."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QObject, Signal

from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours


class TimeCursor(QObject):
    """Lines at the same time in several plots; `dragged(time)` when someone moves one of them."""

    dragged = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.time = 0.0
        self._lines: list[pg.InfiniteLine] = []
        self._color = "#ffffff"

    def add_to(self, plot: pg.PlotItem) -> None:
        """Draw it in one more plot."""
        line = pg.InfiniteLine(self.time, movable=True)
        line.setZValue(100)
        line.sigDragged.connect(partial(self._on_drag))
        self._lines.append(line)
        self._dress(line)
        plot.addItem(line, ignoreBounds=True)

    def remove_from(self, plot: pg.PlotItem) -> None:
        """Draw it there no more."""
        for line in [line for line in self._lines if line in plot.items]:
            self._lines.remove(line)
            plot.removeItem(line)

    def move(self, time: float) -> None:
        """Show another moment, unless someone is holding the line right now."""
        if not any(line.moving for line in self._lines):
            self._place(time)

    @property
    def lines(self) -> tuple[pg.InfiniteLine, ...]:
        """One for each plot."""
        return tuple(self._lines)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._color = colours.cursor
        for line in self._lines:
            self._dress(line)

    def _dress(self, line: pg.InfiniteLine) -> None:
        line.setPen(pg.mkPen(self._color, width=2))
        line.setHoverPen(pg.mkPen(self._color, width=4))

    def _on_drag(self, line: pg.InfiniteLine) -> None:
        self._place(line.value())
        self.dragged.emit(self.time)

    def _place(self, time: float) -> None:
        self.time = time
        for line in self._lines:
            line.setValue(time)

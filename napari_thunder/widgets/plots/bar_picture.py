"""Bars with their standard errors, and the height that is reached by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import Qt

from napari_thunder.models.plots.axis import named_axis_of
from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plot import Plot
from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.plots.colors import brushes_of, few_colors
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_WIDTH = 0.8
_FEW = 5
"""Fewer bars than this are not wider than as many would be."""

_ROOM = 0.06


class BarPicture(Picture):
    """A bar for each place along the only dimension."""

    def __init__(self) -> None:
        super().__init__()
        self.bars = pg.BarGraphItem(x=[0], height=[0], width=_WIDTH)
        self.errors = pg.ErrorBarItem()
        self.chance = pg.InfiniteLine(
            0.0, angle=0, label="chance", labelOpts={"position": 0.96, "anchors": [(1, 1)] * 2}
        )
        self._zero = pg.InfiniteLine(0.0, angle=0)
        for item in (self._zero, self.bars, self.errors, self.chance):
            self.addItem(item)

    def tool(self) -> Tool:
        return Tool.COLUMNS if self.tied else Tool.ZOOM

    def draw_plot(self, plot: Plot) -> None:
        axis = named_axis_of(plot.dataset, plot.dims[0])
        self.across.show_names(self.names(plot) if axis.names else [f"{v:g}" for v in axis.places])
        self.setLabel("bottom", axis.label)
        self.title_values(plot)
        values, error = plot.values.astype(np.float64), plot.error
        known = np.isfinite(values)
        if error is None:
            self.errors.setVisible(False)
        else:
            at = np.flatnonzero(known & np.isfinite(error))
            self.errors.setData(x=at.astype(float), y=values[at], height=2 * error[at], beam=0.2)
            self.errors.setVisible(True)
        self.chance.setVisible(plot.chance is not None)
        self.chance.setValue(plot.chance or 0.0)
        self._dress()

    def show_chosen(self, rows: frozenset[int]) -> None:
        super().show_chosen(rows)
        self._dress()

    def show_marks(self, marks: Marks) -> None:
        super().show_marks(marks)
        self._dress()

    def show_all(self) -> None:
        plot = self.plot_shown
        if plot is None:
            return
        spread = 0 if plot.error is None else np.nan_to_num(plot.error)
        ends = np.concatenate([plot.values - spread, plot.values + spread, [0.0, plot.chance or 0.0]])
        low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
        room = (high - low or 1.0) * _ROOM
        n = len(plot.values)
        beside = max(0.0, (_FEW - n) / 2)
        self.setXRange(-0.6 - beside, n - 0.4 + beside, padding=0)
        self.setYRange(low - (room if low < 0 else 0), high + room, padding=0)

    def words_at(self, x: float, y: float) -> str:
        row, plot = self.row_at(x, y), self.plot_shown
        if row is None or plot is None:
            return ""
        spread = "" if plot.error is None else f" ± {plot.error[row]:.2g}"
        return f"{self.names(plot)[row]}: {plot.values[row]:.4g}{spread}"

    def row_at(self, x: float, y: float) -> int | None:
        row = round(x)
        there = self.plot_shown is not None and 0 <= row < self.plot_shown.n_rows
        return row if there and abs(x - row) <= _WIDTH / 2 else None

    def on_drawn(self, area: object, beside: bool, done: bool) -> None:
        if self.plot_shown is not None and (done or not beside):
            left, right = area.left, area.right
            rows = range(max(0, round(left)), min(self.plot_shown.n_rows - 1, round(right)) + 1)
            self.choose_rows(frozenset(rows), beside=beside)

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        self._zero.setPen(pg.mkPen(colours.text))
        self.errors.setData(pen=pg.mkPen(colours.text))
        self.chance.setPen(pg.mkPen(colours.text, style=Qt.PenStyle.DashLine))
        self.chance.label.setColor(colours.text)
        self._dress()

    def _dress(self) -> None:
        plot = self.plot_shown
        if plot is None:
            return
        colors = self.readable(few_colors(plot))
        edges = self.edges(range(plot.n_rows))
        heights = np.nan_to_num(plot.values.astype(np.float64))
        self.bars.setOpts(
            x=np.arange(plot.n_rows), height=heights, width=_WIDTH, **_painted(brushes_of(colors)), **_outlined(edges)
        )


def _painted(brushes: Any) -> dict[str, Any]:
    return {"brushes": brushes, "brush": None} if isinstance(brushes, list) else {"brush": brushes, "brushes": None}


def _outlined(pens: Any) -> dict[str, Any]:
    return {"pens": pens, "pen": None} if isinstance(pens, list) else {"pen": pens, "pens": None}

"""A matrix or a heat map of many rows: numbers as colours, frames to the right where there are frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QRectF, QTimer

from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.models.background import Background
from napari_thunder.models.latest import Latest
from napari_thunder.models.plots.axis import PlotAxis, named_axis_of
from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plot import Plot, PlotKind, short_rows
from napari_thunder.models.plots.raster import Part, limits_of, part_of
from napari_thunder.models.plots.selection import HIGHLIGHT
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.plots.row_bands import RowBands
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_AT_ONCE = 300_000
"""Cells that are drawn at once; more are averaged beside the window, for the pixels there are."""

_SETTLED_MS = 60
_SIGNED, _PLAIN, _SHARED = "vik", "viridis", "gray_r"

_LONGEST = 20
"""Letters beside the bar of colours; the list of plots has all of them."""


class GridPicture(Picture):
    """Rows from the top, columns from the left.

    Parameters
    ----------
    background
        Where large maps are averaged.
    bridge
        To the window's thread.
    """

    along = False

    def __init__(self, background: Background, bridge: MainThread) -> None:
        super().__init__()
        self.image = pg.ImageItem(axisOrder="row-major")
        self.cursor_line = pg.InfiniteLine(0.0)
        self.bands = RowBands()
        self.pointed = RowBands(fill=0)
        self.bar = pg.ColorBarItem(interactive=False, width=12)
        self.limits = (0.0, 1.0)
        self._columns: PlotAxis | None = None
        self._bridge = bridge
        self._latest = Latest(background)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLED_MS)
        self._settle.timeout.connect(self._look_closer)
        self._lay_out()

    def tool(self) -> Tool:
        return Tool.ROWS if self.tied else Tool.ZOOM

    def draw_plot(self, plot: Plot) -> None:
        self._columns = named_axis_of(plot.dataset, plot.column_dim)
        rows = named_axis_of(plot.dataset, plot.row_dim or plot.dims[0])
        self.limits = _limits(plot)
        self.across.show_columns(self._columns)
        self.up.show_names(short_rows(rows.names) if rows.names else [f"{v:g}" for v in rows.places])
        self.setLabel("bottom", self._columns.label)
        self.setLabel("left", rows.label)
        n_rows, n_columns = plot.grid.shape
        square = plot.kind is PlotKind.MATRIX and n_rows == n_columns
        ends = (None,) * 4 if square else (-0.5, n_columns - 0.5, -0.5, n_rows - 0.5)
        self.brush.setLimits(**dict(zip(("xMin", "xMax", "yMin", "yMax"), ends, strict=True)))
        self.brush.setAspectLocked(square)
        for bands in (self.bands, self.pointed):
            bands.set_columns(n_columns)
        self.image.clear()
        self.bar.setColorMap(_colormap(_SIGNED if plot.signed else _PLAIN))
        self.bar.setLevels(self.limits)
        self.bar.getAxis("right").setLabel(_short(plot.label))
        self.cursor_line.setVisible(self._columns.frames is not None)
        self._show_part(_whole(plot))

    def show_chosen(self, rows: frozenset[int]) -> None:
        super().show_chosen(rows)
        self.bands.set_rows(rows)

    def show_marks(self, marks: Marks) -> None:
        super().show_marks(marks)
        self.pointed.set_rows(marks.rows)

    def show_frame(self, frame: int | None) -> None:
        super().show_frame(frame)
        columns = self._columns
        if columns is not None and columns.frames is not None and frame is not None:
            self.cursor_line.setValue(float(np.interp(frame, columns.frames, np.arange(len(columns.frames)))))

    def show_all(self) -> None:
        if self.plot_shown is not None:
            n_rows, n_columns = self.plot_shown.grid.shape
            self.brush.setRange(xRange=(-0.5, n_columns - 0.5), yRange=(-0.5, n_rows - 0.5), padding=0)

    def words_at(self, x: float, y: float) -> str:
        plot, row, column = self.plot_shown, self.row_at(x, y), round(x)
        if plot is None or row is None or self._columns is None:
            return ""
        value = plot.grid[row, column]
        return f"{self.names(plot)[row]} · {self._columns.words(column)}: {value:.4g}"

    def row_at(self, x: float, y: float) -> int | None:
        if self.plot_shown is None:
            return None
        n_rows, n_columns = self.plot_shown.grid.shape
        return round(y) if 0 <= round(y) < n_rows and 0 <= round(x) < n_columns else None

    def frame_at(self, x: float, y: float) -> int | None:
        columns = self._columns
        if columns is None or columns.frames is None or self.row_at(x, y) is None:
            return None
        return int(columns.frames[round(x)])

    def click(self, x: float, y: float, *, beside: bool) -> None:
        """Choose the row there, and go to the moment there."""
        super().click(x, y, beside=beside)
        if self.tied and (frame := self.frame_at(x, y)) is not None:
            self.asked.emit(frame)

    def on_drawn(self, area: object, beside: bool, done: bool) -> None:
        if self.plot_shown is not None and (done or not beside):
            low, high = area.low, area.high
            rows = range(max(0, round(low)), min(self.plot_shown.n_rows - 1, round(high)) + 1)
            self.choose_rows(frozenset(rows), beside=beside)

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        self.cursor_line.setPen(pg.mkPen(colours.cursor, width=2))
        self.pointed.set_color(colours.text)
        axis = self.bar.getAxis("right")
        axis.setPen(pg.mkPen(colours.text))
        axis.setTextPen(pg.mkPen(colours.text))

    def _lay_out(self) -> None:
        self.invertY(True)
        for item in (self.image, self.bands, self.pointed, self.cursor_line):
            self.addItem(item, ignoreBounds=True)
        self.bands.set_color(HIGHLIGHT)
        self.cursor_line.setZValue(30)
        self.bar.setImageItem(self.image, insert_in=self)
        self.bar.getAxis("right").enableAutoSIPrefix(False)
        self.brush.sigRangeChanged.connect(lambda *_: self._settle.start())

    def _look_closer(self) -> None:
        """Average a large map anew for the part that is seen."""
        plot = self.plot_shown
        if plot is None or plot.grid.size <= _AT_ONCE:
            return
        columns, rows = self.brush.viewRange()
        pixels = max(50, int(self.brush.height())), max(50, int(self.brush.width()))
        spans = (rows[0] + 0.5, rows[1] + 0.5), (columns[0] + 0.5, columns[1] + 0.5)
        self._latest.ask(_averaged, plot, *spans, pixels, self._bridge, self._take)

    def _take(self, plot: Plot, part: Part) -> None:
        if plot is self.plot_shown:
            self._show_part(part)

    def _show_part(self, part: Part) -> None:
        (top, bottom), (left, right) = part.rows, part.columns
        self.image.setImage(part.values, autoLevels=False, levels=self.limits)
        self.image.setRect(QRectF(left - 0.5, top - 0.5, right - left, bottom - top))


def _whole(plot: Plot) -> Part:
    """The whole map: as it is, or of a large one every so many cells, until the means of them are there."""
    grid = plot.grid
    n_rows, n_columns = grid.shape
    rows, columns = max(1, n_rows // 500), max(1, n_columns // 600)
    few = grid if grid.size <= _AT_ONCE else grid[::rows, ::columns]
    return Part(few, (0, n_rows), (0, n_columns))


def _averaged(
    plot: Plot,
    rows: tuple[float, float],
    columns: tuple[float, float],
    pixels: tuple[int, int],
    bridge: MainThread,
    take: Callable[[Plot, Part], Any],
) -> None:
    bridge.call(take, plot, part_of(plot.grid, rows, columns, pixels))


def _limits(plot: Plot) -> tuple[float, float]:
    if plot.kind is PlotKind.RASTER:
        return limits_of(plot.grid, signed=plot.signed)
    values = plot.grid[np.isfinite(plot.grid)]
    if not values.size:
        return 0.0, 1.0
    if plot.signed:
        top = float(np.abs(values).max()) or 1.0
        return -top, top
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (min(low, 0.0), max(high, low + 1.0))


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1].rstrip()}…"


def _colormap(name: str) -> Any:
    colours = np.round(np.asarray(napari_colormap(name)["colors"]) * 255).astype(np.uint8)
    return pg.ColorMap(np.linspace(0, 1, len(colours)), colours)

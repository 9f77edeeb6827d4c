"""Lines with their standard errors, over time with events behind them and the moment that is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_thunder.models.plots.axis import PlotAxis, axis_of
from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plot import Plot
from napari_thunder.widgets.plots.colors import row_colors
from napari_thunder.widgets.plots.picture import Entry, Picture
from napari_thunder.widgets.traces.conditions import Conditions
from napari_thunder.widgets.traces.event_bands import EventBands
from napari_thunder.widgets.traces.mean_line import MeanLine
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.traces.time_cursor import TimeCursor
from napari_thunder.widgets.traces.trace_curve import TraceCurve

MOST_LINES = 64
"""Lines that are drawn; of more, the first."""

_MARKED = 24
"""With more lines than this, marks would not tell them apart."""

_NEAR = 8.0
"""Pixels from a line at which a click means it."""

_ROOM = 0.05


class LinePicture(Picture):
    """The first dimension to the right, a line for each place along the others."""

    def __init__(self) -> None:
        super().__init__()
        self.bands = EventBands()
        self.lines: list[Any] = []
        self._made: dict[type, list[Any]] = {}
        self.cursor_line = TimeCursor(self)
        self._zero = pg.InfiniteLine(0.0, angle=0)
        self._axis: PlotAxis | None = None
        self._conditions = Conditions()
        self._without: frozenset[int] = frozenset()
        self._colors: list[str] = []
        self.addItem(self.bands, ignoreBounds=True)
        self.addItem(self._zero, ignoreBounds=True)
        self._zero.setZValue(-5)
        self.cursor_line.dragged.connect(self._on_cursor)

    def draw_plot(self, plot: Plot) -> None:
        self._axis = axis = axis_of(plot.dataset, plot.dims[0])
        self._without = frozenset()
        self._show_axes(plot, axis)
        self._draw_lines(plot, axis)
        self.cursor_line.remove_from(self)
        if axis.frames is not None:
            self.cursor_line.add_to(self)
        self.show_conditions(self._conditions)

    def entries(self) -> list[Entry]:
        plot = self.plot_shown
        if plot is None:
            return []
        marks = [getattr(line, "mark", -1) for line in self.lines]
        return [
            Entry(row, name, color, mark)
            for row, (name, color, mark) in enumerate(zip(self.names(plot), self._colors, marks, strict=False))
        ]

    def show_without(self, rows: frozenset[int]) -> None:
        self._without = rows
        for row, line in enumerate(self.lines):
            line.setVisible(row not in rows)
        self._fit()

    def show_chosen(self, rows: frozenset[int]) -> None:
        super().show_chosen(rows)
        self._dress()

    def show_marks(self, marks: Marks) -> None:
        super().show_marks(marks)
        self._dress()

    def show_frame(self, frame: int | None) -> None:
        super().show_frame(frame)
        if self._axis is not None and frame is not None and (place := self._axis.place_of(frame)) is not None:
            self.cursor_line.move(place)

    def show_conditions(self, conditions: Conditions) -> None:
        self._conditions = conditions
        in_seconds = self._axis is not None and self._axis.in_seconds
        self.bands.set_conditions(conditions if in_seconds else Conditions())

    def show_all(self) -> None:
        if self._axis is not None:
            self.setXRange(*_wide(self._axis.span), padding=0)
        self._fit()

    def words_at(self, x: float, y: float) -> str:
        plot, axis = self.plot_shown, self._axis
        if plot is None or axis is None:
            return ""
        at, row = axis.nearest(x), self._nearest(x, y)
        if row is None:
            return axis.words(at)
        value = plot.values.reshape(len(plot.values), -1)[at, row]
        return f"{self.names(plot)[row]}: {value:.4g} at {axis.words(at)}"

    def row_at(self, x: float, y: float) -> int | None:
        return self._nearest(x, y)

    def frame_at(self, x: float, y: float) -> int | None:
        return None if self._axis is None else self._axis.frame_at(x)

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        self.bands.set_text_color(colours.text)
        self.cursor_line.set_colours(colours)
        self._zero.setPen(pg.mkPen(colours.quiet))
        if self.plot_shown is not None and self._axis is not None:
            self._draw_lines(self.plot_shown, self._axis)
            self.show_without(self._without)

    def _show_axes(self, plot: Plot, axis: PlotAxis) -> None:
        if axis.names:
            self.across.show_names(axis.names)
        else:
            self.across.show_numbers()
        self.setLabel("bottom", axis.label)
        self.title_values(plot)
        few = plot.n_rows <= MOST_LINES
        self.setTitle(None if few else f"the first {MOST_LINES} of {plot.n_rows} lines", size="8pt")
        low, high = _wide(axis.span)
        self.brush.setLimits(xMin=low, xMax=high)

    def _draw_lines(self, plot: Plot, axis: PlotAxis) -> None:
        values = plot.values.reshape(len(plot.values), -1)[:, :MOST_LINES].astype(np.float64)
        error = None if plot.error is None else plot.error.reshape(len(plot.values), -1)
        self._colors = self.readable(row_colors(plot)[: values.shape[1]])
        self._provide_lines(TraceCurve if error is None else MeanLine)
        for row, (line, color) in enumerate(zip(self.lines, self._colors, strict=True)):
            line.setVisible(True)
            if error is None:
                line.color, line.mark = color, row if len(self._colors) <= _MARKED else -1
                line.set_trace(axis.places, values[:, row])
            else:
                line.show_mean(axis.places, values[:, row], error[:, row], color, row)
        self._dress()

    def _provide_lines(self, kind: type[TraceCurve] | type[MeanLine]) -> None:
        """A line for each colour: those that were made are kept out of sight until needed, as making them takes long.

        They are put straight into the view, as the plot would look through all it has for each of them.
        """
        made = self._made.setdefault(kind, [])
        while len(made) < len(self._colors):
            made.append(TraceCurve("#888888", -1) if kind is TraceCurve else MeanLine())
            self.brush.addItem(made[-1], ignoreBounds=True)
        for line in self.lines:
            line.setVisible(False)
        self.lines = made[: len(self._colors)]

    def _dress(self) -> None:
        """Thicker where it is chosen or pointed at."""
        for row, (line, color) in enumerate(zip(self.lines, self._colors, strict=True)):
            width = 4 if row in self.chosen else 3 if row in self.marks.rows else 1
            if line.zValue() != width:
                line.setZValue(width)
            if isinstance(line, TraceCurve):
                line.set_look(color, width)
            else:
                pen = line.opts["pen"]
                line.setPen(pg.mkPen(color, width=width + 1, style=pen.style()))

    def _fit(self) -> None:
        """As high as the lines that are shown, with their errors."""
        plot = self.plot_shown
        if plot is None:
            return
        values = plot.values.reshape(len(plot.values), -1)
        shown = [row for row in range(len(self.lines)) if row not in self._without]
        spread = 0 if plot.error is None else np.nan_to_num(plot.error.reshape(values.shape)[:, shown])
        ends = np.stack([values[:, shown] - spread, values[:, shown] + spread])
        ends = ends[np.isfinite(ends)]
        if ends.size:
            low, high = float(ends.min()), float(ends.max())
            room = (high - low or abs(high) or 1.0) * _ROOM
            self.setYRange(low - room, high + room, padding=0)

    def _nearest(self, x: float, y: float) -> int | None:
        """The line that passes nearest, if it does so within a few pixels."""
        plot, axis = self.plot_shown, self._axis
        if plot is None or axis is None or not len(self.lines):
            return None
        _, high = self.brush.viewPixelSize()
        values = plot.values.reshape(len(plot.values), -1)[:, : len(self.lines)]
        right = int(np.clip(np.searchsorted(axis.places, x), 1, max(len(axis.places) - 1, 1)))
        left, right = max(right - 1, 0), min(right, len(axis.places) - 1)
        width = axis.places[right] - axis.places[left]
        part = (x - axis.places[left]) / width if width else 0.0
        away = np.abs(values[left] + (values[right] - values[left]) * part - y) / high
        away[[*self._without]] = np.inf
        away = np.where(np.isfinite(away), away, np.inf)
        row = int(np.argmin(away))
        return row if away[row] <= _NEAR else None

    def _on_cursor(self, place: float) -> None:
        frame = None if self._axis is None else self._axis.frame_at(place)
        if frame is not None:
            self.asked.emit(frame)


def _wide(span: tuple[float, float]) -> tuple[float, float]:
    """Room to both sides of a single place."""
    low, high = span
    return (low, high) if high > low else (low - 0.5, low + 0.5)

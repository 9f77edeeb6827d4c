"""Paths of a population through the space of its components, in two or three of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import Qt

from napari_thunder.models.plots.axis import PlotAxis, axis_of
from napari_thunder.models.plots.plot import Plot, axis_names
from napari_thunder.models.plots.trajectory import Camera, paths_of, stretches
from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.plots.colors import condition_colors, ramp
from napari_thunder.widgets.plots.picture import Entry, Picture
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours, contrast

Values = NDArray[np.float64]

_WIDTH = 2
_DEGREES = 0.5
"""That a pixel of a drag turns the space by."""
_NEAR = 10.0
_START, _END = "o", "s"
_GRAY = "#888888"


class TrajectoryPicture(Picture):
    """A line for each condition; a circle where it starts, a square where it ends."""

    along = False

    def __init__(self) -> None:
        super().__init__()
        self.components = (0, 1, 2)
        self.deep = False
        self.by_time = False
        self.camera = Camera()
        self.lines: list[pg.PlotCurveItem] = []
        self.ends = pg.ScatterPlotItem(pxMode=True)
        self.near = pg.ScatterPlotItem(pxMode=True, size=12, brush=None)
        self._frame_lines = [pg.PlotCurveItem() for _ in range(3)]
        self._frame_names = [pg.TextItem(anchor=(0.5, 0.5)) for _ in range(3)]
        self._seen: Values = np.zeros((0, 0, 2))
        self._colors: list[str] = []
        self._without: frozenset[int] = frozenset()
        for item in (*self._frame_lines, *self._frame_names, self.ends, self.near):
            self.addItem(item, ignoreBounds=True)
        self.ends.setZValue(10)
        self.brush.turned.connect(self._turn)

    def tool(self) -> Tool:
        return Tool.TURN if self.deep else Tool.ZOOM

    def configure(self, *, components: tuple[int, int, int], deep: bool, by_time: bool) -> None:
        """Show other components, in three dimensions or two, coloured by condition or by time."""
        self.components, self.deep, self.by_time = components, deep, by_time
        self.brush.use(self.tool(), along=False)
        if self.plot_shown is not None:
            self.draw_plot(self.plot_shown)
            self.show_all()

    def draw_plot(self, plot: Plot) -> None:
        n = paths_of(plot.values).shape[-1]
        if max(self.components[: 3 if self.deep else 2]) >= n:
            self.components = (0, 1, min(2, n - 1))
        self.deep = self.deep and n > 2
        self._colors = self.readable(condition_colors(plot))
        self.brush.setAspectLocked(True)
        self._name_axes(plot)
        self._make_lines(plot)
        self._place()

    def entries(self) -> list[Entry]:
        plot = self.plot_shown
        if plot is None or plot.values.ndim < 3:
            return []
        colors = [self.text] * len(self._colors) if self.by_time else self._colors
        return [Entry(row, name, colors[row]) for row, name in enumerate(self._conditions(plot))]

    def show_without(self, rows: frozenset[int]) -> None:
        self._without = rows
        self._place()

    def show_all(self) -> None:
        seen = self._seen[[row for row in range(len(self._seen)) if row not in self._without]]
        if self.deep:
            seen = np.concatenate([seen.reshape(-1, 2), self._corners()])
        seen = seen.reshape(-1, 2)
        seen = seen[np.isfinite(seen).all(axis=1)]
        if len(seen):
            low, high = seen.min(axis=0), seen.max(axis=0)
            self.brush.setRange(xRange=(low[0], high[0]), yRange=(low[1], high[1]), padding=0.08)

    def words_at(self, x: float, y: float) -> str:
        plot = self.plot_shown
        if plot is None or not self._seen.size:
            return ""
        wide, high = self.brush.viewPixelSize()
        away = np.hypot((self._seen[..., 0] - x) / wide, (self._seen[..., 1] - y) / high)
        away[[*self._without]] = np.inf
        away = np.where(np.isfinite(away), away, np.inf)
        row, at = np.unravel_index(int(np.argmin(away)), away.shape)
        there = away[row, at] <= _NEAR
        self.near.setData(*(self._seen[row, at, None].T if there else ([], [])))
        if not there:
            return ""
        return f"{self._conditions(plot)[row]}: {self._time(plot).words(int(at))}"

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        self.near.setPen(pg.mkPen(colours.text, width=2))
        for line, name in zip(self._frame_lines, self._frame_names, strict=True):
            line.setPen(pg.mkPen(colours.text))
            name.setColor(colours.text)
        if self.plot_shown is not None:
            self.draw_plot(self.plot_shown)

    def time_colors(self, n: int) -> list[str]:
        """Colours from early to late."""
        dark = self.colours is None or contrast(self.colours.background, "#ffffff") > contrast(
            self.colours.background, "#000000"
        )
        return ramp(n, light=dark)

    def _name_axes(self, plot: Plot) -> None:
        names = axis_names(plot, plot.dims[-1])
        said = [names[c] for c in self.components if c < len(names)]
        for side, name in zip(("bottom", "left"), said, strict=False):
            self.setLabel(side, name)
            self.showAxis(side, not self.deep)
        for item, name in zip(self._frame_names, said, strict=False):
            item.setText(name)
        for item in (*self._frame_lines, *self._frame_names):
            item.setVisible(self.deep)

    def _make_lines(self, plot: Plot) -> None:
        for line in self.lines:
            self.removeItem(line)
        paths = paths_of(plot.values)
        colors = self.time_colors(len(stretches(paths.shape[1]))) if self.by_time else self._colors
        self.lines = []
        for color in colors:
            pen = pg.mkPen(color, width=_WIDTH)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            self.lines.append(pg.PlotCurveItem(connect="finite", pen=pen))
            self.addItem(self.lines[-1], ignoreBounds=True)

    def _place(self) -> None:
        """Put everything where it is seen from here."""
        plot = self.plot_shown
        if plot is None:
            return
        paths = paths_of(plot.values)
        if self.deep:
            self._seen = self.camera.see(paths[..., self.components])
            self._place_frame()
        else:
            self._seen = paths[..., self.components[:2]]
        if self.by_time:
            self._place_stretches()
        else:
            for row, line in enumerate(self.lines):
                line.setVisible(row not in self._without)
                line.setData(*self._seen[row].T)
        self._place_ends()

    def _place_stretches(self) -> None:
        shown = [row for row in range(len(self._seen)) if row not in self._without]
        gap = np.full((len(shown), 1, 2), np.nan)
        for line, (first, last) in zip(self.lines, stretches(self._seen.shape[1]), strict=False):
            piece = np.concatenate([self._seen[shown, first : last + 1], gap], axis=1).reshape(-1, 2)
            line.setData(*piece.T, connect="finite")

    def _place_ends(self) -> None:
        spots: list[dict[str, Any]] = []
        early, *_, late = [_GRAY, _GRAY] if not self.by_time else self.time_colors(2)
        for row, path in enumerate(self._seen):
            known = np.flatnonzero(np.isfinite(path).all(axis=1))
            if row in self._without or not known.size:
                continue
            color = self._colors[row]
            for at, symbol, timed in ((known[0], _START, early), (known[-1], _END, late)):
                brush = pg.mkBrush(timed if self.by_time else color)
                spots.append({"pos": path[at], "symbol": symbol, "size": 9, "brush": brush, "pen": pg.mkPen(self.text)})
        self.ends.setData(spots)

    def _place_frame(self) -> None:
        """Three axes from a corner of the space that the paths fill."""
        seen = self._corners()
        for axis, (line, name) in enumerate(zip(self._frame_lines, self._frame_names, strict=True)):
            line.setData(*seen[[0, axis + 1]].T)
            tip = seen[0] + 1.08 * (seen[axis + 1] - seen[0])
            name.setPos(float(tip[0]), float(tip[1]))

    def _corners(self) -> Values:
        """The corner where the axes meet and their other ends, as they are seen, (4, 2)."""
        plot = self.plot_shown
        assert plot is not None
        filled = paths_of(plot.values)[..., self.components].reshape(-1, 3)
        low, high = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
        return self.camera.see(low + np.vstack([np.zeros(3), np.diag(high - low)]))

    def _turn(self, right: float, up: float) -> None:
        self.camera = self.camera.turned(_DEGREES * right, -_DEGREES * up)
        self._place()

    def turn_by(self, right: float, up: float) -> None:
        """Turn the space by so many degrees, as the arrow keys do."""
        if self.deep:
            self.camera = self.camera.turned(right, up)
            self._place()

    def _conditions(self, plot: Plot) -> tuple[str, ...]:
        return (plot.title,) if plot.values.ndim < 3 else self.names(plot)

    def _time(self, plot: Plot) -> PlotAxis:
        return axis_of(plot.dataset, plot.dims[-2])

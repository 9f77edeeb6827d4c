"""Points that each stand for a region, a group of voxels, a cluster …"""

from __future__ import annotations

import numpy as np

from napari_thunder.models.plots.area import Area
from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plot import Plot, axis_names
from napari_thunder.models.plots.selection import HIGHLIGHT
from napari_thunder.widgets.plots.area_picture import AreaPicture
from napari_thunder.widgets.plots.colors import brushes_of, few_colors
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_SIZE = 7.0
_MANY = 2000
"""With more points than this they are drawn smaller."""
_NEAR = 10.0


class PointPicture(AreaPicture):
    """Two of the axes of points against each other; which, `show_axes` says."""

    def __init__(self) -> None:
        super().__init__()
        self.axes_shown = (0, 1)
        self.points = pg.ScatterPlotItem(pxMode=True)
        self.chosen_points = pg.ScatterPlotItem(pxMode=True, size=_SIZE + 3, pen=pg.mkPen("k"), brush=HIGHLIGHT)
        self.marked = pg.ScatterPlotItem(pxMode=True, size=_SIZE + 9, brush=None, symbol="o")
        for item in (self.points, self.chosen_points, self.marked):
            self.addItem(item)

    def show_axes(self, x: int, y: int) -> None:
        """Put these axes of the points to the right and up."""
        self.axes_shown = (x, y)
        if self.plot_shown is not None:
            self.draw_plot(self.plot_shown)
            self.show_all()

    def draw_plot(self, plot: Plot) -> None:
        n_axes = plot.values.shape[1]
        if max(self.axes_shown) >= n_axes:
            self.axes_shown = (0, 1)
        x, y = self._places(plot)
        if not (np.isfinite(x) & np.isfinite(y)).any():
            x = y = np.empty(0)
        many = plot.n_rows > _MANY
        colors = self.readable(few_colors(plot))
        brushes = brushes_of(colors) if len(x) else None
        self.points.setData(x, y, size=_SIZE - 3 if many else _SIZE, brush=brushes, pen=None)
        names = axis_names(plot, plot.dims[1])
        self.across.show_numbers()
        self.up.show_numbers()
        for side, axis in zip(("bottom", "left"), self.axes_shown, strict=True):
            self.setLabel(side, names[axis])
        self._show_rings()

    def show_chosen(self, rows: frozenset[int]) -> None:
        super().show_chosen(rows)
        self._show_rings()

    def show_marks(self, marks: Marks) -> None:
        super().show_marks(marks)
        self._show_rings()

    def show_all(self) -> None:
        if len(self.points.data):
            self.autoRange(items=[self.points])

    def words_at(self, x: float, y: float) -> str:
        row, plot = self.row_at(x, y), self.plot_shown
        return "" if row is None or plot is None else self.names(plot)[row]

    def row_at(self, x: float, y: float) -> int | None:
        plot = self.plot_shown
        if plot is None:
            return None
        wide, high = self.brush.viewPixelSize()
        places = self._places(plot)
        away = np.hypot((places[0] - x) / wide, (places[1] - y) / high)
        away = np.where(np.isfinite(away), away, np.inf)
        row = int(np.argmin(away))
        return row if away[row] <= _NEAR else None

    def on_drawn(self, area: object, beside: bool, done: bool) -> None:
        if self.plot_shown is not None and isinstance(area, Area) and (done or not beside):
            inside = area.holds(*self._places(self.plot_shown))
            self.choose_rows(frozenset(np.flatnonzero(inside).tolist()), beside=beside)

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        self.marked.setPen(pg.mkPen(colours.text, width=2))
        if self.plot_shown is not None:
            self.draw_plot(self.plot_shown)

    def _places(self, plot: Plot) -> tuple[np.ndarray, np.ndarray]:
        x, y = plot.values[:, self.axes_shown].astype(np.float64).T
        return x, y

    def _show_rings(self) -> None:
        plot = self.plot_shown
        if plot is None:
            return
        x, y = self._places(plot)
        for item, rows in ((self.chosen_points, self.chosen), (self.marked, self.marks.rows)):
            at = [row for row in rows if row < len(x)]
            item.setData(x[at], y[at])

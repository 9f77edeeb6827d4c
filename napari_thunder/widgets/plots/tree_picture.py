"""A dendrogram: a click on a merge chooses all leaves below it, a drag those it goes over."""

from __future__ import annotations

import numpy as np

from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plot import Plot
from napari_thunder.models.plots.selection import HIGHLIGHT
from napari_thunder.models.plots.tree import Tree, tree_of
from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.plots.colors import brushes_of, few_colors
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_NEAR = 7.0
_LEAF = 9.0
_ROOM = 0.06


class TreePicture(Picture):
    """Leaves side by side, merges at the height at which they happen."""

    def __init__(self) -> None:
        super().__init__()
        self.branches = pg.PlotCurveItem(connect="finite")
        self.chosen_branches = pg.PlotCurveItem(connect="finite", pen=pg.mkPen(HIGHLIGHT, width=3))
        self.leaves = pg.ScatterPlotItem(pxMode=True, size=_LEAF, symbol="s")
        self.tree: Tree | None = None
        for item in (self.branches, self.chosen_branches, self.leaves):
            self.addItem(item)

    def tool(self) -> Tool:
        return Tool.COLUMNS if self.tied else Tool.ZOOM

    @property
    def order(self) -> tuple[int, ...]:
        return () if self.tree is None else tuple(self.tree.order.tolist())

    def draw_plot(self, plot: Plot) -> None:
        self.tree = tree = tree_of(plot.values)
        self.branches.setData(*_lines(tree, np.arange(len(tree.x))), connect="finite")
        names = plot.rows
        self.across.show_names([names[leaf] for leaf in tree.order])
        self.setLabel("bottom", plot.leaf_dim.replace("_", " "))
        self.setLabel("left", _height(plot))
        self._dress()

    def show_chosen(self, rows: frozenset[int]) -> None:
        super().show_chosen(rows)
        self._dress()

    def show_marks(self, marks: Marks) -> None:
        super().show_marks(marks)
        self._dress()

    def show_all(self) -> None:
        if self.tree is not None and self.plot_shown is not None:
            top = float(self.tree.y.max()) or 1.0
            self.setXRange(-0.6, self.plot_shown.n_rows - 0.4, padding=0)
            self.setYRange(-top * _ROOM, top * (1 + _ROOM), padding=0)

    def words_at(self, x: float, y: float) -> str:
        tree, plot, merge = self.tree, self.plot_shown, self._merge_at(x, y)
        if tree is None or plot is None:
            return ""
        if merge is not None:
            n = int(tree.last[merge] - tree.first[merge]) + 1
            return f"{n} joined at {tree.y[merge, 1]:.3g}"
        at = round(x)
        return plot.rows[tree.order[at]] if 0 <= at < plot.n_rows else ""

    def click(self, x: float, y: float, *, beside: bool) -> None:
        """Choose the leaves below the merge there, or the leaf there."""
        if self.tree is None or not self.tied:
            return
        merge, at = self._merge_at(x, y), round(x)
        if merge is not None:
            rows = self.tree.leaves(int(self.tree.first[merge]), int(self.tree.last[merge]))
        else:
            rows = self.tree.leaves(at, at)
        if rows:
            self.choose_rows(rows, beside=beside)

    def on_drawn(self, area: object, beside: bool, done: bool) -> None:
        if self.tree is not None and (done or not beside):
            left, right = area.left, area.right
            self.choose_rows(self.tree.leaves(int(np.ceil(left)), int(np.floor(right))), beside=beside)

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        self.branches.setPen(pg.mkPen(colours.text))
        self._dress()

    def _merge_at(self, x: float, y: float) -> int | None:
        wide, high = self.brush.viewPixelSize()
        return None if self.tree is None else self.tree.merge_at(x, y, _NEAR * wide, _NEAR * high)

    def _dress(self) -> None:
        tree, plot = self.tree, self.plot_shown
        if tree is None or plot is None:
            return
        colors = self.readable(few_colors(plot))
        rings = self.edges(tree.order.tolist())
        self.leaves.setData(
            np.arange(len(tree.order)),
            np.zeros(len(tree.order)),
            brush=brushes_of([colors[leaf] for leaf in tree.order]),
            pen=rings,
        )
        there = np.isin(tree.order, list(self.chosen))
        before = np.concatenate([[0], np.cumsum(there)])
        whole = before[tree.last + 1] - before[tree.first] == tree.last - tree.first + 1
        self.chosen_branches.setData(*_lines(tree, np.flatnonzero(whole)), connect="finite")


def _height(plot: Plot) -> str:
    """What merges stand at the height of."""
    units = str(plot.attrs.get("units", ""))
    return "distance" if units in ("", "1") else f"distance ({units})"


def _lines(tree: Tree, merges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of merges one after the other, with a gap behind each."""
    gap = np.full((len(merges), 1), np.nan)
    return np.hstack([tree.x[merges], gap]).ravel(), np.hstack([tree.y[merges], gap]).ravel()

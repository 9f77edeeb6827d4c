"""What all kinds of plots have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import Signal

from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plot import Plot, short_rows
from napari_thunder.models.plots.selection import HIGHLIGHT, Rows
from napari_thunder.traces.responses import period_of
from napari_thunder.widgets.plots.axes import PlotAxisItem
from napari_thunder.widgets.plots.brush_view import BrushView, Tool
from napari_thunder.widgets.traces.conditions import Conditions, short_label
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend.

    Parameters
    ----------
    row
        Number of the line or condition that it is of.
    name, color
        As it is written, and `#rrggbb` as it is drawn.
    mark
        Number of its mark; below 0 for none.
    """

    row: int
    name: str
    color: str
    mark: int = -1


class Picture(pg.PlotItem):
    """A plot of one kind.

    Signals: `brushed(selection, beside)` for what was chosen by mouse (None for nothing); `asked(frame)` when another
    moment is wanted; `redrawn()` when the legend may be another.
    """

    brushed = Signal(object, bool)
    asked = Signal(int)
    redrawn = Signal()
    along = True

    def __init__(self) -> None:
        self.brush = BrushView()
        self.across = PlotAxisItem("bottom")
        self.up = PlotAxisItem("left")
        super().__init__(viewBox=self.brush, enableMenu=False, axisItems={"bottom": self.across, "left": self.up})
        self.plot_shown: Plot | None = None
        self.tied = False
        self.chosen: frozenset[int] = frozenset()
        self.marks = Marks()
        self.colours: Colours | None = None
        self.frame: int | None = None
        self.hideButtons()
        self.brush.drawn.connect(self.on_drawn)
        self.brush.set_color(HIGHLIGHT)

    def show_plot(self, plot: Plot, *, tied: bool) -> None:
        """Draw a curve; `tied` says whether its rows belong to voxels."""
        self.plot_shown, self.tied = plot, tied
        self.brush.use(self.tool(), along=self.along)
        self.draw_plot(plot)
        self.show_all()
        self.show_chosen(frozenset())
        self.show_frame(self.frame)

    def tool(self) -> Tool:
        """What dragging with the left button does now."""
        return Tool.ZOOM

    def draw_plot(self, plot: Plot) -> None:
        """Draw a curve."""
        raise NotImplementedError

    @property
    def order(self) -> tuple[int, ...]:
        """The rows as they stand beside each other."""
        return () if self.plot_shown is None else tuple(range(self.plot_shown.n_rows))

    def entries(self) -> list[Entry]:
        """What the legend names; none where the axes say it all."""
        return []

    def show_without(self, rows: frozenset[int]) -> None:
        """Leave these lines of the legend out."""

    def show_chosen(self, rows: frozenset[int]) -> None:
        """Mark the rows that are chosen."""
        self.chosen = rows

    def show_marks(self, marks: Marks) -> None:
        """Mark what is pointed at in the brain."""
        self.marks = marks

    def show_frame(self, frame: int | None) -> None:
        """Mark the moment that is shown."""
        self.frame = frame

    def show_conditions(self, conditions: Conditions) -> None:
        """Shade events, where the plot runs over time."""

    def show_all(self) -> None:
        """Show the whole of it."""
        self.enableAutoRange()

    def words_at(self, x: float, y: float) -> str:
        """What stands at a place."""
        return ""

    def row_at(self, x: float, y: float) -> int | None:
        """The row at a place, or None."""
        return None

    def frame_at(self, x: float, y: float) -> int | None:
        """The frame that a click at a place asks for, or None."""
        return None

    def click(self, x: float, y: float, *, beside: bool) -> None:
        """Choose the row there, or go to the moment there."""
        row = self.row_at(x, y) if self.tied else None
        if row is not None:
            self.choose_rows(frozenset({row}), beside=beside)
        elif (frame := self.frame_at(x, y)) is not None:
            self.asked.emit(frame)

    def choose_rows(self, rows: frozenset[int], *, beside: bool = False) -> None:
        """Ask for these rows to be chosen."""
        if self.plot_shown is not None:
            self.brushed.emit(Rows(self.plot_shown.name, rows), beside)

    def on_drawn(self, area: object, beside: bool, done: bool) -> None:
        """Someone draws an area."""

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.colours = colours
        for axis in (self.across, self.up):
            axis.setPen(pg.mkPen(colours.text))
            axis.setTextPen(pg.mkPen(colours.text))

    def edges(self, rows: Iterable[int]) -> Any:
        """A pen around each row: of those that are chosen or pointed at one that is seen; one for all if none is."""
        if not self.chosen and not self.marks.rows:
            return pg.mkPen(None)
        plain, pointed, chosen = pg.mkPen(None), pg.mkPen(self.text, width=3), pg.mkPen(HIGHLIGHT, width=3)
        return [chosen if row in self.chosen else pointed if row in self.marks.rows else plain for row in rows]

    def readable(self, colors: Sequence[str]) -> list[str]:
        """Colours that can be told from the background."""
        if self.colours is None:
            return list(colors)
        seen = {color: self.colours.readable(color) for color in dict.fromkeys(colors)}
        return [seen[color] for color in colors]

    @property
    def text(self) -> str:
        """The colour of words."""
        return "#888888" if self.colours is None else self.colours.text

    def title_values(self, plot: Plot) -> None:
        """Say at the upright axis what the values are."""
        self.up.show_title(plot.title, plot.label.removeprefix(plot.title))

    def names(self, plot: Plot) -> tuple[str, ...]:
        """Names of the rows, as short as they can be: `90°` for `direction=90`."""
        heads = {label.partition("=")[0] for label in plot.rows}
        if len(heads) == 1 and period_of(column := heads.pop()):
            return tuple(short_label(label, column) for label in plot.rows)
        return short_rows(plot.rows)

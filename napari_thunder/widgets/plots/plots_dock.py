"""The Plots dock: curves of results and values of their maps, and the voxels that are chosen in them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.plots.plot import PlotKind
from napari_thunder.models.plots.plots import PLANE
from napari_thunder.models.plots.selection import Rows
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.bottom_dock import BottomDock
from napari_thunder.widgets.plots.axes_chooser import AxesChooser
from napari_thunder.widgets.plots.chosen_bar import ChosenBar
from napari_thunder.widgets.plots.legend_list import LegendList
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.plots.plane_picture import PlanePicture
from napari_thunder.widgets.plots.plot_canvas import PlotCanvas
from napari_thunder.widgets.plots.plot_exports import PlotExports
from napari_thunder.widgets.plots.shown_plot import ShownPlot
from napari_thunder.widgets.plots.toolbar import Toolbar
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.when_gone import when_gone

if TYPE_CHECKING:
    import napari.viewer

_NOTHING = "There is nothing to plot yet."
_UNKNOWN = "None of these values could be estimated (all are NaN)."


class PlotsDock(BottomDock):
    """One plot of one result, with what can be chosen in it.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    title: ClassVar[str] = "Plots"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self.plots, self.brushing = self.desk.plots, self.desk.brushing
        self.toolbar = Toolbar()
        self.chosen = ChosenBar()
        self.trouble = TroubleLabel()
        self.legend = LegendList()
        averaging = Background("heat-map")
        when_gone(self, partial(averaging.close, 0.2))
        self.canvas = PlotCanvas(averaging, self.bridge)
        self.canvas.made = self._connect_picture  # type: ignore[method-assign]
        self.hint = Hint(self.canvas)
        self.exports = PlotExports(self.plots, self.canvas, self.bridge)
        self.axes = AxesChooser(self.toolbar, self.legend, self.plots, lambda: self.picture)
        self.shown = ShownPlot(self.desk, self.canvas, self.legend, self.axes)
        self._lay_out()
        self._connect_views()
        self._connect_models()
        self.follow_theme()
        self.refresh()

    @property
    def picture(self) -> Picture | None:
        """The plot in sight."""
        return self.canvas.picture

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.canvas.set_colours(colours)
        if self.picture is not None:
            self.legend.show_colors(self.picture.entries())

    def refresh(self) -> None:
        """Show the plot that is chosen, and what else there is."""
        self._show_choices()
        self.shown.show()
        self._show_count()

    def _lay_out(self) -> None:
        bar = self.toolbar.layout()
        bar.insertWidget(bar.indexOf(self.toolbar.copy), self.chosen)
        row = QHBoxLayout()
        row.addWidget(self.legend)
        row.addWidget(self.canvas, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(3)
        layout.addWidget(self.toolbar)
        layout.addWidget(self.trouble)
        layout.addLayout(row, 1)

    def _connect_views(self) -> None:
        bar = self.toolbar
        bar.result_chosen.connect(self.plots.show)
        bar.plot_chosen.connect(self.plots.choose)
        bar.all_asked.connect(self.show_all)
        bar.exported.connect(lambda what: self.exports.ask_where(what, self))
        bar.copied.connect(self.exports.copy)
        self.legend.switched.connect(self._show_without)
        self.legend.chosen.connect(self._choose_row)
        self.canvas.said.connect(bar.say)
        self.canvas.cleared.connect(self.clear)
        self.canvas.row_stepped.connect(self.step_row)
        self.canvas.frame_stepped.connect(self._step_frame)
        self.chosen.cleared.connect(self.clear)
        self.chosen.region_asked.connect(self.make_region)

    def _connect_models(self) -> None:
        desk, shown = self.desk, self.shown
        for signal, slot in (
            (self.plots.changed, self.refresh),
            (self.plots.counted, shown.show_density),
            (self.plots.troubled, self._show_trouble),
            (desk.results.changed, self._show_choices),
            (self.brushing.selected, self._show_chosen),
            (self.brushing.lit, self._show_chosen),
            (desk.pointed.changed, shown.show_marks),
            (desk.pointer.moved, shown.show_frame),
            (desk.datasets.changed, self._show_choices),
            (desk.datasets.changed, shown.show_surroundings),
            (desk.traces.changed, shown.show_surroundings),
            (desk.regions.changed, shown.show_tie),
        ):
            self.bridge.connect(signal, slot, newest=True)

    def _connect_picture(self, picture: Picture) -> None:
        picture.brushed.connect(lambda chosen, beside: self.brushing.select(chosen, beside=beside))
        picture.asked.connect(self.desk.pointer.ask)
        if isinstance(picture, PlanePicture):
            picture.zoomed.connect(lambda x, y: self.plots.zoom(x or None, y or None))

    def _show_choices(self) -> None:
        plots, bar = self.plots, self.toolbar
        bar.show_results([(entry.key, entry.name) for entry in plots.offers], plots.result)
        bar.show_plots(plots.names, PLANE if plots.plane is not None else plots.plot.name if plots.plot else "")
        there = plots.plot is not None or plots.plane is not None
        bar.show_possible("" if there else f"{_NOTHING} {self._next_step()}")
        unknown = plots.plot is not None and plots.plot.is_unknown
        self.hint.say(_UNKNOWN if unknown else "" if there else self._next_step())

    def _show_chosen(self) -> None:
        self.shown.show_chosen()
        self._show_count()

    def _show_count(self) -> None:
        brushing = self.brushing
        self.chosen.show_count(brushing.n_voxels if brushing.mask is not None else None, brushing.why_no_region())
        self.chosen.setVisible(brushing.selection is not None)

    def _show_trouble(self) -> None:
        self.trouble.show_trouble(self.plots.trouble)

    def _next_step(self) -> str:
        if self.desk.datasets.current is None and not len(self.desk.results):
            return "Open a recording under Data, and run an analysis to see its curves here."
        if not len(self.desk.results):
            return "Run an analysis under Analyze to see its curves here."
        return "This result is a single map without curves. Choose another one, or run another analysis."

    # what is asked for

    def show_all(self) -> None:
        """Show the whole plot."""
        if self.picture is not None:
            self.picture.show_all()

    def clear(self) -> None:
        """Choose nothing; if nothing is chosen, show the whole plot."""
        if self.brushing.selection is None:
            self.show_all()
        self.brushing.select(None)

    def make_region(self) -> None:
        """Make an ROI of the chosen voxels."""
        try:
            self.brushing.make_region()
        except ThunderError as error:
            self.plots.tell(Trouble.of(error))

    def step_row(self, by: int, beside: bool = False) -> None:
        """Choose the row after those that are chosen, or before; the first one if none is."""
        plot = self.plots.plot
        if plot is None or not self.brushing.tie:
            return
        order = self.picture.order if self.picture is not None else tuple(range(plot.n_rows))
        places = [order.index(row) for row in self.brushing.rows_chosen(plot)]
        at = (max(places) if by > 0 else min(places)) + by if places else 0 if by > 0 else len(order) - 1
        if 0 <= at < len(order):
            self.brushing.select(Rows(plot.name, frozenset({order[at]})), beside=beside)

    def _choose_row(self, row: int, beside: bool) -> None:
        plot = self.plots.plot
        if plot is not None and plot.kind is PlotKind.LINES and self.brushing.tie:
            self.brushing.select(Rows(plot.name, frozenset({row})), beside=beside)

    def _show_without(self, rows: frozenset[int]) -> None:
        if self.picture is not None:
            self.picture.show_without(rows)

    def _step_frame(self, by: int) -> None:
        current, plot = self.desk.datasets.current, self.plots.plot
        if current is not None and plot is not None and plot.over_frames:
            last = current.recording.shape[0] - 1
            self.desk.pointer.ask(min(max(self.desk.pointer.frame + by, 0), last))

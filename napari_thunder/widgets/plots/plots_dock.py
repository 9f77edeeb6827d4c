"""The Plots dock: curves of results and values of their maps, and the voxels that are chosen in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_thunder.errors import ThunderError
from napari_thunder.models.background import Background
from napari_thunder.models.plots.plane import Density
from napari_thunder.models.plots.plot import Plot, PlotKind
from napari_thunder.models.plots.plots import PLANE
from napari_thunder.models.plots.selection import Areas, Rows
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.bottom_dock import put_beside, show_dock, take_height
from napari_thunder.widgets.plots.axes_chooser import AxesChooser
from napari_thunder.widgets.plots.chosen_bar import ChosenBar
from napari_thunder.widgets.plots.legend_list import LegendList
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.plots.plane_picture import PlanePicture
from napari_thunder.widgets.plots.plot_canvas import PLANE_KIND, PlotCanvas
from napari_thunder.widgets.plots.plot_exports import PlotExports
from napari_thunder.widgets.plots.toolbar import Toolbar
from napari_thunder.widgets.plots.trajectory_picture import TrajectoryPicture
from napari_thunder.widgets.traces.conditions import conditions_of
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.theme import Colours, colours_of
from napari_thunder.widgets.traces.traces_dock import TracesDock
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.workplace import Workplace

if TYPE_CHECKING:
    import napari.viewer

NAME = "Plots"
_HEIGHT = 290
_NOTHING = "There is nothing to plot yet."


def show_plots(workplace: Workplace, *, raised: bool = True) -> PlotsDock:
    """The Plots dock, opened below the canvas if it is not there; beside the traces if they are."""
    plots = workplace.held(PlotsDock)
    if plots is None:
        plots = PlotsDock(workplace.viewer)
        traces = workplace.held(TracesDock)
        workplace.viewer.window.add_dock_widget(plots, name=NAME, area="bottom")
        put_beside(plots.window(), plots, traces)
    if raised:
        show_dock(plots)
    return plots


class PlotsDock(QWidget):
    """One plot of one result, with what can be chosen in it.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workplace = Workplace.of(napari_viewer)
        self._bridge = self.workplace.hold(self)
        self.desk = self.workplace.desk
        self.plots, self.brushing = self.desk.plots, self.desk.brushing
        self.toolbar = Toolbar()
        self.chosen = ChosenBar()
        self.trouble = TroubleLabel()
        self.legend = LegendList()
        averaging = Background("heat-map")
        self.destroyed.connect(_closing(averaging))
        self.canvas = PlotCanvas(averaging, self._bridge)
        self.canvas.made = self._connect_picture  # type: ignore[method-assign]
        self.hint = Hint(self.canvas)
        self.exports = PlotExports(self.plots, self.canvas, self._bridge)
        self.axes = AxesChooser(self.toolbar, self.legend, self.plots, lambda: self.picture)
        self._drawn: Any = None
        self._colours: Colours | None = None
        self._was_shown = False
        self._lay_out()
        self._connect()
        self._follow_theme()
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(1200, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(500, 200)

    @property
    def picture(self) -> Picture | None:
        """The plot in sight."""
        return self.canvas.picture

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and self._colours is not None:
            self._follow_theme()

    def showEvent(self, event: QShowEvent) -> None:
        """The first time, take the height that the plots need: docks at the bottom begin as low as they can."""
        super().showEvent(event)
        if not self._was_shown:
            self._was_shown = True
            take_height(self, _HEIGHT)

    # laying out and connecting

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

    def _connect(self) -> None:
        bar, desk, bridge = self.toolbar, self.desk, self._bridge
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
        for signal, slot in (
            (self.plots.changed, self.refresh),
            (self.plots.counted, self._show_density),
            (self.plots.troubled, self._show_trouble),
            (desk.results.changed, self._show_choices),
            (self.brushing.selected, self._show_chosen),
            (self.brushing.lit, self._show_chosen),
            (desk.pointed.changed, self._show_marks),
            (desk.pointer.moved, self._show_frame),
            (desk.datasets.changed, self._show_choices),
            (desk.datasets.changed, self._show_surroundings),
            (desk.traces.changed, self._show_surroundings),
            (desk.regions.changed, self._show_tie),
        ):
            bridge.connect(signal, slot, newest=True)

    def _connect_picture(self, picture: Picture) -> None:
        picture.brushed.connect(lambda chosen, beside: self.brushing.select(chosen, beside=beside))
        picture.asked.connect(self.desk.pointer.ask)
        if isinstance(picture, PlanePicture):
            picture.zoomed.connect(lambda x, y: self.plots.zoom(x or None, y or None))

    # showing

    def refresh(self) -> None:
        """Show the plot that is chosen; drawn anew only if it is another one."""
        self._show_choices()
        plot, plane, entry = self.plots.plot, self.plots.plane, self.plots.entry
        wanted = (None if plot is None else (plot.name, id(plot.dataset)), plane, self.plots.result)
        if wanted != self._drawn or entry is None:
            self._drawn = wanted
            self._draw(plot)
        self._show_density(self.plots.density)
        self._show_surroundings()
        self._show_chosen()
        self._show_marks()

    def _draw(self, plot: Plot | None) -> None:
        plane, entry = self.plots.plane, self.plots.entry
        if plot is not None:
            picture = self.canvas.show_kind(_kind(plot))
            if isinstance(picture, TrajectoryPicture):
                self.axes.prepare(picture, plot)
            picture.show_plot(plot, tied=bool(self.brushing.tie))
        elif plane is not None and entry is not None:
            picture = self.canvas.show_kind(PLANE_KIND)
            assert isinstance(picture, PlanePicture)
            picture.show_plane(plane, (plane.x.title(entry.dataset), plane.y.title(entry.dataset)))
        else:
            self.canvas.show_nothing()
        self.legend.show_entries([] if self.picture is None else self.picture.entries())
        self.axes.show(self.picture)
        self._show_frame(self.desk.pointer.frame)

    def _show_choices(self) -> None:
        plots, bar = self.plots, self.toolbar
        bar.show_results([(entry.key, entry.name) for entry in plots.offers], plots.result)
        bar.show_plots(plots.names, PLANE if plots.plane is not None else plots.plot.name if plots.plot else "")
        there = plots.plot is not None or plots.plane is not None
        bar.show_possible("" if there else f"{_NOTHING} {self._next_step()}")
        self.hint.say("" if there else self._next_step())

    def _show_density(self, density: Density | None) -> None:
        if isinstance(self.picture, PlanePicture) and density is not None:
            self.picture.show_density(density)
            self._show_chosen()

    def _show_chosen(self) -> None:
        picture, brushing, plot = self.picture, self.brushing, self.plots.plot
        rows = frozenset() if plot is None else brushing.rows_chosen(plot)
        if isinstance(picture, PlanePicture):
            picture.show_chosen_areas(brushing.selection if isinstance(brushing.selection, Areas) else None)
        elif picture is not None and rows != picture.chosen:
            picture.show_chosen(rows)
        self.legend.show_chosen(rows)
        self.chosen.show_count(brushing.n_voxels if brushing.mask is not None else None, brushing.why_no_region())
        self.chosen.setVisible(brushing.selection is not None)

    def _show_marks(self) -> None:
        if self.picture is not None:
            self.picture.show_marks(self.desk.pointed.marks)

    def _show_frame(self, frame: int) -> None:
        if self.picture is not None:
            self.picture.show_frame(frame)

    def _show_surroundings(self) -> None:
        """Events of the recording, where the plot runs over its time."""
        current = self.desk.datasets.current
        events = None if current is None else current.recording.events
        if self.picture is not None:
            self.picture.show_conditions(conditions_of(events, self.desk.traces.settings.group_by))

    def _show_tie(self) -> None:
        """Regions that are named as rows come and go."""
        picture, plot = self.picture, self.plots.plot
        if picture is not None and plot is not None and picture.tied != bool(self.brushing.tie):
            picture.tied = not picture.tied
            picture.brush.use(picture.tool(), along=picture.along)

    def _show_trouble(self) -> None:
        self.trouble.show_trouble(self.plots.trouble)

    def _next_step(self) -> str:
        if self.desk.datasets.current is None and not len(self.desk.results):
            return "Open a recording under Data, and run an analysis to see its curves here."
        if not len(self.desk.results):
            return "Run an analysis under Analyze to see its curves here."
        return "This result is a single map without curves. Choose another one, or run another analysis."

    def _follow_theme(self) -> None:
        colours = colours_of(self.workplace.viewer)
        if colours != self._colours:
            self._colours = colours
            self.canvas.set_colours(colours)
            if self.picture is not None:
                self.legend.show_colors(self.picture.entries())

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


def _kind(plot: Plot) -> str:
    return PlotKind.MATRIX if plot.kind is PlotKind.RASTER else plot.kind


def _closing(background: Background) -> Any:
    """Ends threads when the dock is gone; needs nothing of it."""

    def close(*_: object) -> None:
        background.close(0.2)

    return close

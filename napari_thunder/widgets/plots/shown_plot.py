"""The plot in sight, as the models say: which one, what is chosen and what is pointed at in it."""

from __future__ import annotations

from typing import Any

from napari_thunder.models import Desk
from napari_thunder.models.plots.plane import Density
from napari_thunder.models.plots.plot import Plot, PlotKind
from napari_thunder.models.plots.selection import Areas
from napari_thunder.widgets.plots.axes_chooser import AxesChooser
from napari_thunder.widgets.plots.legend_list import LegendList
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.plots.plane_picture import PlanePicture
from napari_thunder.widgets.plots.plot_canvas import PLANE_KIND, PlotCanvas
from napari_thunder.widgets.plots.trajectory_picture import TrajectoryPicture
from napari_thunder.widgets.traces.conditions import Conditions, conditions_of


class ShownPlot:
    """Draws what the models of a desk show, and only what differs from what is there.

    Parameters
    ----------
    desk
        Whose plots they are.
    canvas, legend, axes
        Where they are drawn, named, and their axes offered.
    """

    def __init__(self, desk: Desk, canvas: PlotCanvas, legend: LegendList, axes: AxesChooser) -> None:
        self._desk = desk
        self._plots, self._brushing = desk.plots, desk.brushing
        self._canvas, self._legend, self._axes = canvas, legend, axes
        self._drawn: Any = None
        self._conditions: tuple[Any, str | None, Conditions] | None = None

    @property
    def picture(self) -> Picture | None:
        """The plot in sight."""
        return self._canvas.picture

    def show(self) -> None:
        """Show the plot that is chosen; drawn anew only if it is another one."""
        plot, plane, entry = self._plots.plot, self._plots.plane, self._plots.entry
        wanted = (None if plot is None else (plot.name, id(plot.dataset)), plane, self._plots.result)
        if wanted != self._drawn or entry is None:
            self._drawn = wanted
            self._draw(plot)
        self.show_density(self._plots.density)
        self.show_surroundings()
        self.show_chosen()
        self.show_marks()

    def show_density(self, density: Density | None) -> None:
        """Show how many voxels lie where on the plane of two maps."""
        if isinstance(self.picture, PlanePicture) and density is not None:
            self.picture.show_density(density)
            self.show_chosen()

    def show_chosen(self) -> None:
        """Mark what is chosen, in the plot and in its legend."""
        picture, brushing, plot = self.picture, self._brushing, self._plots.plot
        rows = frozenset() if plot is None else brushing.rows_chosen(plot)
        if isinstance(picture, PlanePicture):
            picture.show_chosen_areas(brushing.selection if isinstance(brushing.selection, Areas) else None)
        elif picture is not None and rows != picture.chosen:
            picture.show_chosen(rows)
        self._legend.show_chosen(rows)

    def show_marks(self) -> None:
        """Mark what is pointed at in the brain."""
        if self.picture is not None:
            self.picture.show_marks(self._desk.pointed.marks)

    def show_frame(self, frame: int) -> None:
        """Mark the moment that is shown."""
        if self.picture is not None:
            self.picture.show_frame(frame)

    def show_surroundings(self) -> None:
        """Shade the events of the recording, where the plot runs over its time."""
        current = self._desk.datasets.current
        events, by = None if current is None else current.recording.events, self._desk.traces.settings.group_by
        if self._conditions is None or self._conditions[0] is not events or self._conditions[1] != by:
            self._conditions = events, by, conditions_of(events, by)
        if self.picture is not None:
            self.picture.show_conditions(self._conditions[2])

    def show_tie(self) -> None:
        """Let rows be chosen that are named as regions, which come and go."""
        picture, plot = self.picture, self._plots.plot
        if picture is not None and plot is not None and picture.tied != bool(self._brushing.tie):
            picture.tied = not picture.tied
            picture.brush.use(picture.tool(), along=picture.along)

    def _draw(self, plot: Plot | None) -> None:
        plane, entry = self._plots.plane, self._plots.entry
        if plot is not None:
            picture = self._canvas.show_kind(_kind(plot))
            if isinstance(picture, TrajectoryPicture):
                self._axes.prepare(picture, plot)
            picture.show_plot(plot, tied=bool(self._brushing.tie))
        elif plane is not None and entry is not None:
            picture = self._canvas.show_kind(PLANE_KIND)
            assert isinstance(picture, PlanePicture)
            picture.show_plane(plane, (plane.x.title(entry.dataset), plane.y.title(entry.dataset)))
        else:
            self._canvas.show_nothing()
        self._legend.show_entries([] if self.picture is None else self.picture.entries())
        self._axes.show(self.picture)
        self.show_frame(self._desk.pointer.frame)


def _kind(plot: Plot) -> str:
    return PlotKind.MATRIX if plot.kind is PlotKind.RASTER else plot.kind

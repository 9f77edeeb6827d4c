"""What is on the axes of a plot, and by which tool an area of it is drawn, as the toolbar says."""

from __future__ import annotations

from collections.abc import Callable

from napari_thunder.models.plots.plot import Plot, PlotKind, axis_names
from napari_thunder.models.plots.plots import Plots
from napari_thunder.models.plots.trajectory import paths_of
from napari_thunder.widgets.plots.area_picture import AreaPicture
from napari_thunder.widgets.plots.brush_view import Tool
from napari_thunder.widgets.plots.legend_list import LegendList
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.plots.point_picture import PointPicture
from napari_thunder.widgets.plots.toolbar import Toolbar
from napari_thunder.widgets.plots.trajectory_picture import TrajectoryPicture


class AxesChooser:
    """Keeps the choices of a toolbar and the picture in sight in step.

    Parameters
    ----------
    toolbar
        Where they are made.
    legend
        Whose colours follow the picture.
    plots
        What is shown.
    picture
        Gives the picture in sight.
    """

    def __init__(
        self, toolbar: Toolbar, legend: LegendList, plots: Plots, picture: Callable[[], Picture | None]
    ) -> None:
        self._bar, self._legend, self._plots, self._picture = toolbar, legend, plots, picture
        toolbar.axes_chosen.connect(self._put_on_axes)
        toolbar.configured.connect(self._configure)
        toolbar.tool_chosen.connect(self._use)

    def prepare(self, picture: TrajectoryPicture, plot: Plot) -> None:
        """Show three dimensions if they are wanted and there are three."""
        picture.deep = self._bar.deep.isChecked() and not _why_not_deep(plot)

    def show(self, picture: Picture | None) -> None:
        """Offer what can be chosen for a picture."""
        bar, plot, plane, entry = self._bar, self._plots.plot, self._plots.plane, self._plots.entry
        bar.show_trajectory(isinstance(picture, TrajectoryPicture), why_not_deep=_why_not_deep(plot))
        bar.show_tools(picture.tool() if isinstance(picture, AreaPicture) and picture.tied else None)
        if plane is not None and entry is not None:
            maps = self._plots.maps
            names = [choice.title(entry.dataset) for choice in maps]
            bar.show_axes(names, [maps.index(plane.x), maps.index(plane.y)])
        elif plot is not None and isinstance(picture, TrajectoryPicture):
            bar.show_axes(axis_names(plot, plot.dims[-1]), picture.components[: 3 if picture.deep else 2])
        elif plot is not None and isinstance(picture, PointPicture) and plot.values.shape[1] > 2:
            bar.show_axes(axis_names(plot, plot.dims[1]), picture.axes_shown)
        else:
            bar.show_axes((), ())

    def _use(self, tool: Tool) -> None:
        picture = self._picture()
        if isinstance(picture, AreaPicture):
            picture.use_tool(tool)
            self._bar.show_tools(tool)

    def _put_on_axes(self) -> None:
        picture, (x, y, *_) = self._picture(), self._bar.chosen_axes
        if self._plots.plane is not None:
            maps = self._plots.maps
            self._plots.put_on_axes(maps[x], maps[y])
        elif isinstance(picture, TrajectoryPicture):
            self._configure()
        elif isinstance(picture, PointPicture):
            picture.show_axes(x, y)

    def _configure(self) -> None:
        picture, bar = self._picture(), self._bar
        if not isinstance(picture, TrajectoryPicture):
            return
        x, y, z = bar.chosen_axes
        components = (x, y, z if z >= 0 and picture.deep else picture.components[2])
        picture.configure(components=components, deep=bar.deep.isChecked(), by_time=bar.by_time.isChecked())
        picture.show_without(self._legend.off)
        self._legend.show_colors(picture.entries())
        self.show(picture)


def _why_not_deep(plot: Plot | None) -> str:
    if plot is None or plot.kind is not PlotKind.TRAJECTORY or paths_of(plot.values).shape[-1] > 2:
        return ""
    return "There are only two components."

"""The voxels of two maps against each other, as many as there are, as a density."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QRectF, QTimer, Signal

from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.models.plots.area import Area
from napari_thunder.models.plots.marks import Marks
from napari_thunder.models.plots.plane import Density, Plane
from napari_thunder.models.plots.selection import HIGHLIGHT, Areas
from napari_thunder.widgets.plots.area_picture import AreaPicture
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

_SETTLED_MS = 90
_DARKEST = 60
"""Of the 256 colours; those below are too dark for a dark theme."""


class PlanePicture(AreaPicture):
    """Brightness is the logarithm of how many voxels there are; zooming in counts them in finer cells.

    `zoomed(x, y)` is emitted when another part of the plane is seen.
    """

    zoomed = Signal(tuple, tuple)

    def __init__(self) -> None:
        super().__init__()
        self.tied = True
        self.image = pg.ImageItem(axisOrder="row-major")
        self.areas: list[pg.PlotCurveItem] = []
        self.marked = pg.ScatterPlotItem(pxMode=True)
        self._density: Density | None = None
        self._plane: Plane | None = None
        self._zoomed = False
        self._zero = (pg.InfiniteLine(0.0, angle=0), pg.InfiniteLine(0.0, angle=90))
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLED_MS)
        self._settle.timeout.connect(self._look_closer)
        for item in (self.image, *self._zero, self.marked):
            self.addItem(item, ignoreBounds=True)
        self.image.setLookupTable(_faint_to_bright())
        self.brush.sigRangeChanged.connect(self._on_range)

    def show_plane(self, plane: Plane, labels: tuple[str, str]) -> None:
        """Say which maps are against each other; `show_density` follows."""
        if plane != self._plane:
            self._plane, self._density, self._zoomed = plane, None, False
            self.image.clear()
            self.marked.clear()
        self.brush.use(self.tool(), along=False)
        self.setLabel("bottom", labels[0])
        self.setLabel("left", labels[1])

    def show_density(self, density: Density) -> None:
        """Draw how many voxels lie where; all of them are seen until someone zooms, also of maps that still fill in."""
        if density.plane != self._plane:
            return
        self._density = density
        counts = np.log1p(density.counts.astype(np.float32))
        self.image.setImage(counts, autoLevels=False, levels=(0, float(counts.max()) or 1.0))
        (left, right), (low, high) = density.x, density.y
        self.image.setRect(QRectF(left, low, right - left, high - low))
        if not self._zoomed:
            self._show_range(density)

    def show_chosen_areas(self, chosen: Areas | None) -> None:
        """Draw the outlines of the areas that are chosen."""
        for item in self.areas:
            self.removeItem(item)
        there = chosen is not None and chosen.plane == self._plane
        self.areas = [self._outline(area) for area in chosen.areas] if there and chosen is not None else []

    def show_marks(self, marks: Marks) -> None:
        super().show_marks(marks)
        one = len(marks.points) == 1
        pen = pg.mkPen(self.text, width=2) if one else None
        brush = None if one else pg.mkBrush(self.text)
        self.marked.setData(pos=marks.points, size=14 if one else 3, pen=pen, brush=brush, symbol="o")

    def show_all(self) -> None:
        self._density, self._zoomed = None, False
        self.zoomed.emit((), ())

    def words_at(self, x: float, y: float) -> str:
        if self._density is None:
            return ""
        n = self._density.count_at(x, y)
        return f"{x:.3g}, {y:.3g}: {n} voxel{'' if n == 1 else 's'}"

    def on_drawn(self, area: object, beside: bool, done: bool) -> None:
        if self._plane is not None and isinstance(area, Area) and (done or not beside):
            self.brushed.emit(Areas(self._plane, (area,)), beside)

    def click(self, x: float, y: float, *, beside: bool) -> None:
        """A click chooses nothing: an area is drawn."""

    def set_colours(self, colours: Colours) -> None:
        super().set_colours(colours)
        for line in self._zero:
            line.setPen(pg.mkPen(colours.quiet))
        self.show_marks(self.marks)

    def _show_range(self, density: Density) -> None:
        self.brush.blockSignals(True)
        self.brush.setRange(xRange=density.x, yRange=density.y, padding=0)
        self.brush.blockSignals(False)
        for axis in (self.across, self.up):
            axis.linkedViewChanged(self.brush)
        self._settle.stop()

    def _outline(self, area: Area) -> pg.PlotCurveItem:
        corners = np.concatenate([area.outline, area.outline[:1]])
        item = pg.PlotCurveItem(corners[:, 0], corners[:, 1], pen=pg.mkPen(HIGHLIGHT, width=2))
        self.addItem(item, ignoreBounds=True)
        return item

    def _on_range(self, *_: object) -> None:
        if self._density is not None:
            self._settle.start()

    def _look_closer(self) -> None:
        x, y = self.brush.viewRange()
        self._zoomed = True
        self.zoomed.emit(tuple(x), tuple(y))


def _faint_to_bright() -> Any:
    """Cells without voxels are as the background, those with one can be told from it."""
    colours = np.asarray(napari_colormap("viridis")["colors"])[_DARKEST:]
    table = np.round(colours * 255).astype(np.uint8)
    table[0, 3] = 0
    return table

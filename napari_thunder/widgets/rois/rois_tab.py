"""The ROIs tab: regions drawn, painted, made from maps, imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_thunder.widgets.rois.draw_panel import DrawPanel
from napari_thunder.widgets.rois.map_panel import MapPanel
from napari_thunder.widgets.rois.regions_panel import RegionsPanel
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.tab import Tab
from napari_thunder.widgets.when_gone import when_gone

if TYPE_CHECKING:
    import napari.viewer


class RoisTab(Tab):
    """Regions: how they are drawn, which there are, and how to make them from a map."""

    title: ClassVar[str] = "ROIs"
    name: ClassVar[str] = "rois"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self._layers = self.workplace.region_layers
        self.draw = DrawPanel(self._layers, self.workplace.viewer)
        self.regions = RegionsPanel(self.workplace.desk, self._layers, self.main_thread)
        self.from_map = MapPanel(self.workplace, self.main_thread)
        for title, panel in (("Draw", self.draw), ("Regions", self.regions), ("From the map in front", self.from_map)):
            self.column.addWidget(Section(title, panel))
            when_gone(self, panel.let_go)
        self.column.addStretch(1)

    def new_region(self, kind: str) -> None:
        """Take the tool in hand that draws this kind: polygon, rectangle, ellipse, freehand or paint."""
        self._layers.use(kind)

    def import_regions(self, path: str) -> None:
        """Read a file of regions for the current recording; returns at once."""
        self.regions.import_regions(path)

    def export_regions(self, path: str) -> None:
        """Write the chosen regions, or all when none is chosen, in the format of the path's ending; returns at once."""
        self.regions.export_regions(path)

    def undo(self) -> None:
        """Take back the last change of a region."""
        self._layers.undo()

    def redo(self) -> None:
        """Make the change again that was taken back."""
        self._layers.redo()

    def delete_selected(self) -> None:
        """Take the chosen regions off the desk."""
        self.regions.delete()

"""The Results tab: what was computed, and how it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_thunder.widgets.results.results_panel import ResultsPanel
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class ResultsTab(Tab):
    """Results and their looks."""

    title: ClassVar[str] = "Results"
    name: ClassVar[str] = "results"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self._pictures = self.workplace.desk.pictures
        self.panel = ResultsPanel(self.workplace, self.main_thread)
        self.column.addWidget(Section("Results", self.panel))
        self.column.addStretch(1)

    def next_map(self) -> None:
        """Show the next map alone."""
        self._pictures.next_map()

    def previous_map(self) -> None:
        """Show the map before alone."""
        self._pictures.previous_map()

    def toggle_overlay(self) -> None:
        """Hide all maps, or show again those that were shown."""
        self._pictures.toggle_overlay()

    def compare(self) -> None:
        """Put the two results that are chosen side by side, or end that."""
        self.panel.actions_.toggle_comparison()

    def subtract(self) -> None:
        """Make the difference of the two results that are chosen."""
        self.panel.actions_.subtract_chosen()

    def make_regions(self) -> None:
        """Make ROIs of the clusters of the result in front."""
        self.panel.clusters.make_regions()

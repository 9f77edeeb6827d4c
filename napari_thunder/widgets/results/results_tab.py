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
        desk = self.workplace.desk
        self.panel = ResultsPanel(desk.results, desk.pictures, self.main_thread)
        self.column.addWidget(Section("Results", self.panel))
        self.column.addStretch(1)

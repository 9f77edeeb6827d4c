"""The Data tab: recordings and the engine they are read and computed by."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from napari_thunder.widgets.data.engine_panel import EnginePanel
from napari_thunder.widgets.data.recording_panel import RecordingPanel
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class DataTab(Tab):
    """Recordings and the engine."""

    title: ClassVar[str] = "Data"
    name: ClassVar[str] = "data"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        desk, main_thread = self.workplace.desk, self.main_thread
        self.recording = RecordingPanel(desk.datasets, main_thread, self.workplace.history)
        self.engine = EnginePanel(desk.connection, main_thread)
        self.column.addWidget(Section("Recording", self.recording))
        self.column.addWidget(Section("Engine", self.engine))
        self.column.addStretch(1)

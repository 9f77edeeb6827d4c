"""The Data tab: recordings, their events and signals, and the engine they are read and computed by."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from qtpy.QtGui import QDragEnterEvent, QDropEvent

from napari_thunder.io.folders import Use
from napari_thunder.widgets.data.attach_panel import AttachPanel
from napari_thunder.widgets.data.browse_dialog import BrowseDialog, browse
from napari_thunder.widgets.data.dropped import open_dropped
from napari_thunder.widgets.data.engine_panel import EnginePanel
from napari_thunder.widgets.data.recording_panel import RecordingPanel
from napari_thunder.widgets.data.view_panel import ViewPanel
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class DataTab(Tab):
    """Recordings and the engine; what is dropped on it is opened."""

    title: ClassVar[str] = "Data"
    name: ClassVar[str] = "data"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        desk, main_thread, history = self.workplace.desk, self.main_thread, self.workplace.history
        self.recording = RecordingPanel(desk.datasets, main_thread, history, self._browser(Use.RECORDING))
        tables = self._browser(Use.TABLE)
        self.events = AttachPanel("events", desk.attaching, desk.datasets, main_thread, tables)
        self.signals = AttachPanel("signals", desk.attaching, desk.datasets, main_thread, tables)
        self.engine = EnginePanel(desk.connection, main_thread, history)
        self.view = ViewPanel(self.workplace, main_thread)
        self._of_recording = (
            Section("View", self.view),
            Section("Events", self.events),
            Section("Signals", self.signals),
        )
        self.column.addWidget(Section("Recordings", self.recording))
        for section in self._of_recording:
            self.column.addWidget(section)
        self.column.addWidget(Section("Engine", self.engine))
        self.column.addStretch(1)
        self.setAcceptDrops(True)
        main_thread.connect(desk.datasets.changed, self._show, newest=True)
        self._show()

    def open_path(self, path: str) -> None:
        """Open the recording at a path."""
        self.recording.open(path)

    def browse(self) -> None:
        """Let a person find a recording on the engine's disks."""
        self.recording.browse()

    def browse_for(self, what: Use | str, on_chosen: Callable[[str], Any]) -> BrowseDialog:
        """Let a person find something on the engine's disks; see `browse_dialog.browse`."""
        desk, history = self.workplace.desk, self.workplace.history
        start = _folder(history.paths()[:1])
        return browse(self, desk.connection, self.main_thread, what, on_chosen, start, history)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.take(paths)

    def take(self, paths: list[str]) -> None:
        """Open what lies at these paths: recordings and results; tables go to the current recording."""
        open_dropped(self.workplace.desk, paths)

    def _browser(self, what: Use) -> Callable[[Callable[[str], None]], BrowseDialog]:
        return lambda on_chosen: self.browse_for(what, on_chosen)

    def _show(self) -> None:
        for section in self._of_recording:
            section.setVisible(self.workplace.desk.datasets.current is not None)


def _folder(paths: tuple[str, ...]) -> str:
    return paths[0].split("?")[0].rstrip("/").rpartition("/")[0] if paths else ""

"""The Analyze tab: what to compute, and what is being computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut

from napari_thunder.errors import ThunderError
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.analyze.analysis_panel import AnalysisPanel
from napari_thunder.widgets.analyze.run_panel import RunPanel
from napari_thunder.widgets.section import Section
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class AnalyzeTab(Tab):
    """An analysis, its preprocessing, Run."""

    title: ClassVar[str] = "Analyze"
    name: ClassVar[str] = "analyze"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        desk, main_thread = self.workplace.desk, self.main_thread
        self.analysis = AnalysisPanel(desk.datasets, main_thread)
        self.run_panel = RunPanel(desk.jobs, main_thread, desk.why_not_run)
        self.column.addWidget(Section("Analysis", self.analysis, self.run_panel))
        self.column.addStretch(1)
        self.run_panel.asked.connect(self.run)
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.run)
        for signal in (desk.datasets.changed, desk.connection.changed):
            main_thread.connect(signal, self.run_panel.refresh, newest=True)

    def run(self) -> None:
        """Compute what is chosen; what is missing or wrong is said here."""
        try:
            self.workplace.desk.run(self.analysis.name, self.analysis.given(), self.analysis.chain.chain())
        except ThunderError as error:
            self.run_panel.say(Trouble(str(error)))
        else:
            self.run_panel.say(None)

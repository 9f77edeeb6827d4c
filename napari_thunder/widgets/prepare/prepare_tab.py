"""The Prepare tab: write a recording as a store that is fast to look at and to analyse."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from qtpy.QtWidgets import QShortcut

from napari_thunder.widgets.prepare.place_panel import PlacePanel
from napari_thunder.widgets.prepare.plan_panel import PlanPanel
from napari_thunder.widgets.prepare.settings_panel import SettingsPanel
from napari_thunder.widgets.prepare.source_panel import SourcePanel
from napari_thunder.widgets.section import Section, align_labels
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class PrepareTab(Tab):
    """What to prepare, how and where; what that takes; Prepare, and the way into the store."""

    title: ClassVar[str] = "Prepare"
    name: ClassVar[str] = "prepare"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        desk = self.desk = self.workplace.desk
        self.source = SourcePanel(desk, self.main_thread)
        self.settings = SettingsPanel(desk.preparing, self.main_thread)
        self.place = PlacePanel(desk, self.main_thread, self.workplace.history)
        self.plan = PlanPanel(desk, self.main_thread)
        self.plan.asked.connect(self._run)
        self.column.addWidget(Section("What to prepare", self.source))
        self.column.addWidget(Section("How to store it", self.settings))
        self.column.addWidget(Section("Store", self.place, self.plan))
        self.column.addStretch(1)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.prepare)

    def prepare(self) -> None:
        """Prepare the current recording as it is set up."""
        self._run(False)

    def browse(self) -> None:
        """Let a person choose where the store shall be."""
        self.place.browse()

    def _run(self, restart: bool) -> None:
        self.settings.commit()
        self.place.commit()
        self.desk.preparing.run(restart=restart)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        align_labels(self.source, self.settings.form, self.place)  # in the font of the window it is in
        self.desk.preparing.watch(True, id(self))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.desk.preparing.watch(False, id(self))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape that nobody else wanted cancels what runs."""
        if event.key() == Qt.Key.Key_Escape:
            self.desk.preparing.cancel()
        else:
            super().keyPressEvent(event)

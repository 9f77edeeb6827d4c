"""The Registration tab: undo the motion, judge whether that went well, and leave out frames that are beyond help."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent, QKeySequence, QShowEvent
from qtpy.QtWidgets import QShortcut

from napari_thunder.widgets.bottom_dock import bring
from napari_thunder.widgets.registration.entries_panel import EntriesPanel
from napari_thunder.widgets.registration.frames_panel import FramesPanel
from napari_thunder.widgets.registration.motion_dock import MotionDock
from napari_thunder.widgets.registration.reference_panel import ReferencePanel
from napari_thunder.widgets.registration.run_panel import RunPanel
from napari_thunder.widgets.registration.settings_panel import SettingsPanel
from napari_thunder.widgets.registration.views_panel import ViewsPanel
from napari_thunder.widgets.section import Section, align_labels
from napari_thunder.widgets.tab import Tab

if TYPE_CHECKING:
    import napari.viewer


class RegistrationTab(Tab):
    """What to register and how; Try and Register; the verdict; frames; and how the canvas shows it."""

    title: ClassVar[str] = "Registration"
    name: ClassVar[str] = "registration"

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        desk = self.desk = self.workplace.desk
        self.reference = ReferencePanel(desk, self.main_thread)
        self.settings = SettingsPanel(desk.registration, self.main_thread)
        self.run_panel = RunPanel(desk, self.main_thread)
        self.entries = EntriesPanel(self.workplace, self.main_thread)
        self.frames = FramesPanel(desk, self.main_thread)
        self.views = ViewsPanel(self.workplace, self.main_thread)
        self._motion_shown = False
        for title, *content in (
            ("How to register", self.reference, self.settings, self.run_panel),
            ("Registrations", self.entries),
            ("Frames", self.frames),
            ("Look", self.views),
        ):
            self.column.addWidget(Section(title, *content))
        self.column.addStretch(1)
        self._connect()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        align_labels(self.reference, self.settings.form, self.run_panel)

    def try_out(self) -> None:
        """Try what is set up on few frames."""
        self._commit()
        self.run_panel.try_out(self._half_width())

    def register(self) -> None:
        """Register the recording as it is set up."""
        self._commit()
        self.desk.registration.run(self.desk.pointer.frame, self._half_width())

    def show_motion(self) -> MotionDock:
        """Bring the Motion dock into sight."""
        self._motion_shown = True
        return bring(self.workplace, MotionDock)

    def show_first_motion(self) -> None:
        """The Motion dock comes by itself when there is something to see; one that was closed stays closed."""
        if not self._motion_shown:
            self.show_motion()

    def _connect(self) -> None:
        self.entries.motion_asked.connect(lambda: self.show_motion())
        self.run_panel.asked.connect(lambda what: self.try_out() if what == "try" else self.register())
        for keys, call in (
            ("Ctrl+Return", self.register),
            ("Ctrl+Enter", self.register),
            ("Ctrl+Shift+Return", self.try_out),
            ("Ctrl+Shift+Enter", self.try_out),
        ):
            self._shortcut(keys, call)
        self.main_thread.connect(self.desk.registration.runs.filled, lambda _: self.show_first_motion(), newest=True)

    def _commit(self) -> None:
        self.reference.commit()
        self.settings.commit()

    def _half_width(self) -> int:
        dataset = self.desk.datasets.current
        return 0 if dataset is None else self.desk.views.view(dataset.key).half_width

    def _shortcut(self, keys: str, call: Callable[[], None]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(call)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape that nobody else wanted cancels what runs."""
        if event.key() == Qt.Key.Key_Escape:
            self.desk.registration.runs.cancel()
        else:
            super().keyPressEvent(event)

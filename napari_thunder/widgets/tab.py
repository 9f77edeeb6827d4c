"""A part of the Thunder dock that can also stand alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_thunder.widgets.workplace import Workplace

if TYPE_CHECKING:
    import napari.viewer


class Tab(QWidget):
    """A column of sections that scrolls when it is too long.

    Parameters
    ----------
    napari_viewer
        Whose desk it works on; napari gives it under this name.
    """

    title: ClassVar[str]
    name: ClassVar[str]

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workplace = Workplace.of(napari_viewer)
        self.main_thread = self.workplace.hold(self)
        self.scroll = QScrollArea()
        inside = QWidget()
        self.column = QVBoxLayout(inside)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setWidgetResizable(True)
        self.scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.scroll)
        self.setMinimumWidth(340)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.workplace.begin()

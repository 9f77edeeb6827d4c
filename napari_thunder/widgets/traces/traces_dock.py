"""The Traces dock: activity over time, below the brain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_thunder.widgets.workplace import Workplace

if TYPE_CHECKING:
    import napari.viewer


class TracesDock(QWidget):
    """Activity of voxels and regions.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self.workplace = Workplace.of(napari_viewer)
        self.main_thread = self.workplace.hold(self)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel("Draw an ROI, or hold Shift over the brain."))

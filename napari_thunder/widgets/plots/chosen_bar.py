"""How many voxels are chosen in the plot, and what can be done with them."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from napari_thunder.models.plots.selection import HIGHLIGHT
from napari_thunder.widgets.section import say_why

_WIDEST = "8,888,888 voxels"


class ChosenBar(QWidget):
    """Signals: `region_asked()`, `cleared()`; hidden while nothing is chosen."""

    region_asked = Signal()
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.dot = QLabel("●")
        self.dot.setStyleSheet(f"color: {HIGHLIGHT}")
        self.count = QLabel()
        self.count.setAccessibleName("Voxels chosen")
        self.region = QPushButton("Make ROI")
        self.region.setAccessibleName("Make ROI of the chosen voxels")
        self.clear = QPushButton("✕")
        self.clear.setAccessibleName("Choose nothing")
        self.clear.setToolTip("Choose nothing (Escape, or a double click in the plot)")
        self.region.clicked.connect(lambda _: self.region_asked.emit())
        self.clear.clicked.connect(lambda _: self.cleared.emit())
        self.count.setMinimumWidth(self.fontMetrics().horizontalAdvance(_WIDEST))
        self.region.setMinimumWidth(self.region.sizeHint().width())
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.dot, self.count, self.region, self.clear):
            layout.addWidget(widget)
        self.hide()

    def show_count(self, n_voxels: int | None, why_no_region: str) -> None:
        """Say how many voxels are chosen; None while that is not known."""
        self.count.setText("…" if n_voxels is None else f"{n_voxels:,} voxel{'' if n_voxels == 1 else 's'}")
        say_why(self.region, why_no_region, "Make an ROI of these voxels, with its own trace")

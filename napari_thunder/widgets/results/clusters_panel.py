"""Makes ROIs of the clusters of the result in front by one click."""

from __future__ import annotations

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from napari_thunder.models import Desk
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_PIECE = 20
"""Voxels of a piece at least, at first."""


class ClustersPanel(QWidget):
    """A button, and whether clusters are taken whole or in their pieces; hidden for results without clusters.

    Parameters
    ----------
    desk
        Whose result in front it is about.
    main_thread
        Brings its signals here.
    """

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = desk
        self._model = desk.cluster_regions
        self.make = QPushButton("Make ROIs of clusters")
        self.make.setAccessibleName(self.make.text())
        self.make.clicked.connect(lambda *_: self.make_regions())
        self.pieces = QCheckBox("Connected pieces of")
        self.pieces.setAccessibleName("An ROI for each connected piece")
        self.pieces.setToolTip("Voxels of a cluster that do not hang together become ROIs of their own")
        self.pieces.toggled.connect(self._on_pieces)
        self.minimum = QSpinBox()
        self.minimum.setRange(1, 1_000_000)
        self.minimum.setValue(_PIECE)
        self.minimum.setSuffix(" voxels or more")
        self.minimum.setAccessibleName("Least size of a piece")
        needs_focus_to_scroll(self.minimum)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.trouble = TroubleLabel()
        self._lay_out()
        self._on_pieces(False)
        for signal in (self._model.changed, desk.datasets.changed):
            main_thread.connect(signal, lambda *_: self.refresh(), newest=True)

    def refresh(self) -> None:
        """Show what can be made of the result in front."""
        front, model = self._desk.pictures.front, self._model
        self.setVisible(model.choice(front) is not None)
        tip = "An ROI of each cluster that is shown, with its name and colour; Shift+Z takes them away again"
        say_why(self.make, model.why_not(front), tip)
        about_it = model.result == front
        self.said.setText(("Making ROIs…" if model.working else model.said) if about_it else "")
        self.said.setVisible(bool(self.said.text()))
        self.trouble.show_trouble(model.trouble if about_it else None)

    def make_regions(self) -> None:
        """Make ROIs of the clusters of the result in front; returns at once."""
        pieces = self.pieces.isChecked()
        self._model.make(self._desk.pictures.front, pieces=pieces, minimum=self.minimum.value() if pieces else 1)

    def _on_pieces(self, on: bool) -> None:
        say_why(self.minimum, "" if on else "For connected pieces only.", "Smaller pieces are left out")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.pieces)
        row.addWidget(self.minimum, 1)
        for widget in (self.make, self.minimum, self.said):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, widget.sizePolicy().verticalPolicy())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.make)
        layout.addLayout(row)
        layout.addWidget(self.said)
        layout.addWidget(self.trouble)

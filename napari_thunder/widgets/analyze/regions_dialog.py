"""Chooses the regions whose activity an analysis asks for."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_thunder.models.analyze.draft import Draft
from napari_thunder.models.rois.regions import Regions
from napari_thunder.widgets.analyze.chosen_list import ChosenList
from napari_thunder.widgets.section import say_why


class RegionsDialog(QDialog):
    """Regions with ticks; all of them means also those that are drawn later.

    Parameters
    ----------
    draft, regions
        Whose regions are chosen, and from which.
    """

    def __init__(self, draft: Draft, regions: Regions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._regions = draft, regions
        self.setWindowTitle("Regions the analysis asks for")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = ChosenList("Regions")
        drawn = [(region.key, region.name, region.color) for region in regions]
        self.list.offer(drawn, [key for key, *_ in drawn] if draft.asked is None else draft.asked)
        self.list.ticked.connect(self._check)
        kind = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kind.Ok | kind.Cancel)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        self.all_button, self.none_button = QPushButton("All"), QPushButton("None")
        self.all_button.clicked.connect(lambda: self.list.tick_all(True))
        self.none_button.clicked.connect(lambda: self.list.tick_all(False))
        row = QHBoxLayout()
        row.addWidget(self.all_button)
        row.addWidget(self.none_button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel("With all ticked, regions drawn later count too."))
        layout.addWidget(self.list)
        layout.addLayout(row)
        layout.addWidget(self.buttons)
        self.resize(340, 380)

    def _check(self) -> None:
        button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        say_why(button, "" if self.list.chosen() else "Tick one region or more.", "Take these regions")

    def _take(self) -> None:
        chosen = tuple(int(str(key)) for key in self.list.chosen())
        self._draft.ask_for(None if len(chosen) == len(self._regions) else chosen)
        self.accept()

"""Chooses maps of a result to be the input of an analysis."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from napari_thunder.chaining import maps_of
from napari_thunder.models.analyze.draft import Draft, MapsInput
from napari_thunder.models.results.results import Results
from napari_thunder.widgets.analyze.chosen_list import ChosenList
from napari_thunder.widgets.section import say_why

_WHAT = (
    "Each map, and each row of a map of several, becomes a feature of every voxel, in place of its activity over time: "
    "for clusters or factors of fitted parameters. Directions count by their cosine and sine. For k-means of few "
    "features choose the distance “euclidean”."
)


class MapsDialog(QDialog):
    """A result, its maps with ticks, and whether they are brought to one scale.

    Parameters
    ----------
    draft
        Whose input is chosen.
    results
        Of the desk.
    """

    def __init__(self, draft: Draft, results: Results, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft, self._results = draft, results
        self.setWindowTitle("Maps of a result as input")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.result = QComboBox()
        self.result.setAccessibleName("Result")
        self.maps = ChosenList("Maps")
        self.standardize = QCheckBox("Bring each feature to mean 0 and sd 1")
        self.standardize.setToolTip("So that maps of different units count alike")
        self.standardize.setChecked(draft.maps is None or draft.maps.standardize)
        kind = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(kind.Ok | kind.Cancel)
        self.buttons.accepted.connect(self._take)
        self.buttons.rejected.connect(self.reject)
        for entry in results:
            if entry.finished and not entry.preview and maps_of(entry.dataset):
                self.result.addItem(entry.name, entry.key)
        if draft.maps is not None:
            self.result.setCurrentIndex(max(0, self.result.findData(draft.maps.result)))
        self.result.currentIndexChanged.connect(lambda _: self._offer())
        self.maps.ticked.connect(self._check)
        self._lay_out()
        self._offer()
        self.resize(460, 360)

    def _offer(self) -> None:
        entry = self._results.get(self.result.currentData() or 0)
        names = () if entry is None else maps_of(entry.dataset)
        said = {} if entry is None else {n: str(entry.dataset[n].attrs.get("long_name", n)) for n in names}
        maps = self._draft.maps
        chosen = maps.names if maps is not None and entry is not None and maps.result == entry.key else ()
        self.maps.offer([(name, said[name], "") for name in names], chosen)
        self._check()

    def _check(self) -> None:
        button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        say_why(button, "" if self.maps.chosen() else "Tick one map or more.", "Take these maps for the input")

    def _take(self) -> None:
        names = tuple(map(str, self.maps.chosen()))
        self._draft.choose_maps(MapsInput(self.result.currentData(), names, self.standardize.isChecked()))
        self.accept()

    def _lay_out(self) -> None:
        said = QLabel(_WHAT)
        said.setWordWrap(True)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Result", self.result)
        form.addRow("Maps", self.maps)
        layout = QVBoxLayout(self)
        layout.addWidget(said)
        layout.addLayout(form)
        layout.addWidget(self.standardize)
        layout.addWidget(self.buttons)

"""On which recording, and where in the brain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QComboBox, QFormLayout, QPushButton, QWidget

from napari_thunder.models.analyze.asking import asks_for_regions
from napari_thunder.models.desk import Desk
from napari_thunder.widgets.analyze.maps_dialog import MapsDialog
from napari_thunder.widgets.analyze.regions_dialog import RegionsDialog
from napari_thunder.widgets.file_dialog import ask_for_file
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_WHOLE, _FILE, _BROWSE = "whole", "file", "browse"
_MAPS, _CHOOSE_MAPS = "maps", "choose maps"
_KINDS = ("Regions and labels (*.geojson *.json *.roi *.zip *.tif *.tiff)", "All files (*)")


class TargetPanel(QWidget):
    """Chooses the recording, or maps of a result, that the draft is computed on, where, and the regions it asks for.

    Emits `data_wanted` if there is no recording, `rois_wanted` if there are no regions.

    Parameters
    ----------
    desk
        Whose draft it shows and changes.
    """

    data_wanted = Signal()
    rois_wanted = Signal()

    def __init__(self, desk: Desk, main_thread: MainThread) -> None:
        super().__init__()
        self._desk = desk
        self._draft, self._datasets, self._regions = desk.draft, desk.datasets, desk.regions
        self._offered: tuple[object, ...] = ()
        self.recording = QComboBox()
        self.recording.setAccessibleName("Recording to compute on")
        self.recording.setToolTip(
            "What Preview and Run compute on: the recording, which is the current one in all tabs, or maps of a result"
        )
        self.recording.activated.connect(self._choose_recording)
        self.place = QComboBox()
        self.place.setAccessibleName("Where in the brain")
        self.place.setToolTip("Compute everywhere, in one ROI only, or inside the regions or labels of a file")
        self.place.activated.connect(self._choose_place)
        self.asked = QPushButton()
        self.asked.setAccessibleName("Regions the analysis asks for")
        self.asked.clicked.connect(self._choose_regions)
        layout = self._form = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow("Input", self.recording)
        layout.addRow("In", self.place)
        layout.addRow("Regions", self.asked)
        for combo in (self.recording, self.place):
            combo.setMinimumContentsLength(12)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            needs_focus_to_scroll(combo)
        changes = (desk.draft.changed, desk.datasets.changed, desk.regions.changed, desk.results.changed)
        for signal in (*changes, desk.own_models.changed):
            main_thread.connect(signal, self._show, newest=True)
        self._show()

    def _show(self) -> None:
        recordings = tuple((dataset.key, dataset.name) for dataset in self._datasets)
        regions = tuple((region.key, region.name, region.color) for region in self._regions)
        offered = (
            recordings, regions, self._draft.mask_file, self._draft.region, self._everywhere(), self._of_maps(),
            self._has_maps(),
        )  # fmt: skip
        if offered != self._offered:
            self._offered = offered
            self._offer_recordings(recordings)
            self._offer_places(regions)
        self._mark_recording()
        self._mark_place()
        self._show_asked()

    def _mark_recording(self) -> None:
        current = self._datasets.current
        if self._draft.maps is not None:
            self.recording.setCurrentIndex(self.recording.findData(_MAPS))
        elif current is not None:
            self.recording.setCurrentIndex(self.recording.findData(current.key))

    def _offer_recordings(self, recordings: tuple[tuple[int, str], ...]) -> None:
        self.recording.clear()
        for key, name in recordings:
            self.recording.addItem(name, key)
        if not recordings:
            self.recording.addItem("no recording is open: go to Data", None)
        if said := self._of_maps():
            self.recording.addItem(said, _MAPS)
        self.recording.insertSeparator(self.recording.count())
        self.recording.addItem("maps of a result…", _CHOOSE_MAPS)
        if not self._has_maps():
            item: Any = self.recording.model()
            last = item.item(self.recording.count() - 1)
            last.setEnabled(False)
            last.setToolTip("There is no result yet. Run an analysis first; then its maps can be clustered, say.")

    def _has_maps(self) -> bool:
        return any(entry.finished and not entry.preview for entry in self._desk.results)

    def _of_maps(self) -> str:
        """`maps of fish · Regression: beta, t`."""
        maps = self._draft.maps
        if maps is None:
            return ""
        entry = self._desk.results.get(maps.result)
        return f"maps of {entry.name}: {', '.join(maps.names)}" if entry else "⚠ maps of a result that is gone"

    def _show_asked(self) -> None:
        chosen = self._desk.chosen
        shown = chosen is not None and asks_for_regions(chosen)
        for widget in (self.asked, self._form.labelForField(self.asked)):
            widget.setVisible(shown)
        drawn, asked = len(self._regions), self._draft.asked
        there = 0 if asked is None else sum(self._regions.get(key) is not None for key in asked)
        if not drawn:
            self.asked.setText("none drawn yet: go to ROIs")
            self.asked.setToolTip("This analysis asks for regions. Draw some, or open a file of them, under ROIs.")
            return
        self.asked.setText(f"all {drawn} drawn (choose…)" if asked is None else f"{there} of {drawn} drawn (choose…)")
        self.asked.setToolTip("The regions whose activity this analysis asks for; click to choose some of them")

    def _choose_regions(self) -> None:
        if len(self._regions):
            RegionsDialog(self._draft, self._regions, self).open()
        else:
            self.rois_wanted.emit()

    def _offer_places(self, regions: tuple[tuple[int, str, str], ...]) -> None:
        self.place.clear()
        self.place.addItem(self._everywhere(), _WHOLE)
        for key, name, color in regions:
            swatch = QPixmap(12, 12)
            swatch.fill(QColor(color))
            self.place.addItem(QIcon(swatch), name, key)
        if self._draft.region is not None and self._draft.region not in {key for key, *_ in regions}:
            self.place.addItem("⚠ an ROI that is gone", self._draft.region)
        if self._draft.mask_file:
            self.place.addItem(Path(self._draft.mask_file).name, _FILE)
        self.place.addItem("mask file…", _BROWSE)

    def _everywhere(self) -> str:
        """What is computed where no place is chosen."""
        current = self._datasets.current
        mask = None if current is None else current.recording.mask
        return "whole brain" if mask is None else f"mask of the recording: {mask.name}"

    def _mark_place(self) -> None:
        draft = self._draft
        chosen = draft.region if draft.region is not None else _FILE if draft.mask_file else _WHOLE
        self.place.setCurrentIndex(max(0, self.place.findData(chosen)))

    def _choose_recording(self, at: int) -> None:
        key = self.recording.itemData(at)
        if key == _CHOOSE_MAPS:
            MapsDialog(self._draft, self._desk.results, self).open()
            self._mark_recording()
        elif key is None:
            self.data_wanted.emit()
        elif key != _MAPS:
            self._draft.choose_maps(None)
            self._datasets.make_current(key)

    def _choose_place(self, at: int) -> None:
        chosen = self.place.itemData(at)
        if chosen == _WHOLE:
            self._draft.restrict(None)
        elif chosen == _BROWSE:
            self._browse()
        elif chosen != _FILE:
            self._draft.restrict(chosen)

    def _browse(self) -> None:
        ask_for_file(self, "Regions or labels to compute in", _KINDS, self._draft.restrict_to_file)
        self._mark_place()

"""On which recording, and where in the brain."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_thunder.models.analyze.draft import Draft
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.models.rois.regions import Regions
from napari_thunder.widgets.file_dialog import ask_for_file
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_WHOLE, _FILE, _BROWSE = "whole", "file", "browse"
_KINDS = ("Regions and labels (*.geojson *.json *.roi *.zip *.tif *.tiff)", "All files (*)")


class TargetPanel(QWidget):
    """Chooses the recording and the region that the draft is computed on; emits `data_wanted` if there is none.

    Parameters
    ----------
    draft, datasets, regions
        What it shows and changes.
    """

    data_wanted = Signal()

    def __init__(self, draft: Draft, datasets: Datasets, regions: Regions, main_thread: MainThread) -> None:
        super().__init__()
        self._draft, self._datasets, self._regions = draft, datasets, regions
        self._offered: tuple[object, ...] = ()
        self.recording = QComboBox()
        self.recording.setAccessibleName("Recording to compute on")
        self.recording.setToolTip("The recording that Preview and Run compute on; it is the current one in all tabs")
        self.recording.activated.connect(self._choose_recording)
        self.place = QComboBox()
        self.place.setAccessibleName("Where in the brain")
        self.place.setToolTip("Compute everywhere, in one ROI only, or inside the regions or labels of a file")
        self.place.activated.connect(self._choose_place)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow("On", self.recording)
        layout.addRow("In", self.place)
        for combo in (self.recording, self.place):
            combo.setMinimumContentsLength(12)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            needs_focus_to_scroll(combo)
        for signal in (draft.changed, datasets.changed, regions.changed):
            main_thread.connect(signal, self._show, newest=True)
        self._show()

    def _show(self) -> None:
        recordings = tuple((dataset.key, dataset.name) for dataset in self._datasets)
        regions = tuple((region.key, region.name, region.color) for region in self._regions)
        offered = (recordings, regions, self._draft.mask_file, self._draft.region, self._everywhere())
        if offered != self._offered:
            self._offered = offered
            self._offer_recordings(recordings)
            self._offer_places(regions)
        current = self._datasets.current
        if current is not None:
            self.recording.setCurrentIndex(self.recording.findData(current.key))
        self._mark_place()

    def _offer_recordings(self, recordings: tuple[tuple[int, str], ...]) -> None:
        self.recording.clear()
        for key, name in recordings:
            self.recording.addItem(name, key)
        if not recordings:
            self.recording.addItem("no recording is open: go to Data", None)

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
        if key is None:
            self.data_wanted.emit()
        else:
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

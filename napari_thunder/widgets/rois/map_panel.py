"""Regions made from the map that is shown: what hangs together above a threshold."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from napari_thunder.models import Desk
from napari_thunder.models.background import Background
from napari_thunder.models.pointer import Place
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import COLORS, region_above, regions_above
from napari_thunder.widgets.canvas.region_pick import VoxelPick
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.rois.map_source import MapSource, map_in_front
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll
from napari_thunder.widgets.workplace import Workplace

Voxel = tuple[int, int, int]

_PICK = "Pick a voxel…"
_PICKING = "Click on the map…"
_MOST_BLOBS = 200


class MapPanel(QWidget):
    """A threshold, and two ways to make regions of what lies above it.

    Parameters
    ----------
    workplace
        Whose map in front is cut out.
    """

    def __init__(self, workplace: Workplace, main_thread: MainThread) -> None:
        super().__init__()
        self._desk: Desk = workplace.desk
        self._map_layers = workplace.map_layers
        self._main_thread = main_thread
        self._background = Background("regions-of-map")
        self._asked: tuple[int | None, float] | None = None
        self._source: MapSource | str = ""
        self._pinned: Voxel | None = None
        self._working = False
        self._pick = VoxelPick(workplace.viewer, self._layer, self._take)
        self.name = QLabel()
        self.threshold = QDoubleSpinBox()
        self.minimum = QSpinBox()
        self.pick = QPushButton(_PICK)
        self.pin = QPushButton("From the last pin")
        self.blobs = QPushButton("All blobs")
        self.trouble = TroubleLabel()
        self._set_up()
        self._lay_out()
        self._connect()
        self.show_map()

    def let_go(self) -> None:
        """Undo the connections; the panel is about to go."""
        self._pick.end()
        self._background.close(0.0)

    def show_map(self) -> None:
        """Show which map it is, with its threshold; a threshold typed here stays until the map's own changes."""
        self._source = source = map_in_front(self._desk)
        why_not = source if isinstance(source, str) else ("Wait for the last one." if self._working else "")
        self.name.setText(source if isinstance(source, str) else source.title)
        if isinstance(source, MapSource):
            self._show_threshold(source)
        elif self._pick.waiting:
            self._stop_picking()
        say_why(
            self.pick, why_not, "Then click on the map: all voxels above the threshold connected to there (Esc: no)"
        )
        no_pin = "" if self._pinned else "Shift+click a voxel first."
        say_why(self.pin, why_not or no_pin, "All voxels above the threshold connected to the voxel pinned last")
        say_why(self.blobs, why_not, "A region for each set of connected voxels above the threshold")
        for widget in (self.threshold, self.minimum):
            widget.setEnabled(isinstance(source, MapSource))

    def cut_out(self, voxel: Voxel) -> None:
        """Make a region of all voxels above the threshold that are connected to this one; returns at once."""
        self._start(partial(self._region_at, voxel))

    def cut_out_all(self) -> None:
        """Make a region of each set of connected voxels above the threshold; returns at once."""
        self._start(self._all_regions)

    def keyPressEvent(self, event: Any) -> None:
        if event.key() == Qt.Key.Key_Escape and self._pick.waiting:
            self._stop_picking()
        else:
            super().keyPressEvent(event)

    def _show_threshold(self, source: MapSource) -> None:
        asked = self._desk.pictures.front, source.threshold
        if asked == self._asked:
            return
        self._asked = asked
        large = abs(source.threshold) >= 100
        self.threshold.setDecimals(1 if large else 3)
        self.threshold.setSingleStep(max(abs(source.threshold) / 20, 0.001))
        self.threshold.setValue(source.threshold)
        self.threshold.setPrefix("± " if source.sign == "both" else "> ")

    def _set_up(self) -> None:
        self.name.setWordWrap(True)
        self.threshold.setRange(-1e9, 1e9)
        self.threshold.setAccessibleName("Threshold of the map")
        self.threshold.setToolTip("Voxels of the map beyond this value are taken; at first what the map is drawn from")
        self.minimum.setRange(1, 1_000_000)
        self.minimum.setValue(20)
        self.minimum.setSuffix(" voxels or more")
        self.minimum.setAccessibleName("Least size of a blob")
        self.minimum.setToolTip("Smaller sets of connected voxels are left out")
        self.pick.setCheckable(True)
        for widget in (self.threshold, self.minimum):
            needs_focus_to_scroll(widget)

    def _lay_out(self) -> None:
        label = QLabel("Threshold")
        label.setBuddy(self.threshold)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.threshold, 1)
        grid = QGridLayout()
        grid.setSpacing(4)
        for at, widget in enumerate((self.pick, self.pin, self.blobs, self.minimum)):
            grid.addWidget(widget, at // 2, at % 2)
            grid.setColumnStretch(at % 2, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.name)
        layout.addLayout(row)
        layout.addLayout(grid)
        layout.addWidget(self.trouble)

    def _connect(self) -> None:
        self.pick.clicked.connect(lambda on: self._begin_picking() if on else self._stop_picking())
        self.pin.clicked.connect(lambda: self.cut_out(self._pinned) if self._pinned else None)
        self.blobs.clicked.connect(lambda: self.cut_out_all())
        pictures, pointer = self._desk.pictures, self._desk.pointer
        for signal in (pictures.painted, pictures.fronted, pictures.changed, self._desk.results.changed):
            self._main_thread.connect(signal, lambda *_: self.show_map(), newest=True)
        self._main_thread.connect(pointer.pinned, self._on_pin, newest=True)

    def _layer(self) -> Any:
        front = self._desk.pictures.front
        return None if front is None else self._map_layers.layer(front)

    def _begin_picking(self) -> None:
        self._pick.begin()
        self.pick.setText(_PICKING)
        self.trouble.show_trouble(None)

    def _stop_picking(self) -> None:
        self._pick.end()
        self.pick.setChecked(False)
        self.pick.setText(_PICK)

    def _take(self, voxel: Voxel | None) -> None:
        self._stop_picking()
        if voxel is None:
            self._tell(Trouble("There is no voxel of the map under the mouse. Click on a coloured voxel."))
        else:
            self.cut_out(voxel)

    def _on_pin(self, place: Place) -> None:
        self._pinned = place.voxel
        if self._pick.waiting:
            self._take(place.voxel)
        self.show_map()

    def _start(self, work: Any) -> None:
        source = map_in_front(self._desk)
        if isinstance(source, MapSource) and not self._working:
            self._working = True
            self.trouble.show_trouble(None)
            self.show_map()
            self._background.start(self._run, work, source, self.threshold.value())

    def _run(self, work: Any, source: MapSource, threshold: float) -> None:
        trouble = None
        try:
            work(source, threshold)
        except Exception as error:
            trouble = Trouble.of(error)
        self._main_thread.call(self._done, trouble)

    def _done(self, trouble: Trouble | None) -> None:
        self._working = False
        self._tell(trouble)
        self.show_map()

    def _tell(self, trouble: Trouble | None) -> None:
        self.trouble.show_trouble(trouble)

    def _region_at(self, voxel: Voxel, source: MapSource, threshold: float) -> None:
        """Beside the window."""
        regions = self._desk.regions
        name, color = regions.free_name(), regions.free_color()
        made = region_above(_finite(source), threshold, name, color, seed=voxel, sign=source.sign)
        regions.select(regions.add(made).key)

    def _all_regions(self, source: MapSource, threshold: float) -> None:
        """Beside the window."""
        regions, least = self._desk.regions, self.minimum.value()
        found = regions_above(_finite(source), threshold, "Blob", sign=source.sign, minimum=least, limit=_MOST_BLOBS)
        taken = {region.name for region in regions}
        names = (name for n in count(1) if (name := f"Blob {n}") not in taken)
        first = COLORS.index(regions.free_color())
        made = regions.add_all(
            replace(blob, name=next(names), color=COLORS[(first + i) % len(COLORS)]) for i, blob in enumerate(found)
        )
        regions.select(made[0].key)


def _finite(source: MapSource) -> Any:
    """What cannot be estimated is nowhere above a threshold."""
    return np.where(np.isfinite(source.values), source.values, np.nan)

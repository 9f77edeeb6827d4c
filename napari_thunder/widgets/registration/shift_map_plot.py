"""A heat map of shifts over time, a row for each plane or block; a click goes to the frame and the plane."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QRectF, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.models.registration.shift_map import Along, ShiftMap
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll

_ALONG = {
    Along.DISTANCE: ("Distance", "How far each plane or block lies from the template, whatever the direction"),
    Along.Z: ("Along z", "Towards higher planes (positive) or lower ones"),
    Along.Y: ("Along y", "Down (positive) or up in the plane"),
    Along.X: ("Along x", "To the right (positive) or to the left"),
}
_HEIGHT = 170


class ShiftMapPlot(QWidget):
    """Shows a `ShiftMap`.

    Signals: `asked()` when another part of the shifts is wanted (`along`, `relative`), `clicked(frame, center)` with
    the centre (z, y, x) of the block, `dragged_to(frame)` when the line of the moment is moved.
    """

    asked = Signal()
    clicked = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._map: ShiftMap | None = None
        self.along_box = self._make_along()
        self.relative_box = QCheckBox("Relative to the frame")
        self.relative_box.setToolTip("Subtract the mean over the blocks of each frame: what moved unlike the rest")
        self.relative_box.toggled.connect(lambda *_: self.asked.emit())
        self.graphics = pg.GraphicsLayoutWidget()
        self.graphics.setAccessibleName("Shifts of planes or blocks over time")
        self.graphics.setMinimumHeight(_HEIGHT)
        self.graphics.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.plot = self.graphics.addPlot(enableMenu=False)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.cursor = pg.InfiniteLine(0, angle=90, movable=False)
        self.hint = Hint(self.graphics)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self._build()

    @property
    def along(self) -> Along:
        """The part of the shifts that is wanted."""
        return Along(self.along_box.currentData())

    @property
    def relative(self) -> bool:
        """Whether the mean of each frame is to be subtracted."""
        return self.relative_box.isChecked() and self.relative_box.isEnabled()

    def show_map(self, found: ShiftMap | None, hint: str = "") -> None:
        """Draw a heat map, or say the next step."""
        self._map = found
        self.hint.say("" if found is not None else hint)
        for item in (self.image, self.cursor):
            item.setVisible(found is not None)
        for axis in ("left", "bottom"):
            self.plot.showAxis(axis, found is not None)
        self.said.setText("")
        if found is None:
            return
        rows = len(found.values)
        self.image.setImage(found.values, autoLevels=False, levels=_levels(found))
        self.image.setLookupTable(_table("vik" if found.signed else "inferno"))
        self.image.setRect(QRectF(0, 0, found.values.shape[1] * found.frames_per_column, rows))
        self.plot.setLabel("left", {"rigid": "volume", "planes": "plane"}.get(found.kind, "block"))
        self.plot.getAxis("left").setStyle(showValues=rows > 1)
        self.plot.setXRange(0, found.n_frames, padding=0)
        self.plot.setYRange(0, rows, padding=0)
        self.said.setText(_scale_of(found))

    def move_cursor(self, frame: int) -> None:
        """Show which frame is on the canvas."""
        self.cursor.setValue(frame + 0.5)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.graphics.setBackground(colours.background)
        for name in ("left", "bottom"):
            self.plot.getAxis(name).setPen(pg.mkPen(colours.text))
            self.plot.getAxis(name).setTextPen(pg.mkPen(colours.text))
        self.cursor.setPen(pg.mkPen(colours.cursor, width=2))

    def _make_along(self) -> QComboBox:
        box = QComboBox()
        for along, (title, tip) in _ALONG.items():
            box.addItem(title, str(along))
            box.setItemData(box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        box.setAccessibleName("Part of the shifts")
        box.setToolTip("Which part of the shifts the heat map shows")
        box.activated.connect(lambda *_: self.asked.emit())
        needs_focus_to_scroll(box)
        return box

    def _build(self) -> None:
        self.plot.addItem(self.image)
        self.plot.addItem(self.cursor, ignoreBounds=True)
        self.plot.hideButtons()
        self.plot.setLabel("bottom", "frame")
        self.plot.getViewBox().invertY(True)
        self.plot.getViewBox().setMouseEnabled(x=True, y=False)
        for name in ("left", "bottom"):
            self.plot.getAxis(name).enableAutoSIPrefix(False)
        self.plot.scene().sigMouseClicked.connect(self._on_click)
        self.plot.scene().sigMouseMoved.connect(self._on_move)
        row = QHBoxLayout()
        row.addWidget(self.along_box)
        row.addWidget(self.relative_box)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.graphics)
        layout.addWidget(self.said)

    def _place(self, scene_position: Any) -> tuple[int, int] | None:
        """Frame and row under the mouse."""
        if self._map is None or not self.plot.getViewBox().sceneBoundingRect().contains(scene_position):
            return None
        at = self.plot.getViewBox().mapSceneToView(scene_position)
        return self._map.frame_at(at.x()), self._map.row_at(at.y())

    def _on_click(self, event: Any) -> None:
        place = self._place(event.scenePos())
        if place is not None and self._map is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(place[0], self._map.centers[place[1]])

    def _on_move(self, position: Any) -> None:
        place = self._place(position)
        if place is not None and self._map is not None:
            self.graphics.setToolTip(self._map.text_at(place[1], place[0]) + "\nClick to go there.")


def _scale_of(found: ShiftMap) -> str:
    top = f"{found.limit:.2g} {found.unit}"
    return f"blue −{top}, red +{top}" if found.signed else f"dark 0, bright {top}"


def _levels(found: ShiftMap) -> tuple[float, float]:
    return (-found.limit if found.signed else 0.0), found.limit


def _table(name: str) -> Any:
    return np.round(napari_colormap(name)["colors"] * 255).astype(np.uint8)

"""The kymograph: what lies on a drawn line over time, raw above registered."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from qtpy.QtCore import QRectF, Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout

from napari_thunder.models.registration.kymographs import WIDEST, Profiles
from napari_thunder.volumes.contrast import limits_of
from napari_thunder.widgets.bottom_dock import BottomDock
from napari_thunder.widgets.canvas.drawn_line import DrawnLine
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll
from napari_thunder.widgets.when_gone import when_gone

if TYPE_CHECKING:
    import napari.viewer

_TITLES = ("Raw", "Registered")
_DRAW = "Drag a line across an edge on the canvas; drag it again with napari's Move tool (Shift+W)"


class KymographDock(BottomDock):
    """Shows the profiles of the line; a click goes to the frame.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    title: ClassVar[str] = "Kymograph"
    usual_size: ClassVar[tuple[int, int]] = (1000, 290)
    least_size: ClassVar[tuple[int, int]] = (380, 200)

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self._model = self.desk.kymographs
        self.draw = QPushButton("Draw a line")
        self.draw.clicked.connect(lambda *_: self.workplace.drawn_line.draw())
        self.remove = QPushButton("Remove it")
        self.remove.clicked.connect(lambda *_: self.workplace.drawn_line.remove())
        self.width_ = self._make_width()
        self.cancel = QPushButton("Cancel")
        self.cancel.setToolTip("Stop reading; what is there stays")
        self.cancel.clicked.connect(lambda *_: self._model.cancel())
        self.progress = ProgressLine()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(6)
        self.trouble = TroubleLabel()
        self.said = QLabel()
        self.graphics = pg.GraphicsLayoutWidget()
        self.graphics.setAccessibleName("Profiles along the line over time, raw above registered")
        self.plots = [self._make_plot(row) for row in range(len(_TITLES))]
        self.images = [pg.ImageItem(axisOrder="row-major", autoDownsample=True) for _ in self.plots]
        self.cursors = [pg.InfiniteLine(0, angle=90, movable=False) for _ in self.plots]
        self.hint = Hint(self.graphics)
        self._shown: Profiles | None = None
        self._lay_out()
        self.bridge.connect(self._model.changed, self.refresh, newest=True)
        self.bridge.connect(self.desk.quality_views.paired, self.refresh, newest=True)
        self.bridge.connect(self.desk.pointer.moved, self._on_frame, newest=True)
        when_gone(self, partial(_take_away, self.workplace.drawn_line))
        self.follow_theme()
        self.refresh()
        self._on_frame(self.desk.pointer.frame)

    def refresh(self, *_: object) -> None:
        """Show what was read so far, or say the next step."""
        model = self._model
        missing = model.why_not() if self.desk.quality_views.pair is None else ""
        say_why(self.draw, missing, _DRAW)
        none = "" if model.drawn is not None else "There is no line."
        say_why(self.remove, missing or none, "Take the line off the canvas")
        say_why(self.width_, missing, "Voxels beside each other that are averaged")
        job = model.job
        for widget in (self.cancel, self.progress):
            widget.setVisible(job is not None)
        if job is not None:
            self.progress.setValue(round(100 * job.fraction))
        self.trouble.show_trouble(model.trouble)
        self._show(model.profiles)
        waiting = "Reading along the line…" if job is not None else ""
        self.hint.say("" if self._shown is not None or model.trouble else model.why_not() or waiting)

    def _show(self, profiles: Profiles | None) -> None:
        self._shown = profiles
        for image, plot in zip(self.images, self.plots, strict=True):
            image.setVisible(profiles is not None)
            plot.showAxis("left", profiles is not None)
            plot.showAxis("bottom", profiles is not None and plot is self.plots[-1])
        if profiles is None:
            self.said.setText("")
            return
        limits = limits_of(profiles.raw[:: max(1, len(profiles.raw) // 500)])
        box = QRectF(0, 0, len(profiles.raw), max(float(profiles.distance[-1]), 1e-6))
        for image, values in zip(self.images, (profiles.raw, profiles.registered), strict=True):
            image.setImage(values.T, autoLevels=False, levels=limits)
            image.setRect(box)
        for plot, title in zip(self.plots, _TITLES, strict=True):
            plot.setLabel("left", f"{title}, {profiles.unit}")
            plot.setXRange(0, box.width(), padding=0)
            plot.setYRange(0, box.height(), padding=0)
        self.said.setText("Straight stripes: what lies there is still. Click to go to a frame.")

    def _make_plot(self, row: int) -> Any:
        plot = self.graphics.addPlot(row=row, col=0, enableMenu=False)
        plot.hideButtons()
        plot.getViewBox().invertY(True)
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        for name in ("left", "bottom"):
            plot.getAxis(name).enableAutoSIPrefix(False)
        plot.getAxis("left").setWidth(50)
        return plot

    def _make_width(self) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(1, WIDEST)
        spin.setValue(self._model.width)
        spin.setPrefix("width ")
        spin.setMinimumWidth(110)
        spin.setAccessibleName("Width of the line")
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(self._model.set_width)
        needs_focus_to_scroll(spin)
        return spin

    def _lay_out(self) -> None:
        for plot, image, cursor in zip(self.plots, self.images, self.cursors, strict=True):
            plot.addItem(image)
            plot.addItem(cursor, ignoreBounds=True)
        self.plots[1].setXLink(self.plots[0])
        self.graphics.ci.layout.setContentsMargins(2, 2, 8, 2)
        self.graphics.ci.layout.setVerticalSpacing(4)
        self.plots[1].setLabel("bottom", "frame")
        self.plots[0].scene().sigMouseClicked.connect(self._on_click)
        for button in (self.draw, self.remove, self.cancel):
            button.setAccessibleName(button.text())
        self.graphics.setToolTip("Click to go to a frame")
        row = QHBoxLayout()
        for widget in (self.draw, self.remove, self.width_, self.said):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addLayout(row)
        layout.addWidget(self.progress)
        layout.addWidget(self.trouble)
        layout.addWidget(self.graphics, 1)

    def _on_click(self, event: Any) -> None:
        if self._shown is None or event.button() != Qt.MouseButton.LeftButton:
            return
        for plot in self.plots:
            box = plot.getViewBox()
            if box.sceneBoundingRect().contains(event.scenePos()):
                frame = int(np.floor(box.mapSceneToView(event.scenePos()).x()))
                self.desk.pointer.ask(int(np.clip(frame, 0, len(self._shown.raw) - 1)))

    def _on_frame(self, frame: int) -> None:
        for cursor in self.cursors:
            cursor.setValue(frame + 0.5)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.graphics.setBackground(colours.background)
        for plot, cursor in zip(self.plots, self.cursors, strict=True):
            for name in ("left", "bottom"):
                plot.getAxis(name).setPen(pg.mkPen(colours.text))
                plot.getAxis(name).setTextPen(pg.mkPen(colours.text))
            cursor.setPen(pg.mkPen(colours.cursor, width=2))


def _take_away(line: DrawnLine) -> None:
    """Off the canvas, when the dock is gone."""
    with suppress(RuntimeError):  # the window may be gone as well
        line.remove()

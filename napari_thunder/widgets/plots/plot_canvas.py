"""Where one plot at a time is drawn, of whichever kind."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QPointF, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QSizePolicy

from napari_thunder.models.background import Background
from napari_thunder.models.plots.plot import PlotKind
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.plots.bar_picture import BarPicture
from napari_thunder.widgets.plots.grid_picture import GridPicture
from napari_thunder.widgets.plots.line_picture import LinePicture
from napari_thunder.widgets.plots.picture import Picture
from napari_thunder.widgets.plots.plane_picture import PlanePicture
from napari_thunder.widgets.plots.point_picture import PointPicture
from napari_thunder.widgets.plots.trajectory_picture import TrajectoryPicture
from napari_thunder.widgets.plots.tree_picture import TreePicture
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

PLANE_KIND = "plane"
_TURN = 5.0
"""Degrees for an arrow key."""

_ARROWS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_MARGINS = (2, 4, 8, 2)


class PlotCanvas(pg.GraphicsLayoutWidget):
    """Holds a picture of each kind that was needed so far, and shows one.

    Signals: `said(words)` of what is under the mouse; `cleared()` when nothing shall be chosen any more;
    `row_stepped(by, beside)` for the arrow keys up and down; `frame_stepped(by)` for those to the left and right.

    Parameters
    ----------
    background
        Where large heat maps are averaged.
    bridge
        To the window's thread.
    """

    said = Signal(str)
    cleared = Signal()
    row_stepped = Signal(int, bool)
    frame_stepped = Signal(int)

    def __init__(self, background: Background, bridge: MainThread) -> None:
        super().__init__()
        self.picture: Picture | None = None
        self._averaging, self._bridge = background, bridge
        self._pictures: dict[str, Picture] = {}
        self._colours: Colours | None = None
        self.ci.layout.setContentsMargins(*_MARGINS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 120)
        self.setAccessibleName("Plot")
        self.setAccessibleDescription(
            "Up and Down choose the row before and after, Left and Right go to the frame before and after, "
            "Escape chooses nothing, Home shows everything."
        )
        self.scene().sigMouseClicked.connect(self._on_click)
        self.scene().sigMouseMoved.connect(self._on_move)

    def show_kind(self, kind: str) -> Picture:
        """The picture of a kind, in sight."""
        if kind not in self._pictures:
            self._pictures[kind] = self._made(kind)
            if self._colours is not None:
                self._pictures[kind].set_colours(self._colours)
        picture = self._pictures[kind]
        if picture is not self.picture:
            self.show_nothing()
            self.addItem(picture, 0, 0)
            self.picture = picture
        return picture

    def show_nothing(self) -> None:
        """Take the picture out of sight."""
        if self.picture is not None:
            self.removeItem(self.picture)
        self.picture = None

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._colours = colours
        self.setBackground(colours.background)
        for picture in self._pictures.values():
            picture.set_colours(colours)

    def made(self, picture: Picture) -> None:
        """Told of each picture when it is made; to be replaced by who connects its signals."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, beside = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key == Qt.Key.Key_Escape:
            self.cleared.emit()
        elif key == Qt.Key.Key_Home and self.picture is not None:
            self.picture.show_all()
        elif key in _ARROWS and self.picture is not None:
            self._step(self.picture, *_ARROWS[Qt.Key(key)], beside)
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.said.emit("")

    def _step(self, picture: Picture, right: int, down: int, beside: bool) -> None:
        if isinstance(picture, TrajectoryPicture):
            picture.turn_by(_TURN * right, -_TURN * down)
        elif down:
            self.row_stepped.emit(down, beside)
        else:
            self.frame_stepped.emit(right)

    def _made(self, kind: str) -> Picture:
        picture: Picture
        match kind:
            case PlotKind.LINES:
                picture = LinePicture()
            case PlotKind.BARS:
                picture = BarPicture()
            case PlotKind.MATRIX | PlotKind.RASTER:
                picture = GridPicture(self._averaging, self._bridge)
            case PlotKind.TRAJECTORY:
                picture = TrajectoryPicture()
            case PlotKind.POINTS:
                picture = PointPicture()
            case PlotKind.TREE:
                picture = TreePicture()
            case _:
                picture = PlanePicture()
        self.made(picture)
        return picture

    def _on_click(self, event: Any) -> None:
        place = self._place(event.scenePos())
        if place is None or self.picture is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.cleared.emit()
            return
        self.picture.click(*place, beside=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def _on_move(self, position: QPointF) -> None:
        place = self._place(position)
        self.said.emit("" if place is None or self.picture is None else self.picture.words_at(*place))

    def _place(self, position: QPointF) -> tuple[float, float] | None:
        """In units of the plot; None beside it."""
        if self.picture is None or not self.picture.brush.sceneBoundingRect().contains(position):
            return None
        at = self.picture.brush.mapSceneToView(position)
        return at.x(), at.y()

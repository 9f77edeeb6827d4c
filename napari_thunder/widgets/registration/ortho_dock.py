"""Ortho views: xy, xz and yz through a point, raw beside registered, following time and pointer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout

from napari_thunder.models.pointer import Place
from napari_thunder.models.registration.ortho import PLANES, OrthoPoint, Voxel, cut_of
from napari_thunder.models.registration.pair import Pair
from napari_thunder.models.registration.quality_views import NO_PAIR
from napari_thunder.models.registration.scenes import Content
from napari_thunder.volumes import VolumeArray
from napari_thunder.volumes.contrast import limits_of
from napari_thunder.widgets.bottom_dock import BottomDock
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.registration.ortho_view import OrthoView
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.traces.hint import Hint
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours
from napari_thunder.widgets.when_gone import when_gone

if TYPE_CHECKING:
    import napari.viewer

Array = NDArray[Any]

_CACHE_BYTES = 96 * 2**20


class OrthoDock(BottomDock):
    """Shows three planes of the frame, raw and registered; the volumes stream, and nothing waits for them.

    Parameters
    ----------
    napari_viewer
        Whose desk it shows; napari gives it under this name.
    """

    title: ClassVar[str] = "Ortho views"
    usual_size: ClassVar[tuple[int, int]] = (1000, 290)
    least_size: ClassVar[tuple[int, int]] = (380, 200)

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(napari_viewer)
        self._views = self.desk.quality_views
        self.point = OrthoPoint()
        self.overlay = QCheckBox("Over the template")
        self.overlay.setToolTip("The frame in magenta over the template in green: grey where both agree")
        self.overlay.toggled.connect(lambda *_: self.draw())
        self.said = QLabel()
        self.graphics = pg.GraphicsLayoutWidget()
        self.graphics.setAccessibleName("Planes xy, yz and xz through the point, raw and registered")
        self.graphics.setToolTip("Click to move the point; Shift over the canvas moves it too. Wheel and drag: zoom")
        self.panes = [OrthoView(title) for title in ("Raw", "Registered")]
        self.hint = Hint(self.graphics)
        self._pair: Pair | None = None
        self._arrays: list[VolumeArray] = []
        self._followers = MainThread()
        self._limits: dict[int, tuple[float, float]] = {}
        self._lay_out()
        for signal, slot in (
            (self._views.paired, self._take),
            (self.desk.datasets.changed, self._take),
            (self.desk.pointer.moved, self.draw),
            (self.desk.pointer.hovered, self._on_place),
            (self.desk.pointer.pinned, self._on_place),
            (self.point.moved, self.draw),
            (self.workplace.shown_plane.moved, self._on_plane),
        ):
            self.bridge.connect(signal, slot, newest=True)
        when_gone(self, partial(_close, self._arrays))
        self.follow_theme()
        self._take()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._take()

    def hideEvent(self, event: QHideEvent) -> None:
        """What is not seen reads nothing."""
        super().hideEvent(event)
        self._let_go()

    def draw(self, *_: object) -> None:
        """Draw the planes of the frame that is shown; those not there yet when they come."""
        if self._pair is None or not self._arrays:
            return
        frame = min(self.desk.pointer.frame, self._pair.raw.shape[0] - 1)
        point = self.point.point
        for pane, array in zip(self.panes, self._arrays, strict=True):
            planes = {name: cut_of(name).of(_At(array, frame), point) for name in PLANES}
            limits = self._limits_of(self._pair)
            if self.overlay.isChecked() and self._pair.template is not None:
                planes = {n: _two_colours(p, self._template(n, point), limits) for n, p in planes.items()}
            pane.show_planes(planes, limits)
            pane.point_at(point)
        z, y, x = point
        self.said.setText(f"z {z}, y {y}, x {x}")

    def _take(self, *_: object) -> None:
        pair, current = self._views.pair, self.desk.datasets.current
        if pair is not None and (current is None or current.key != pair.dataset):
            pair = None
        template = "" if pair is None or pair.template is not None else "Its template is not known."
        say_why(self.overlay, (NO_PAIR if pair is None else "") or template, "The frame in magenta over the template")
        self.hint.say(NO_PAIR if pair is None else "")
        for pane in self.panes:
            pane.setVisible(pair is not None)
        if pair is None or not self.isVisible():
            self._let_go()
            self._pair = pair
            return
        if self._pair is None or self._pair.look != pair.look or not self._arrays:
            self._let_go()
            self._pair = pair
            self._begin(pair)
        self._pair = pair
        self.draw()

    def _begin(self, pair: Pair) -> None:
        for title, movie in (("Raw", pair.raw), ("Registered", pair.registered)):
            sight = self._views.sight(Content(title, movie=movie))
            array = VolumeArray(movie, sight.reader, coarse=sight.coarse, dtype=sight.dtype, max_bytes=_CACHE_BYTES)
            self._arrays.append(array)
            self._followers.connect(array.arrived, self.draw, newest=True)
        _, *space = pair.raw.shape
        for pane in self.panes:
            pane.fit((space[0], space[1], space[2]), pair.raw.voxel_size or (1.0, 1.0, 1.0))
        self.point.fit((space[0], space[1], space[2]))

    def _let_go(self) -> None:
        self._followers.close()
        self._followers = MainThread()
        while self._arrays:
            self._arrays.pop().close(0.0)

    def _limits_of(self, pair: Pair) -> tuple[float, float]:
        """Of the recording's layer while that shows it raw."""
        layer = self.workplace.layers.of_recording(pair.dataset)
        if layer is not None and not self.workplace.recording_views.shown(pair.dataset).title:
            low, high = layer.contrast_limits
            return float(low), float(high)
        return limits_of(self._arrays[0].shown_values)

    def _template(self, plane: str, point: Voxel) -> Array:
        if self._pair is None or self._pair.template is None:
            raise ValueError("there is no template")
        key = id(self._pair.template)
        if key not in self._limits:
            self._limits = {key: limits_of(self._pair.template)}
        low, high = self._limits[key]
        return (cut_of(plane).of(self._pair.template, point) - low) / (high - low)

    def _on_place(self, place: Place | None) -> None:
        if place is not None and self._pair is not None and place.dataset == self._pair.dataset:
            self.point.move(place.voxel)

    def _on_plane(self, plane: int) -> None:
        _, y, x = self.point.point
        self.point.move((plane, y, x))

    def _on_pointed(self, point: Voxel) -> None:
        self.point.move(point)
        self.workplace.shown_plane.go_to(point[0])

    def _lay_out(self) -> None:
        for pane in self.panes:
            self.graphics.addItem(pane)
            pane.pointed.connect(self._on_pointed)
        self.panes[1].setXLink(self.panes[0])
        self.panes[1].setYLink(self.panes[0])
        self.overlay.setAccessibleName(self.overlay.text())
        row = QHBoxLayout()
        row.addWidget(self.overlay)
        row.addWidget(self.said)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.addLayout(row)
        layout.addWidget(self.graphics, 1)

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self.graphics.setBackground(colours.background)
        for pane in self.panes:
            pane.set_colours(colours)


class _At:
    """One frame of an array, cut plane by plane, so that a coarse picture is not made whole."""

    def __init__(self, array: VolumeArray, frame: int) -> None:
        self._array, self._frame = array, frame

    def __getitem__(self, key: tuple[Any, ...]) -> Array:
        return self._array[(self._frame, *key)]


def _two_colours(frame: Array, template: Array, limits: tuple[float, float]) -> Array:
    """Magenta and green (down, right, 3) uint8; NaN is black."""
    low, high = limits
    seen = np.clip(np.nan_to_num((frame.astype(np.float32) - low) / max(high - low, 1e-9)), 0, 1)
    other = np.clip(np.nan_to_num(template), 0, 1)
    return np.round(np.stack([seen, other, seen], axis=-1) * 255).astype(np.uint8)


def _close(arrays: list[VolumeArray]) -> None:
    """Ends the streams; needs nothing of the dock, which is gone."""
    while arrays:
        arrays.pop().close(0.0)

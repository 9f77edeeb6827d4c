"""Time and mouse of the canvas: which frame is shown, and which voxel is pointed at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_thunder.models import Desk
from napari_thunder.models.pointer import Place, Voxel
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.ray import best_seen, map_strength, voxels_under
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.main_thread import MainThread

_HOVER_MS = 80
_WATCH_MS = 60
_CLICK_PIXELS = 4.0
"""A mouse that moves further between press and release drags."""


class Pointing:
    """Keeps a viewer's time slider and mouse, and a desk's pointer, in step.

    Shift over the canvas points at a voxel, and Shift with a click keeps it; drawing tools have Shift for themselves.

    Parameters
    ----------
    viewer
        Whose slider and canvas it follows.
    desk
        Whose pointer says what is shown and pointed at.
    layers
        Knows the layer of each recording.
    """

    def __init__(self, viewer: Any, desk: Desk, main_thread: MainThread, layers: Layers) -> None:
        self._viewer = viewer
        self._desk = desk
        self._layers = layers
        self._step = _timer(0, self._follow_slider)
        self._hover = _timer(_HOVER_MS, self._point)
        self._watch = QTimer()
        self._watch.setInterval(_WATCH_MS)
        self._watch.timeout.connect(self._look_whether_to_end)
        viewer.dims.events.current_step.connect(self._on_step)
        viewer.mouse_move_callbacks.append(self._on_move)
        viewer.mouse_drag_callbacks.append(self._on_press)
        viewer.bind_key("Shift", self._on_shift, overwrite=True)
        main_thread.connect(desk.pointer.asked, self._show_frame, newest=True)
        main_thread.connect(desk.datasets.changed, self._on_step, newest=True)
        self._follow_slider()

    def close(self) -> None:
        """Let go of the viewer."""
        for timer in (self._step, self._hover, self._watch):
            with suppress(RuntimeError):  # at the end of the program Qt may be gone before us
                timer.stop()
        viewer = self._viewer
        viewer.dims.events.current_step.disconnect(self._on_step)
        for callbacks, ours in (
            (viewer.mouse_move_callbacks, self._on_move),
            (viewer.mouse_drag_callbacks, self._on_press),
        ):
            if ours in callbacks:
                callbacks.remove(ours)
        viewer.bind_key("Shift", None, overwrite=True)

    def place_at(self, position: Any) -> Place | None:
        """The voxel of a recording at a place in world coordinates; in 3-D the one that is seen there."""
        for key, layer in self._candidates():
            voxel = self._voxel(layer, position)
            if voxel is not None:
                return Place(key, voxel)
        return None

    def _candidates(self) -> Iterator[tuple[int, Any]]:
        """Recordings and their layers: the current one, even if only maps of it are shown, then others in sight."""
        current = self._desk.datasets.current
        keys = [dataset.key for dataset in self._desk.datasets]
        known = {key: layer for key in keys if (layer := self._layers.of_recording(key)) is not None}
        order = sorted(known, key=lambda key: current is not None and key == current.key, reverse=True)
        visible = [key for key in order if known[key].visible]
        for key in visible or order[:1]:
            yield key, known[key]

    def _voxel(self, layer: Any, position: Any) -> Voxel | None:
        voxels = voxels_under(self._viewer, layer, position)
        if voxels is None:
            return None
        if self._viewer.dims.ndisplay == 2:
            return best_seen(voxels, np.ones(1))
        return self._on_map(layer, position) or self._brightest(layer, voxels)

    def _brightest(self, layer: Any, voxels: Any) -> Voxel | None:
        """As a maximum projection shows it, of the volume that is in memory."""
        array = array_of(layer)
        frame = None if array is None else array.wanted_frame
        if array is None or frame is None:
            return None
        volume = array[frame]
        values = np.nan_to_num(volume[tuple(voxels.T)].astype(np.float64))
        return best_seen(voxels, values - values.min() + 1)

    def _on_map(self, recording: Any, position: Any) -> Voxel | None:
        """The voxel of the recording where the topmost map in sight is strongest, or None."""
        for layer in reversed(self._viewer.layers):
            if layer == recording:
                return None
            if layer.visible and _is_map(layer):
                voxels = voxels_under(self._viewer, layer, position)
                found = None if voxels is None else best_seen(voxels, map_strength(layer, voxels))
                return None if found is None else _same_place(layer, found, recording)
        return None

    def _on_step(self, _: Any = None) -> None:
        if not self._step.isActive():
            self._step.start()

    def _follow_slider(self) -> None:
        """Say which frame of the current recording the slider stands at."""
        dataset, layer = self._desk.datasets.current, self._current_layer()
        if dataset is not None and layer is not None and self._viewer.dims.ndim >= layer.ndim:
            at = float(layer.world_to_data(self._viewer.dims.point)[-4])
            self._desk.pointer.move(int(np.clip(round(at), 0, dataset.recording.shape[0] - 1)))

    def _show_frame(self, frame: int) -> None:
        """Move the slider to a frame of the current recording."""
        layer = self._current_layer()
        if layer is None:
            return
        dims = self._viewer.dims
        at = np.zeros(layer.ndim)
        at[-4] = frame
        axis = dims.ndim - 4
        if axis >= 0:
            dims.set_point(axis, float(layer.data_to_world(at)[-4]))

    def _current_layer(self) -> Any:
        current = self._desk.datasets.current
        return None if current is None else self._layers.of_recording(current.key)

    def _on_move(self, _: Any, event: Any) -> None:
        if "Shift" in event.modifiers and not event.is_dragging:
            self._begin()
        elif self._watch.isActive():
            self._end()

    def _on_shift(self, _: Any) -> Iterator[None]:
        """Shift was pressed while the mouse stood still."""
        if self._viewer.mouse_over_canvas:
            self._begin()
        yield
        self._end()

    def _begin(self) -> None:
        if len(self._desk.datasets) and self._is_free():
            self._hover.start()
            self._watch.start()

    def _point(self) -> None:
        if self._watch.isActive():
            self._desk.pointer.hover(self.place_at(self._viewer.cursor.position))

    def _look_whether_to_end(self) -> None:
        """The mouse may leave, or Shift be let go, without a word to us."""
        held = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier
        if not held or not self._viewer.mouse_over_canvas:
            self._end()

    def _end(self) -> None:
        self._hover.stop()
        self._watch.stop()
        self._desk.pointer.hover(None)

    def _on_press(self, viewer: Any, event: Any) -> Iterator[None]:
        """Shift and a click keep a voxel; a drag remains what it is, once it is more than an unsteady hand."""
        if event.button != 1 or tuple(event.modifiers) != ("Shift",) or not self._is_free():
            return
        camera, start, position = viewer.scene.camera, np.array(event.pos), event.position
        could_pan, dragged = camera.mouse_pan, False
        camera.mouse_pan = False
        try:
            yield
            while event.type == "mouse_move":
                dragged = dragged or float(np.abs(np.array(event.pos) - start).max()) > _CLICK_PIXELS
                if dragged:
                    camera.mouse_pan = could_pan
                yield
        finally:
            camera.mouse_pan = could_pan
        if not dragged:
            self._pin(position)

    def _pin(self, position: Any) -> None:
        place = self.place_at(position)
        if place is not None:
            current = self._desk.datasets.current
            if current is None or current.key != place.dataset:
                self._desk.datasets.make_current(place.dataset)
            self._desk.pointer.pin(place)

    def _is_free(self) -> bool:
        """Whether no tool of a layer is in hand, which would take Shift for itself."""
        active = self._viewer.layers.selection.active
        return str(getattr(active, "mode", "pan_zoom")) in ("pan_zoom", "transform")


def _timer(milliseconds: int, then: Any) -> QTimer:
    timer = QTimer()
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(then)
    return timer


def _is_map(layer: Any) -> bool:
    about = layer.metadata.get("thunder")
    return isinstance(about, dict) and about.get("dataset") is not None


def _same_place(layer: Any, voxel: Voxel, recording: Any) -> Voxel | None:
    """The voxel of a recording where a voxel of a map lies."""
    world = layer.data_to_world(voxel)
    at = np.zeros(recording.ndim)
    at[-3:] = np.asarray(world)[-3:]
    z, y, x = np.round(np.asarray(recording.world_to_data(at))[-3:]).astype(int)
    shape = array_of(recording).shape[1:]
    inside = all(0 <= i < n for i, n in zip((z, y, x), shape, strict=True))
    return (int(z), int(y), int(x)) if inside else None

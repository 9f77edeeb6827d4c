"""Marks on the canvas where voxels were pinned."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Points
from napari.utils.colormaps.standardize_color import transform_color

from napari_thunder.models import Desk
from napari_thunder.models.pointer import Place
from napari_thunder.models.traces.subjects import pin_key
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.units import slice_anew
from napari_thunder.widgets.main_thread import MainThread

SYMBOLS = ("disc", "square", "triangle_down", "diamond", "x", "triangle_up", "star", "cross")
"""In the order of the marks on the lines in the Traces dock, as far as napari has them."""

NAME = "Pinned voxels"


class PinMarks:
    """A layer of points, one for each pinned voxel of the current recording, in its colour.

    It cannot be edited and never becomes the active layer by itself, so that it is not in the way of drawing.

    Parameters
    ----------
    viewer
        Where the layer is.
    desk
        Whose pins it shows.
    layers
        Knows where each recording lies.
    """

    def __init__(self, viewer: Any, desk: Desk, main_thread: MainThread, layers: Layers) -> None:
        self._viewer = viewer
        self._desk = desk
        self._layers = layers
        self._shown: tuple[Any, ...] = ()
        self.layer: Points | None = None
        self._main_thread = main_thread
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        main_thread.connect(desk.traces.changed, self._show, newest=True)
        main_thread.connect(desk.datasets.amended, self._show_again, newest=True)

    def close(self) -> None:
        """Let go of the viewer; the marks stay, as recordings do, since the canvas may be gone already."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        if self.layer is not None:
            self.layer.locked = False

    def _on_inserted(self, event: Any) -> None:
        """Maps that come later must not cover the marks."""
        if self.layer is not None and "dataset" in (event.value.metadata.get("thunder") or {}):
            self._main_thread.call(self._raise)

    def _raise(self) -> None:
        layers = self._viewer.layers
        if self.layer is not None and self.layer in layers and layers[-1] != self.layer:
            layers.move(layers.index(self.layer), len(layers))

    def _on_removed(self, event: Any) -> None:
        """Whoever removes the marks lets go of the voxels."""
        if self.layer is not None and event.value == self.layer:
            self.layer, self._shown = None, ()
            self._desk.traces.clear_pins()

    def _show_again(self, _: object) -> None:
        self._shown = ()
        self._show()

    def _show(self) -> None:
        pins = self._pins()
        if pins == self._shown:
            return
        self._shown = pins
        recording = self._recording()
        if not pins or recording is None:
            self._take_away()
            return
        voxels, colors, symbols = (list(part) for part in zip(*pins, strict=True))
        if self.layer is None:
            self._add(recording)
        if self.layer is None:
            return
        self._place(self.layer, recording)
        self._draw(self.layer, np.array(voxels, float), colors, symbols)

    def _place(self, layer: Points, recording: Any) -> None:
        """Lie where the recording lies, if that is elsewhere: it makes napari slice everything anew."""
        scale, translate, units = recording.scale[-3:], recording.translate[-3:], recording.units[-3:]
        same = np.array_equal(layer.scale, scale) and np.array_equal(layer.translate, translate)
        if not same or tuple(layer.units) != tuple(units):
            layer.scale, layer.translate, layer.units = scale, translate, units
            slice_anew(layer)
        layer.current_size = max(3.0, recording.data.shape[-1] / 50)

    def _draw(self, layer: Points, voxels: Any, colors: list[str], symbols: list[str]) -> None:
        """Each of these properties draws the layer once more, so only what differs is set."""
        if layer.selected_data:
            layer.selected_data = set()
        if not np.array_equal(layer.data, voxels):
            layer.current_face_color, layer.current_symbol = colors[-1], symbols[-1]
            layer.data = voxels
        if layer.size.size and (layer.size != layer.current_size).any():
            layer.size = layer.current_size
        if not np.allclose(layer.face_color, transform_color(colors)):
            layer.face_color = colors
        if [str(symbol) for symbol in layer.symbol] != symbols:
            layer.symbol = symbols
        if layer.editable:
            layer.editable = False

    def _pins(self) -> tuple[tuple[Any, str, str], ...]:
        """Voxel, colour and symbol of each, of the current recording."""
        current = self._desk.datasets.current
        if current is None:
            return ()
        numbers = {subject.key: number for number, subject in enumerate(self._desk.traces.subjects)}
        found = []
        for pin in self._desk.traces.state()["pins"]:
            place = Place(pin["recording"], tuple(pin["voxel"]))
            number = numbers.get(pin_key(place))
            if place.dataset == current.key and number is not None:
                found.append((place.voxel, pin["color"], SYMBOLS[number % len(SYMBOLS)]))
        return tuple(found)

    def _recording(self) -> Any:
        current = self._desk.datasets.current
        return None if current is None else self._layers.of_recording(current.key)

    def _add(self, recording: Any) -> None:
        layer = Points(
            ndim=3,
            name=NAME,
            scale=recording.scale[-3:],
            units=recording.units[-3:],
            axis_labels=recording.axis_labels[-3:],
            border_width=0.0,
            blending="translucent_no_depth",
            metadata={"thunder": {"pins": True}},
        )
        chosen = set(self._viewer.layers.selection)
        self.layer = self._viewer.add_layer(layer)
        layer.locked = True
        self._viewer.layers.selection = chosen

    def _take_away(self) -> None:
        layer, self.layer = self.layer, None
        if layer is not None and layer in self._viewer.layers:
            layer.locked = False
            self._viewer.layers.remove(layer)

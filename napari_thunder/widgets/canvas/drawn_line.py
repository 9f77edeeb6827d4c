"""A line that is drawn on the canvas, for the kymograph along it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_thunder.display.space import space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.registration.kymographs import Drawn
from napari_thunder.widgets.canvas.units import agree_on_units
from napari_thunder.widgets.main_thread import MainThread

NAME = "Line of the kymograph"
_DRAWN_MS = 250
_COLOR = "#F0E442"


class DrawnLine:
    """A layer that holds one line; the desk's kymograph follows it, also while its corners are dragged.

    Parameters
    ----------
    viewer
        Where the layer is.
    desk
        Whose kymograph.
    """

    def __init__(self, viewer: Any, desk: Desk, main_thread: MainThread) -> None:
        self.layer: Shapes | None = None
        self._viewer = viewer
        self._desk = desk
        self._main_thread = main_thread
        self._busy = False
        self._chosen: set[Any] = set()
        self._settle = QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(_DRAWN_MS)
        self._settle.timeout.connect(self._take)
        viewer.layers.events.removed.connect(self._on_removed)
        main_thread.connect(desk.kymographs.changed, self._follow, newest=True)

    @property
    def drawing(self) -> bool:
        """Whether the tool is in hand."""
        layer = self.layer
        return layer is not None and self._viewer.layers.selection.active == layer and str(layer.mode) == "add_line"

    def draw(self) -> None:
        """Take the tool in hand; the line there was goes when another one is drawn."""
        current = self._desk.datasets.current
        if current is None:
            return
        if self._viewer.dims.ndisplay == 3:
            self._viewer.dims.ndisplay = 2
        layers = self._viewer.layers
        self._chosen = {layer for layer in layers.selection if layer != self.layer}
        if self.layer is None:
            self._add(current.recording.voxel_size)
        if layers[-1] != self.layer:
            layers.move(layers.index(self.layer), len(layers))
        self.layer.visible = True
        layers.selection.active = self.layer
        self.layer.mode = "add_line"

    def lay_down(self) -> None:
        """Let the mouse move the brain again; the line stays."""
        if self.layer is not None and str(self.layer.mode) != "pan_zoom":
            self.layer.mode = "pan_zoom"
        chosen = {layer for layer in self._chosen if layer in self._viewer.layers}
        if chosen:
            self._viewer.layers.selection = chosen

    def remove(self) -> None:
        """Take the line away."""
        self._take_away()
        self._desk.kymographs.draw(None)

    def close(self) -> None:
        """Take our layer away and let go of the viewer."""
        with suppress(RuntimeError):  # at the end of the program Qt may be gone before us
            self._settle.stop()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        with suppress(RuntimeError):
            self._take_away()

    def _add(self, voxel_size: tuple[float, float, float] | None) -> None:
        layer = Shapes(
            ndim=3,
            name=NAME,
            **space_of_volume(voxel_size).kwargs(),
            edge_width=1.5,
            edge_color=_COLOR,
            face_color="transparent",
            blending="translucent_no_depth",
            metadata={"thunder": {"kind": "line"}},
        )
        layer.current_edge_color, layer.current_edge_width = _COLOR, 1.5
        agree_on_units(self._viewer.layers, layer)
        self._viewer.layers.append(layer)
        layer.events.data.connect(self._on_data)
        self.layer = layer

    def _on_data(self, _: Any) -> None:
        if not self._busy:
            self._settle.start()

    def _take(self) -> None:
        """The newest line is the one that counts; a click alone is none."""
        layer = self.layer
        if layer is None or getattr(layer, "_is_creating", False):
            if layer is not None:
                self._settle.start()
            return
        if len(layer.data) > 1:
            self._busy = True
            try:
                layer.data = [layer.data[-1]]
                layer.shape_type = ["path"]
            finally:
                self._busy = False
        if not len(layer.data):
            self._desk.kymographs.draw(None)
            return
        if self.drawing:
            self.lay_down()
        self._desk.kymographs.draw(Drawn(np.array(layer.data[0], float), self._across()))

    def _across(self) -> int:
        dims = self._viewer.dims
        hidden = [axis - (dims.ndim - 3) for axis in dims.order[:-2] if axis >= dims.ndim - 3]
        return hidden[-1] if hidden else 0

    def _follow(self) -> None:
        """The line of a recording that is gone, or of another one, goes too."""
        idle = not self.drawing and not self._settle.isActive()
        if self.layer is not None and idle and self._desk.kymographs.drawn is None:
            self._take_away()

    def _on_removed(self, event: Any) -> None:
        if not self._busy and self.layer is not None and event.value == self.layer:
            self.layer = None
            self._desk.kymographs.draw(None)

    def _take_away(self) -> None:
        layer, self.layer = self.layer, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

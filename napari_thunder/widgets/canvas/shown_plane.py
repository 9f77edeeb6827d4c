"""The plane z of the current recording that the canvas shows."""

from __future__ import annotations

from typing import Any

import numpy as np
from psygnal import Signal

from napari_thunder.models import Desk
from napari_thunder.widgets.canvas.layers import Layers


class ShownPlane:
    """Knows the plane, and goes to another one; `moved(plane)` in the window's thread, when it is another one.

    Parameters
    ----------
    viewer
        Whose sliders.
    desk, layers
        Know the current recording and where it lies.
    """

    moved = Signal(int)

    def __init__(self, viewer: Any, desk: Desk, layers: Layers) -> None:
        self._viewer = viewer
        self._desk = desk
        self._layers = layers
        self._last: int | None = None
        viewer.dims.events.current_step.connect(self._on_step)

    def close(self) -> None:
        """Let go of the viewer."""
        self._viewer.dims.events.current_step.disconnect(self._on_step)

    @property
    def plane(self) -> int | None:
        """The plane, or None without a recording."""
        layer, current = self._layer(), self._desk.datasets.current
        if layer is None or current is None or self._viewer.dims.ndim < layer.ndim:
            return None
        at = float(layer.world_to_data(self._viewer.dims.point)[-3])
        return int(np.clip(round(at), 0, current.recording.shape[1] - 1))

    def go_to(self, plane: int) -> None:
        """Show a plane; in 3-D, or along another direction, it is seen when planes are looked at again."""
        layer, dims = self._layer(), self._viewer.dims
        if layer is None or dims.ndim < layer.ndim:
            return
        at = np.zeros(layer.ndim)
        at[-3] = plane
        dims.set_point(dims.ndim - 3, float(layer.data_to_world(at)[-3]))

    def _layer(self) -> Any:
        current = self._desk.datasets.current
        return None if current is None else self._layers.of_recording(current.key)

    def _on_step(self, _: Any) -> None:
        plane = self.plane
        if plane is not None and plane != self._last:
            self._last = plane
            self.moved.emit(plane)

"""A voxel of a map, chosen by a click on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_thunder.widgets.canvas.hover import voxel_under_mouse

Voxel = tuple[int, int, int]

_STILL = 3.0
"""Pixels that the mouse may move in a click."""


class VoxelPick:
    """Waits for a click on the canvas, and says which voxel of a layer it was on.

    Parameters
    ----------
    viewer
        Where to click.
    layer
        Gives the layer whose voxels are meant, or None.
    picked
        Told the voxel; None if there was none.
    """

    def __init__(self, viewer: Any, layer: Callable[[], Any], picked: Callable[[Voxel | None], None]) -> None:
        self._viewer = viewer
        self._layer = layer
        self._picked = picked
        self.waiting = False

    def begin(self) -> None:
        """Wait for the next click."""
        if not self.waiting:
            self.waiting = True
            self._viewer.mouse_drag_callbacks.append(self._on_drag)

    def end(self) -> None:
        """Wait no longer."""
        self.waiting = False
        if self._on_drag in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_drag)

    def _on_drag(self, viewer: Any, event: Any) -> Any:
        start = tuple(event.pos)
        yield
        while event.type == "mouse_move":
            yield
        moved = max(abs(a - b) for a, b in zip(start, event.pos, strict=True))
        if moved <= _STILL and self.waiting:
            layer = self._layer()
            self._picked(None if layer is None else voxel_under_mouse(viewer, layer))

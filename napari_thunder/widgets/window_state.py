"""What a window keeps of itself in a session: docks, camera, sliders, and how each layer looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from qtpy.QtCore import QByteArray
from qtpy.QtWidgets import QMainWindow, QWidget

_LOOK = ("visible", "opacity", "gamma", "blending", "rendering")


def view_state(viewer: Any) -> dict[str, Any]:
    """Camera and sliders of a viewer, as plain JSON values."""
    camera, dims = viewer.scene.camera, viewer.dims
    return {
        "ndisplay": int(dims.ndisplay),
        "point": [float(p) for p in dims.point],
        "order": [int(axis) for axis in dims.order],
        "center": [float(c) for c in camera.center],
        "zoom": float(camera.zoom),
        "angles": [float(a) for a in camera.angles],
    }


def restore_view(viewer: Any, stored: Mapping[str, Any]) -> None:
    """Put camera and sliders where they were, as far as the viewer has as many dimensions now."""
    dims, camera = viewer.dims, viewer.scene.camera
    if len(stored["order"]) == dims.ndim:
        dims.order = tuple(stored["order"])
        dims.ndisplay = stored["ndisplay"]
        for axis, point in enumerate(stored["point"]):
            dims.set_point(axis, point)
    camera.center = tuple(stored["center"])
    camera.zoom = stored["zoom"]
    camera.angles = tuple(stored["angles"])


def layer_state(layer: Any) -> dict[str, Any]:
    """How a layer looks, as plain JSON values."""
    look = {name: _plain(getattr(layer, name)) for name in _LOOK if hasattr(layer, name)}
    if hasattr(layer, "contrast_limits") and not getattr(layer, "rgb", False):
        look["contrast_limits"] = [float(limit) for limit in layer.contrast_limits]
        look["colormap"] = str(layer.colormap.name)
    return look


def restore_layer(layer: Any, stored: Mapping[str, Any]) -> None:
    """Give a layer the look it had; a colormap of ours that napari does not know by name is left as it is."""
    for name in (*_LOOK, "contrast_limits"):
        if name in stored and hasattr(layer, name):
            setattr(layer, name, stored[name])
    if "colormap" in stored and str(layer.colormap.name) != stored["colormap"]:
        try:
            layer.colormap = stored["colormap"]
        except (KeyError, ValueError):
            return


def docks_state(widget: QWidget) -> str:
    """How the docks of the window that a widget lies in are arranged, as text; empty if it lies in none."""
    window = widget.window()
    return bytes(window.saveState().toBase64()).decode() if isinstance(window, QMainWindow) else ""


def restore_docks(widget: QWidget, stored: str) -> None:
    """Arrange the docks as they were."""
    window = widget.window()
    if stored and isinstance(window, QMainWindow):
        window.restoreState(QByteArray.fromBase64(stored.encode("ascii")))


def _plain(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return float(value) if isinstance(value, int | float | np.number) else str(value)

"""What a result says of the voxel under the mouse, in napari's status bar."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_thunder.display import status_text

Voxel = tuple[int, int, int]


def say_numbers(viewer: Any) -> None:
    """Add the numbers of the topmost map shown to what napari says of the place under the mouse; may be said twice.

    napari makes its status line late, on a thread of its own, so the numbers are added when it is there.
    """
    viewer.events.status.connect(_on_status, position="last")


def _on_status(event: Any) -> None:
    viewer, status = event.source, event.value
    if not isinstance(status, dict) or not viewer.mouse_over_canvas:
        return
    layer = _map_in_sight(viewer)
    voxel = None if layer is None else voxel_under_mouse(viewer, layer)
    if voxel is None or not (text := status_text(_dataset_of(layer), voxel)):
        return
    in_3d = viewer.dims.ndisplay == 3
    said = f"{list(voxel)}: {text}" if in_3d else _joined(status, text, viewer.layers.selection.active)
    with viewer.events.status.blocker(_on_status):
        viewer.status = {**status, "coordinates": said}


def _joined(status: dict[str, str], text: str, active: Any) -> str:
    """The place, the value napari reads there unless it is a mere colour, and the numbers."""
    value = "" if getattr(active, "rgb", False) else status.get("value", "")
    return f"{status.get('coords', '')}: {' · '.join(part for part in (value, text) if part)}"


def _map_in_sight(viewer: Any) -> Any:
    shown = (layer for layer in reversed(viewer.layers) if layer.visible and _dataset_of(layer) is not None)
    return next(shown, None)


def _dataset_of(layer: Any) -> Any:
    about = layer.metadata.get("thunder")
    return about.get("dataset") if isinstance(about, dict) else None


def voxel_under_mouse(viewer: Any, layer: Any) -> Voxel | None:
    """The voxel (z, y, x) of a map under the mouse; in 3-D the strongest along the line of sight; None if none is."""
    if viewer.dims.ndisplay == 2:
        z, y, x = np.round(layer.world_to_data(viewer.cursor.position)).astype(int)
        return int(z), int(y), int(x)
    further = viewer.dims.ndim - layer.ndim
    if min(viewer.dims.displayed) < further:
        return None
    ray = viewer.scene.camera.calculate_nd_view_direction(viewer.dims.ndim, viewer.dims.displayed)[further:]
    seen = [axis - further for axis in viewer.dims.displayed]
    ends = layer.get_ray_intersections(viewer.cursor.position[further:], ray, seen, world=True)
    return None if any(end is None for end in ends) else _strongest_between(layer, *ends)


def _strongest_between(layer: Any, start: np.ndarray[Any, Any], end: np.ndarray[Any, Any]) -> Voxel | None:
    """The voxel that is seen best on a line: the most opaque, or of the largest absolute value."""
    steps = int(2 * np.abs(end - start).max()) + 2
    shape = np.array(layer.data.shape[:3])
    voxels = np.clip(np.round(np.linspace(start, end, steps)).astype(int), 0, shape - 1)
    values = layer.data[tuple(voxels.T)]
    strength = values[:, 3] if getattr(layer, "rgb", False) else np.abs(np.nan_to_num(values))
    if not strength.any():
        return None
    z, y, x = voxels[strength.argmax()]
    return int(z), int(y), int(x)

"""What maps and regions in sight say of the voxel under the mouse, in napari's status bar."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_thunder.display import NumbersAt
from napari_thunder.widgets.canvas.ray import Voxel, best_seen, map_strength, voxels_under

_NUMBERS = "numbers"

NAMES_AT = "names_at"
"""What a layer of regions is asked, in what its metadata hold for us: the names at a voxel (z, y, x)."""


def say_numbers(viewer: Any) -> None:
    """Add the names of regions and the numbers of all maps shown to what napari says of the place under the mouse.

    May be said twice.

    napari makes its status line late, on a thread of its own, so the numbers are added when it is there.
    """
    viewer.events.status.connect(_on_status, position="last")


def renew_numbers(viewer: Any) -> None:
    """Say the numbers under a mouse that rests, after what is under it has changed."""
    _say(viewer, viewer.status)


def _on_status(event: Any) -> None:
    _say(event.source, event.value)


def _say(viewer: Any, status: Any) -> None:
    if not isinstance(status, dict) or not viewer.mouse_over_canvas:
        return
    voxel, numbers = numbers_under_mouse(viewer)
    text = "  |  ".join(part for part in (", ".join(names_under_mouse(viewer)), numbers) if part)
    if not text:
        return
    in_3d = voxel is not None and viewer.dims.ndisplay == 3
    said = f"{list(voxel or ())}: {text}" if in_3d else _joined(status, text, viewer.layers.selection.active)
    with viewer.events.status.blocker(_on_status):
        viewer.status = {**status, "coordinates": said}


def numbers_under_mouse(viewer: Any) -> tuple[Voxel | None, str]:
    """The voxel under the mouse in the topmost map that has one, and the numbers of all maps in sight.

    Of several maps, each is named before its numbers, in the order in which they lie, the topmost first.
    """
    shown = [layer for layer in reversed(viewer.layers) if layer.visible and _dataset_of(layer) is not None]
    voxels = [voxel_under_mouse(viewer, layer) for layer in shown]
    said = [(layer, voxel) for layer, voxel in zip(shown, voxels, strict=True) if voxel is not None]
    if len(said) < 2:
        return (said[0][1], _numbers_of(said[0][0])(said[0][1])) if said else (None, "")
    texts = [(layer.name, _numbers_of(layer).brief(voxel)) for layer, voxel in said]
    return said[0][1], "  |  ".join(f"{name}: {text}" for name, text in texts if text)


def names_under_mouse(viewer: Any) -> list[str]:
    """The regions under the mouse on the plane shown, the topmost first."""
    shown = [layer for layer in viewer.layers if layer.visible and NAMES_AT in _about(layer)]
    if viewer.dims.ndisplay != 2 or not shown:
        return []
    z, y, x = np.round(np.asarray(shown[0].world_to_data(viewer.cursor.position))[-3:]).astype(int).tolist()
    names: list[str] = _about(shown[0])[NAMES_AT]((z, y, x))
    return names


def _numbers_of(layer: Any) -> NumbersAt:
    """What reads a layer's result; kept in its metadata, which are new when the layer shows something else."""
    about = layer.metadata["thunder"]
    if _NUMBERS not in about:
        about[_NUMBERS] = NumbersAt(about["dataset"], about.get("choice"))
    numbers: NumbersAt = about[_NUMBERS]
    return numbers


def _joined(status: dict[str, str], text: str, active: Any) -> str:
    """The place, the value napari reads there unless it is of a map itself, and the numbers."""
    ours = active is None or _dataset_of(active) is not None or NAMES_AT in _about(active)
    value = "" if ours else status.get("value", "")
    return f"{status.get('coords', '')}: {' · '.join(part for part in (value, text) if part)}"


def _dataset_of(layer: Any) -> Any:
    return _about(layer).get("dataset")


def _about(layer: Any) -> dict[str, Any]:
    about = layer.metadata.get("thunder")
    return about if isinstance(about, dict) else {}


def voxel_under_mouse(viewer: Any, layer: Any) -> Voxel | None:
    """The voxel (z, y, x) of a map under the mouse; in 3-D the strongest along the line of sight; None if none is."""
    voxels = voxels_under(viewer, layer, viewer.cursor.position)
    if voxels is None:
        return None
    in_3d = viewer.dims.ndisplay == 3
    return best_seen(voxels, map_strength(layer, voxels) if in_3d else np.ones(1))

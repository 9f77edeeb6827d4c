"""napari's reader hook: recordings open as streaming layers, saved results as maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import napari
from napari.types import LayerData

from napari_thunder.display import layer_for_recording, layers_for_result
from napari_thunder.io import find_format
from napari_thunder.io.uri import local_path
from napari_thunder.recording import Recording
from napari_thunder.recording import open as open_recording
from napari_thunder.result import is_result, load_result
from napari_thunder.volumes import VolumeArray
from napari_thunder.widgets.canvas.hover import say_numbers
from napari_thunder.widgets.canvas.streaming import WANTS_CONTRAST, follow

Reader = Callable[[Any], list[LayerData]]


def find_reader(path: str | list[str]) -> Reader | None:
    """The function that reads a path, or None if it holds neither a recording nor a result."""
    if isinstance(path, list):
        return find_reader(path[0]) if len(path) == 1 else None
    place = local_path(path)
    if is_result(place):
        return read_result
    return read_recording if find_format(place) is not None else None


def read_recording(path: str | list[str]) -> list[LayerData]:
    """A recording as a layer that streams."""
    return recording_layers(open_recording(path[0] if isinstance(path, list) else path))


def read_result(path: str | list[str]) -> list[LayerData]:
    """A saved result as the layers that show it; the current viewer will say its numbers under the mouse."""
    viewer = napari.current_viewer()
    if viewer is not None:
        say_numbers(viewer)
    dataset = load_result(path[0] if isinstance(path, list) else path)
    return [spec.as_tuple() for spec in layers_for_result(dataset)]


def recording_layers(recording: Recording) -> list[LayerData]:
    """The streaming layer of a recording; the current viewer will redraw it as its volumes arrive."""
    viewer = napari.current_viewer()
    if viewer is not None:
        follow(viewer)
    spec = layer_for_recording(recording, VolumeArray(recording), visible=True)
    spec.thunder[WANTS_CONTRAST] = True
    return [spec.as_tuple()]

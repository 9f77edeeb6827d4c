"""Recordings become layers, and layers that go leave the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Layer

from napari_thunder.display import layer_for_recording
from napari_thunder.display.space import space_of_recording
from napari_thunder.models import Desk
from napari_thunder.models.datasets import Dataset
from napari_thunder.volumes import VolumeArray
from napari_thunder.widgets.canvas.streaming import array_of, follow, set_contrast
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer


class Layers:
    """Keeps the recordings in a viewer and those of a desk in step.

    Parameters
    ----------
    viewer
        Where the layers are.
    desk
        Whose recordings they show.
    """

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, main_thread: MainThread) -> None:
        self._viewer = viewer
        self._desk = desk
        self._recordings: dict[int, Layer] = {}
        follow(viewer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        main_thread.connect(desk.datasets.opened, self._show_recording)
        main_thread.connect(desk.datasets.amended, self._amend_recording)
        main_thread.connect(desk.datasets.contrasted, self._set_contrast)
        main_thread.connect(desk.datasets.removed, self._remove_recording)

    @property
    def settled(self) -> bool:
        """Whether every recording shows the frame asked for."""
        if len(self._recordings) < len(self._desk.datasets):
            return False
        return not any(array.loading for layer in self._recordings.values() if (array := array_of(layer)))

    def adopt_all(self) -> None:
        """Take recordings that are in the viewer already onto the desk."""
        for layer in self._viewer.layers:
            self._adopt(layer)

    def close(self) -> None:
        """Let go of the viewer; its layers stay, and recordings go on streaming."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_inserted(self, event: Any) -> None:
        self._adopt(event.value)

    def _adopt(self, layer: Any) -> None:
        array = array_of(layer)
        if array is None or any(array_of(known) is array for known in self._recordings.values()):
            return
        key = self._desk.datasets.reserve()
        self._recordings[key] = layer
        self._desk.datasets.add(array.recording, key)

    def _on_removed(self, event: Any) -> None:
        for key in [key for key, layer in self._recordings.items() if layer == event.value]:
            del self._recordings[key]
            self._desk.datasets.remove(key)

    def _show_recording(self, dataset: Dataset) -> None:
        if dataset.key in self._recordings:
            return
        spec = layer_for_recording(dataset.recording, VolumeArray(dataset.recording, dataset.reader))
        layer = self._recordings[dataset.key] = Layer.create(*spec.as_tuple())
        first = not len(self._viewer.layers)
        self._viewer.add_layer(layer)
        if first:
            t, z, *_ = dataset.recording.shape
            self._viewer.dims.current_step = (t // 2, z // 2, *self._viewer.dims.current_step[2:])
        layer.visible = True

    def _amend_recording(self, dataset: Dataset) -> None:
        layer = self._recordings.get(dataset.key)
        if layer is not None:
            space = space_of_recording(dataset.recording)
            layer.units, layer.scale = space.units, space.scale

    def _set_contrast(self, dataset: Dataset, limits: tuple[float, float]) -> None:
        layer = self._recordings.get(dataset.key)
        if layer is not None:
            set_contrast(layer, limits)

    def _remove_recording(self, dataset: Dataset) -> None:
        self._take_away(self._recordings.pop(dataset.key, None))

    def _take_away(self, layer: Layer | None) -> None:
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

"""Recordings become layers, and layers that go leave the desk."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from psygnal import Signal

from napari_thunder.display import layer_for_recording
from napari_thunder.display.space import space_of_recording
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.io.source import recorded
from napari_thunder.models import Desk
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.volumes import VolumeArray
from napari_thunder.widgets.canvas.standpoint import Standpoints, standing_still
from napari_thunder.widgets.canvas.streaming import array_of, follow, show_raw
from napari_thunder.widgets.canvas.units import agree_on_units, slice_anew
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.settings import setting

if TYPE_CHECKING:
    import napari.viewer


class Layers:
    """Keeps the recordings in a viewer and those of a desk in step.

    Of several recordings only the current one is shown, so that none hides another unsaid; any may be shown by its
    eye in the layer list, or all side by side. `arranged()` is emitted when they are put side by side or back.

    Parameters
    ----------
    viewer
        Where the layers are.
    desk
        Whose recordings they show.
    """

    arranged = Signal()

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, main_thread: MainThread) -> None:
        self._viewer = viewer
        self._desk = desk
        self._recordings: dict[int, Layer] = {}
        self._current: int | None = None
        self._standpoints = Standpoints(viewer)
        self._engine = desk.connection.engine
        follow(viewer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.canvas.grid.events.enabled.connect(self._on_grid)
        main_thread.connect(desk.datasets.opened, self._show_recording)
        main_thread.connect(desk.datasets.amended, self._amend_recording)
        main_thread.connect(desk.datasets.removed, self._remove_recording)
        main_thread.connect(desk.datasets.changed, self._follow_current, newest=True)
        main_thread.connect(desk.connection.changed, self._on_connection, newest=True)

    @property
    def settled(self) -> bool:
        """Whether every recording in sight shows the frame asked for."""
        if len(self._recordings) < len(self._desk.datasets):
            return False
        seen = [layer for layer in self._recordings.values() if layer.visible]
        return not any(array.loading for layer in seen if (array := array_of(layer)))

    @property
    def side_by_side(self) -> bool:
        """Whether the layers are shown in a grid."""
        return bool(self._viewer.canvas.grid.enabled)

    def of_recording(self, key: int) -> Layer | None:
        """The layer of a recording, or None if it has none yet."""
        return self._recordings.get(key)

    def array_of(self, dataset: Dataset) -> VolumeArray:
        """A new array that brings the voxels of a recording as they are."""
        sight = self._desk.views.raw(dataset)
        most = int(setting("memory", "volumes_megabytes")) * 2**20
        return VolumeArray(dataset.recording, sight.reader, coarse=sight.coarse, max_bytes=most)

    def adopt_all(self) -> None:
        """Take recordings that are in the viewer already onto the desk."""
        for layer in self._viewer.layers:
            self._adopt(layer)

    def show_side_by_side(self, wanted: bool = True) -> None:
        """Show all recordings, each in a part of the canvas of its own, or the current one alone again."""
        self._viewer.canvas.grid.enabled = wanted
        if wanted:
            for layer in self._recordings.values():
                layer.visible = True
            self._viewer.fit_to_view(layers=list(self._recordings.values()))
        else:
            self._turn_to_current()

    def show_current_alone(self) -> None:
        """Hide all recordings but the current one, unless they are side by side."""
        self._show_alone(self._current)

    def close(self) -> None:
        """Let go of the viewer; its layers stay, and recordings go on streaming."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.canvas.grid.events.enabled.disconnect(self._on_grid)

    def _on_grid(self, _: object) -> None:
        self.arranged.emit()

    def _on_inserted(self, event: Any) -> None:
        self._adopt(event.value)
        agree_on_units(self._viewer.layers)

    def _adopt(self, layer: Any) -> None:
        array = array_of(layer)
        if array is None or layer.metadata["thunder"].get("kind") != "recording":
            return
        if any(array_of(known) is array for known in self._recordings.values()):
            return
        array = show_raw(layer, array)
        key = self._desk.datasets.reserve()
        self._recordings[key] = layer
        dataset = self._desk.datasets.add(array.recording, key)
        if dataset.reader is not None:
            sight = self._desk.views.raw(dataset)
            array.use(sight.reader, sight.coarse)

    def _on_removed(self, event: Any) -> None:
        for key in [key for key, layer in self._recordings.items() if layer == event.value]:
            del self._recordings[key]
            self._desk.datasets.remove(key)

    def _show_recording(self, dataset: Dataset) -> None:
        if dataset.key in self._recordings:
            return
        array = self.array_of(dataset)
        layer = Layer.create(*layer_for_recording(dataset.recording, array).as_tuple())
        self._recordings[dataset.key] = layer
        first = not len(self._viewer.layers)
        agree_on_units(self._viewer.layers, layer)
        self._viewer.add_layer(layer)
        if first:
            t, z, *_ = dataset.recording.shape
            self._viewer.dims.current_step = (t // 2, z // 2, *self._viewer.dims.current_step[2:])
        self._follow_current()

    def _follow_current(self) -> None:
        """Show the recording that has become the current one; what was made visible meanwhile is left alone."""
        current = self._desk.datasets.current
        key = None if current is None else current.key
        if key != self._current and (key is None or key in self._recordings):
            self._current = key
            self._turn_to_current()

    def _on_connection(self) -> None:
        """What could not be read for want of an engine is fetched by the new one without being asked for again."""
        before, self._engine = self._engine, self._desk.connection.engine
        if self._engine is None or self._engine is before:
            return
        for key, layer in self._recordings.items():
            array = array_of(layer)
            far = array is not None and isinstance(recorded(array.recording.source), ElsewhereSource)
            if array is not None and far:
                array.retry()
            self._desk.views.retry(key)

    def _turn_to_current(self) -> None:
        layer = None if self._current is None else self._recordings.get(self._current)
        if self._current is not None and layer is not None and not self.side_by_side:
            self._standpoints.turn_to(self._current, layer)
        self._show_alone(self._current)

    def _show_alone(self, key: int | None) -> None:
        for other, layer in self._recordings.items():
            seen = other == key or self.side_by_side
            if layer.visible != seen:
                layer.visible = seen

    def _amend_recording(self, dataset: Dataset) -> None:
        layer = self._recordings.get(dataset.key)
        if layer is None:
            return
        space, current = space_of_recording(dataset.recording), self._desk.datasets.current
        shown = current is not None and current.key == dataset.key
        with standing_still(self._viewer, layer) if shown else nullcontext():
            layer.units, layer.scale = space.units, space.scale
            agree_on_units(self._viewer.layers)
        self._standpoints.amended(dataset.key, layer)
        slice_anew(layer)

    def _remove_recording(self, dataset: Dataset) -> None:
        self._standpoints.forget(dataset.key)
        self._take_away(self._recordings.pop(dataset.key, None))

    def _take_away(self, layer: Layer | None) -> None:
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

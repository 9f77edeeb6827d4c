"""The one place that adds to the viewer: recordings and maps become layers, and layers that go leave the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_thunder.display import LayerSpec, Wheel, layer_for_recording
from napari_thunder.display.space import about_recording, space_of_recording, space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.datasets import Dataset
from napari_thunder.models.results import ResultEntry
from napari_thunder.volumes import VolumeArray
from napari_thunder.widgets.canvas.hover import say_numbers
from napari_thunder.widgets.canvas.streaming import array_of, follow, set_contrast
from napari_thunder.widgets.canvas.wheel import show_canvas_wheel
from napari_thunder.widgets.legend_view import wheel_pixels
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

_WHEEL_SIDE = 168


class Layers:
    """Keeps a viewer's layers and a desk in step.

    Parameters
    ----------
    viewer
        Where the layers are.
    desk
        Whose recordings and results they show.
    """

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, main_thread: MainThread) -> None:
        self._viewer = viewer
        self._desk = desk
        self._recordings: dict[int, Layer] = {}
        self._maps: dict[int, Layer] = {}
        self._specs: dict[int, LayerSpec] = {}
        follow(viewer)
        say_numbers(viewer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.events.theme.connect(self._show_wheel)
        main_thread.connect(desk.datasets.opened, self._show_recording)
        main_thread.connect(desk.datasets.amended, self._amend_recording)
        main_thread.connect(desk.datasets.contrasted, self._set_contrast)
        main_thread.connect(desk.datasets.removed, self._remove_recording)
        main_thread.connect(desk.pictures.painted, self._show_map)
        main_thread.connect(desk.pictures.fronted, self._bring_to_front, newest=True)
        main_thread.connect(desk.results.removed, self._remove_map)

    @property
    def settled(self) -> bool:
        """Whether every recording shows the frame asked for, and every result its map."""
        if len(self._recordings) < len(self._desk.datasets) or len(self._maps) < len(self._desk.results):
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
        self._viewer.events.theme.disconnect(self._show_wheel)

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
        for layers, gone in ((self._recordings, self._desk.datasets.remove), (self._maps, self._desk.results.remove)):
            for key in [key for key, layer in layers.items() if layer == event.value]:
                del layers[key]
                gone(key)

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
            for key in self._maps:
                self._lay_on_recording(key)

    def _lay_on_recording(self, key: int) -> None:
        """Let a map lie where its recording lies, which may have got its voxel size after the map was made."""
        entry, layer = self._desk.results.get(key), self._maps[key]
        owner = None if entry is None else str(about_recording(entry.dataset).get("uri", ""))
        for dataset in self._desk.datasets:
            space = space_of_volume(dataset.recording.voxel_size)
            if dataset.recording.uri == owner and tuple(layer.scale) != space.scale:
                layer.units, layer.scale = space.units, space.scale

    def _set_contrast(self, dataset: Dataset, limits: tuple[float, float]) -> None:
        layer = self._recordings.get(dataset.key)
        if layer is not None:
            set_contrast(layer, limits)

    def _remove_recording(self, dataset: Dataset) -> None:
        self._take_away(self._recordings.pop(dataset.key, None))

    def _show_map(self, key: int, spec: LayerSpec) -> None:
        if self._desk.results.get(key) is None:
            return
        layer, before = self._maps.get(key), self._specs.get(key)
        self._specs[key] = spec
        if layer is None:
            self._maps[key] = self._add_map(spec, len(self._viewer.layers))
            self._bring_to_front(self._desk.pictures.front)
        elif before is not None and _same_kind(spec, before):
            _update(layer, spec)
        else:
            self._replace_map(key, layer, spec)
        self._lay_on_recording(key)
        self._show_wheel()

    def _add_map(self, spec: LayerSpec, index: int) -> Layer:
        layer = Layer.create(*spec.as_tuple())
        self._viewer.layers.insert(index, layer)
        if spec.layer_type == "image" and not spec.kwargs["rgb"]:
            layer.colorbar.visible = True
        return layer

    def _replace_map(self, key: int, layer: Layer, spec: LayerSpec) -> None:
        """Another kind of layer in the same place."""
        del self._maps[key]
        index, visible = self._viewer.layers.index(layer), layer.visible
        self._take_away(layer)
        self._maps[key] = self._add_map(spec.shown(visible), index)

    def _bring_to_front(self, front: int | None) -> None:
        """Show the map in front and hide the others, so that their colours do not mix."""
        for key, layer in self._maps.items():
            layer.visible = key == front
        self._show_wheel()

    def _remove_map(self, entry: ResultEntry) -> None:
        self._specs.pop(entry.key, None)
        self._take_away(self._maps.pop(entry.key, None))
        self._show_wheel()

    def _take_away(self, layer: Layer | None) -> None:
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def _show_wheel(self, _: object = None) -> None:
        """The wheel of the map in front on the canvas, or none."""
        spec = self._specs.get(self._desk.pictures.front or 0)
        pixels = None
        if spec is not None and isinstance(spec.thunder["legend"], Wheel):
            legend, threshold = spec.thunder["legend"], spec.thunder.get("threshold")
            pixels = wheel_pixels(legend, _WHEEL_SIDE, _text_colour(self._viewer), threshold)
        show_canvas_wheel(self._viewer, pixels)


def _text_colour(viewer: Any) -> QColor:
    """What can be read on the canvas of the viewer's theme."""
    red, green, blue = get_theme(viewer.theme).text.as_rgb_tuple(alpha=False)
    return QColor(red, green, blue)


def _same_kind(a: LayerSpec, b: LayerSpec) -> bool:
    return (a.layer_type, a.kwargs.get("rgb")) == (b.layer_type, b.kwargs.get("rgb"))


def _update(layer: Layer, spec: LayerSpec) -> None:
    """Give a layer what a newer picture of the same kind shows; what the user set on the layer stays."""
    layer.data = spec.data
    before = layer.metadata["thunder"]
    layer.metadata["thunder"] = spec.thunder
    if any(before.get(said) != spec.thunder.get(said) for said in ("recording", "choice", "components")):
        layer.name = spec.name
    if spec.layer_type == "image" and not spec.kwargs["rgb"]:
        layer.contrast_limits = spec.kwargs["contrast_limits"]
        layer.colormap = spec.kwargs["colormap"]

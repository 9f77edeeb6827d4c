"""The maps of results as layers: one place adds them, shows the one in front, and lets go of those that are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_thunder.display import LayerSpec, Wheel
from napari_thunder.display.space import about_recording, space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.datasets import Dataset
from napari_thunder.models.results import ResultEntry
from napari_thunder.widgets.canvas.hover import say_numbers
from napari_thunder.widgets.canvas.wheel import show_canvas_wheel
from napari_thunder.widgets.legend_view import wheel_pixels
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

_WHEEL_SIDE = 168


class MapLayers:
    """Keeps the maps in a viewer and the results of a desk in step.

    Parameters
    ----------
    viewer
        Where the layers are.
    desk
        Whose results they show.
    """

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, main_thread: MainThread) -> None:
        self._viewer = viewer
        self._desk = desk
        self._maps: dict[int, Layer] = {}
        self._specs: dict[int, LayerSpec] = {}
        say_numbers(viewer)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.events.theme.connect(self._show_wheel)
        main_thread.connect(desk.datasets.amended, self._amend_recording)
        main_thread.connect(desk.pictures.painted, self._show_map)
        main_thread.connect(desk.pictures.fronted, self._bring_to_front, newest=True)
        main_thread.connect(desk.results.removed, self._remove_map)

    @property
    def settled(self) -> bool:
        """Whether every result shows its map."""
        return len(self._maps) >= len(self._desk.results)

    def close(self) -> None:
        """Let go of the viewer; its layers stay."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.events.theme.disconnect(self._show_wheel)

    def _on_removed(self, event: Any) -> None:
        for key in [key for key, layer in self._maps.items() if layer == event.value]:
            del self._maps[key]
            self._desk.results.remove(key)

    def _amend_recording(self, _: Dataset) -> None:
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

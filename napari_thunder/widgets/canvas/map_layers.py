"""The maps of results as layers: one place adds them, keeps them in step with the desk, and lets go of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.layers import Layer

from napari_thunder.display import LayerSpec
from napari_thunder.display.space import about_recording, space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.widgets.canvas.hover import renew_numbers, say_numbers
from napari_thunder.widgets.canvas.units import agree_on_units, slice_anew
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

_STYLE = ("opacity", "contrast_limits")


class MapLayers:
    """Keeps the maps in a viewer and the results of a desk in step, whoever changes one of them.

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
        self._busy = False
        say_numbers(viewer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.events.reordered.connect(self._on_reordered)
        main_thread.connect(desk.datasets.amended, self._amend_recording)
        main_thread.connect(desk.pictures.painted, self._show_map)
        main_thread.connect(desk.pictures.sighted, self.show_and_hide, newest=True)
        main_thread.connect(desk.pictures.fronted, self._select, newest=True)
        main_thread.connect(desk.results.arranged, self._arrange, newest=True)
        main_thread.connect(desk.results.renamed, self._rename)
        main_thread.connect(desk.results.removed, self._remove_map)

    @property
    def settled(self) -> bool:
        """Whether every result shows its map."""
        return len(self._maps) >= sum(self._desk.pictures.look(entry.key) is not None for entry in self._desk.results)

    def layer(self, key: int) -> Layer | None:
        """The layer of a result."""
        return self._maps.get(key)

    def adopt_all(self) -> None:
        """Take maps that are in the viewer already onto the desk."""
        for layer in list(self._viewer.layers):
            self._adopt(layer)

    def close(self) -> None:
        """Let go of the viewer; its layers stay."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.layers.events.reordered.disconnect(self._on_reordered)
        for layer in self._maps.values():
            self._unwatch(layer)

    @contextmanager
    def rearranging(self) -> Iterator[None]:
        """What happens to layers inside is not taken as the user's wish."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def _on_inserted(self, event: Any) -> None:
        if not self._busy:
            self._adopt(event.value)

    def _adopt(self, layer: Any) -> None:
        """Take a layer of maps that came another way (dropped, duplicated, left by a closed dock) onto the desk."""
        said = layer.metadata.get("thunder")
        if layer in self._maps.values() or not isinstance(said, dict) or said.get("dataset") is None:
            return
        spec = LayerSpec(layer.data, {"name": layer.name, "metadata": layer.metadata, "visible": layer.visible})
        entry = self._desk.pictures.adopt(layer.name, said["dataset"], spec, shown=layer.visible)
        if entry is not None:
            self._keep(entry.key, layer)
            self._rename(entry)

    def _on_removed(self, event: Any) -> None:
        for key in [key for key, layer in self._maps.items() if layer == event.value]:
            self._unwatch(self._maps.pop(key))
            self._desk.results.remove(key)

    def _on_reordered(self, _: Any) -> None:
        if not self._busy:
            self._desk.results.arrange(key for layer in self._viewer.layers if (key := self._key_of(layer)) is not None)

    def _key_of(self, layer: Any) -> int | None:
        return next((key for key, known in self._maps.items() if known == layer), None)

    def _keep(self, key: int, layer: Layer) -> None:
        self._maps[key] = layer
        for name in ("name", "visible", *_STYLE):
            if (emitter := getattr(layer.events, name, None)) is not None:
                emitter.connect(self._on_changed)

    def _unwatch(self, layer: Layer) -> None:
        for name in ("name", "visible", *_STYLE):
            if (emitter := getattr(layer.events, name, None)) is not None:
                emitter.disconnect(self._on_changed)

    def _on_changed(self, event: Any) -> None:
        """Take over what the user did to the layer in napari's own controls."""
        key = None if self._busy else self._key_of(event.source)
        if key is None:
            return
        layer, pictures = self._maps[key], self._desk.pictures
        if event.type == "name":
            self._desk.results.rename(key, layer.name)
        elif event.type == "visible":
            pictures.switch([key], layer.visible)
        elif (look := pictures.look(key)) is not None:
            if event.type == "opacity":
                pictures.note(key, replace(look, opacity=float(layer.opacity)))
            elif "found_limits" in layer.metadata["thunder"]:
                low, high = layer.contrast_limits
                pictures.note(key, replace(look, limits=(float(low), float(high))))

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
                slice_anew(layer)

    def _show_map(self, key: int, spec: LayerSpec) -> None:
        entry = self._desk.results.get(key)
        if entry is None:
            return
        layer, before = self._maps.get(key), self._specs.get(key)
        self._specs[key] = spec
        with self.rearranging():
            if layer is None:
                self._add_map(entry, spec)
                self._arrange()
            elif _same_kind(spec, layer):
                _update(layer, spec, before)
            else:
                self._replace_map(entry, layer, spec)
            self._lay_on_recording(key)
        renew_numbers(self._viewer)

    def _add_map(self, entry: ResultEntry, spec: LayerSpec, index: int | None = None) -> None:
        layer = Layer.create(*spec.as_tuple())
        layer.name, layer.visible = entry.name, self._desk.pictures.in_sight(entry.key)
        agree_on_units(self._viewer.layers, layer)
        self._viewer.layers.insert(len(self._viewer.layers) if index is None else index, layer)
        self._keep(entry.key, layer)

    def _replace_map(self, entry: ResultEntry, layer: Layer, spec: LayerSpec) -> None:
        """Another kind of layer in the same place."""
        self._unwatch(self._maps.pop(entry.key))
        index = self._viewer.layers.index(layer)
        self._take_away(layer)
        self._add_map(entry, spec, index)

    def show_and_hide(self) -> None:
        """Let the layers be visible as the results are."""
        with self.rearranging():
            for key, layer in self._maps.items():
                if layer.visible != (seen := self._desk.pictures.in_sight(key)):
                    layer.visible = seen

    def _select(self, key: int) -> None:
        """Let napari's own controls be those of the map in front, unless they are of something else than a map."""
        selection = self._viewer.layers.selection
        if key in self._maps and selection.active in self._maps.values():
            selection.active = self._maps[key]

    def _rename(self, entry: ResultEntry) -> None:
        layer = self._maps.get(entry.key)
        if layer is not None and layer.name != entry.name:
            with self.rearranging():
                layer.name = entry.name

    def _arrange(self) -> None:
        """Put the layers of maps in the order of the results, in the places that such layers have."""
        wanted = [self._maps[entry.key] for entry in self._desk.results if entry.key in self._maps]
        layers = self._viewer.layers
        places = sorted(layers.index(layer) for layer in wanted)
        with self.rearranging():
            for place, layer in zip(places, wanted, strict=True):
                if (now := layers.index(layer)) != place:
                    layers.move(now, place)

    def _remove_map(self, entry: ResultEntry) -> None:
        self._specs.pop(entry.key, None)
        layer = self._maps.pop(entry.key, None)
        if layer is not None:
            self._unwatch(layer)
            self._take_away(layer)

    def _take_away(self, layer: Layer) -> None:
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def _same_kind(spec: LayerSpec, layer: Layer) -> bool:
    kind = type(layer).__name__.lower()
    return kind == spec.layer_type and getattr(layer, "rgb", None) == spec.kwargs.get("rgb")


def _update(layer: Layer, spec: LayerSpec, before: LayerSpec | None) -> None:
    """Give a layer what a newer picture of the same kind shows; what only looks different is not sent anew."""
    styled = before is not None and spec.data is before.data and _style(spec) != _style(before)
    if not styled:
        layer.data = spec.data
    layer.metadata["thunder"] = spec.thunder
    layer.opacity = spec.kwargs.get("opacity", layer.opacity)
    if spec.layer_type == "image" and not spec.kwargs["rgb"]:
        layer.contrast_limits = spec.kwargs["contrast_limits"]
        if before is None or spec.kwargs["colormap"] is not before.kwargs["colormap"]:
            layer.colormap = spec.kwargs["colormap"]


def _style(spec: LayerSpec) -> tuple[Any, ...]:
    return tuple(spec.kwargs.get(name) for name in _STYLE)

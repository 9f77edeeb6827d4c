"""Two maps side by side, each over the anatomy, with one camera and one set of sliders."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Layer
from psygnal import Signal

from napari_thunder.models import Desk
from napari_thunder.widgets.canvas.map_layers import MapLayers
from napari_thunder.widgets.canvas.map_legends import MapLegends
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

_LINKED = ("contrast_limits", "colormap", "gamma", "opacity")
_GRID = ("stride", "shape", "spacing", "enabled")
_CAMERA = ("center", "zoom", "angles", "perspective")
_GAP = 6.0


@dataclass(frozen=True, slots=True)
class _View:
    """The viewer as it was."""

    layers: tuple[Layer, ...]
    visible: tuple[bool, ...]
    selected: tuple[Layer, ...]
    grid: dict[str, Any]
    camera: dict[str, Any]
    ndisplay: int
    shown: frozenset[int]
    front: int | None


class Comparison:
    """Puts two results of the desk into the halves of the canvas, and the view back as it was.

    `changed()` is emitted when a comparison begins or ends, `beginning()` before it takes the canvas.

    Parameters
    ----------
    viewer, desk
        Whose layers and results.
    layers, legends
        What shows them.
    """

    changed = Signal()
    beginning = Signal()

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        desk: Desk,
        main_thread: MainThread,
        layers: MapLayers,
        legends: MapLegends,
    ) -> None:
        self.pair: tuple[int, int] | None = None
        self._viewer = viewer
        self._desk = desk
        self._layers = layers
        self._legends = legends
        self._before: _View | None = None
        self._copy: Layer | None = None
        viewer.canvas.grid.events.enabled.connect(self._on_grid)
        main_thread.connect(desk.pictures.sighted, self._on_sighted, newest=True)

    def close(self) -> None:
        """Let go of the viewer; the view stays as it is."""
        self._viewer.canvas.grid.events.enabled.disconnect(self._on_grid)

    def begin(self, left: int, right: int) -> None:
        """Show two results side by side; nothing happens if one of them has no layer yet."""
        self.end()
        self.beginning.emit()
        maps = self._layers.layer(left), self._layers.layer(right)
        if maps[0] is None or maps[1] is None or left == right:
            return
        self._before = self._view()
        self.pair = (left, right)
        with self._layers.rearranging():
            self._lay_out(maps[0], maps[1])
        self._desk.pictures.show_only((left, right))
        self._legends.stand_apart(self.pair)
        self.changed.emit()

    def end(self) -> None:
        """Put the view back as it was before."""
        self._finish(give_back=True)

    def _finish(self, *, give_back: bool) -> None:
        before, self._before, self.pair = self._before, None, None
        if before is None:
            return
        with self._layers.rearranging():
            self._put_back(before)
        if give_back:
            self._desk.pictures.show_only(before.shown, front=before.front)
        self._legends.stand_apart(None)
        self.changed.emit()

    def _view(self) -> _View:
        viewer, pictures = self._viewer, self._desk.pictures
        layers = tuple(viewer.layers)
        return _View(
            layers,
            tuple(layer.visible for layer in layers),
            tuple(viewer.layers.selection),
            {name: getattr(viewer.canvas.grid, name) for name in _GRID},
            {name: getattr(viewer.scene.camera, name) for name in _CAMERA},
            viewer.dims.ndisplay,
            pictures.shown,
            pictures.front,
        )

    def _lay_out(self, left: Layer, right: Layer) -> None:
        """With a negative stride napari fills its grid from the top of the list: a map and its anatomy in each cell."""
        layers = self._viewer.layers
        anatomy = self._anatomy()
        for layer in layers:
            _see(layer, layer in (left, right, anatomy))
        if anatomy is None:
            order, stride = [right, left], -1
        else:
            self._copy = copy.copy(anatomy)
            self._copy.name = f"{anatomy.name} (right)"
            layers.append(self._copy)
            layers.link_layers([anatomy, self._copy], _LINKED)
            order, stride = [self._copy, right, anatomy, left], -2
        layers.move_multiple([layers.index(layer) for layer in order], len(layers))
        layers.selection = {left}
        self._set_grid({"stride": stride, "shape": (1, 2), "spacing": _GAP}, on=True)

    def _set_grid(self, values: dict[str, Any], *, on: bool) -> None:
        """One change, not several: napari builds its scene anew for each."""
        grid = self._viewer.canvas.grid
        if not on:
            grid.enabled = False
        with grid.events.blocker_all():
            for name, value in values.items():
                setattr(grid, name, value)
        if on:
            grid.enabled = True

    def _anatomy(self) -> Layer | None:
        """The recording that is seen, the topmost of several."""
        seen = (layer for layer in reversed(self._viewer.layers) if layer.visible and array_of(layer) is not None)
        return next(seen, None)

    def _put_back(self, before: _View) -> None:
        layers = self._viewer.layers
        values = {name: before.grid[name] for name in _GRID if name != "enabled"}
        self._set_grid(values, on=before.grid["enabled"])
        if self._copy is not None and self._copy in layers:
            layers.remove(self._copy)
        self._copy = None
        known = [pair for pair in zip(before.layers, before.visible, strict=True) if pair[0] in layers]
        wanted = [layers.index(layer) for layer, _ in known]
        if wanted != sorted(wanted):
            layers.move_multiple(wanted, 0)
        for layer, visible in known:
            _see(layer, visible)
        layers.selection = {layer for layer in before.selected if layer in layers}
        if (
            self._viewer.dims.ndisplay == before.ndisplay
        ):  # a camera of 2-D is in the first plane, napari would go there
            for name, value in before.camera.items():
                setattr(self._viewer.scene.camera, name, value)

    def _on_grid(self, _: Any) -> None:
        if self.pair is not None and not self._viewer.canvas.grid.enabled:
            self.end()

    def _on_sighted(self) -> None:
        """Another choice of maps ends the comparison, and stays."""
        pictures = self._desk.pictures
        if self.pair is not None and pictures.overlay and pictures.shown != set(self.pair):
            self._finish(give_back=False)
            self._layers.show_and_hide()


def _see(layer: Layer, visible: bool) -> None:
    if layer.visible != visible:
        layer.visible = visible

"""Layers of ours alone on the canvas for a while, in one part of it or side by side; the view as it was afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels, Layer

from napari_thunder.widgets.canvas.map_layers import MapLayers

if TYPE_CHECKING:
    import napari.viewer

_GRID = ("stride", "shape", "spacing", "enabled")
_GAP = 4.0


@dataclass(frozen=True, slots=True)
class _Before:
    """The viewer as it was."""

    visible: tuple[tuple[Layer, bool], ...]
    selected: tuple[Layer, ...]
    grid: dict[str, Any]


class Arrangement:
    """Puts layers on the canvas and hides the others, until it is given up or somebody takes one of them away.

    Parameters
    ----------
    viewer
        Whose canvas.
    map_layers
        Must not take what is hidden here as the user's wish.
    broken
        Called when somebody else ended it: by removing one of its layers, or by napari's grid button.
    later
        Calls a function when the one under way is done.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        map_layers: MapLayers,
        broken: Callable[[], None],
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self.layers: list[Layer] = []
        self._later = later
        self._cells: Sequence[Sequence[Layer]] = ()
        self._viewer = viewer
        self._map_layers = map_layers
        self._broken = broken
        self._before: _Before | None = None
        self._factor = 1.0
        self._busy = False
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.canvas.grid.events.enabled.connect(self._on_grid)
        for event in (viewer.layers.events.inserted, viewer.layers.events.reordered):
            event.connect(self._on_others)

    @property
    def shown(self) -> bool:
        """Whether it is on the canvas."""
        return self._before is not None

    def show(self, cells: Sequence[Sequence[Layer]]) -> None:
        """Show layers, the lower ones of each cell first; cells stand side by side, four of them two by two.

        Those that are shown already stay, and keep what they have fetched.
        """
        wanted = [layer for cell in cells for layer in cell]
        with self._arranging():
            if self._before is None:
                self._before = self._noted()
            elif len(cells) == 1 or set(wanted) != set(self.layers):
                self._set_grid({}, on=False)  # napari builds its scene anew for each layer that comes or goes
            self._take_away(but=wanted)
            self.layers, self._cells = wanted, cells
            self._hide_others(everything=len(cells) > 1)
            self._add(cells)
            self._order(cells)
            self._viewer.layers.selection = {wanted[-1]}
            self._divide(cells)

    def end(self) -> None:
        """Take the layers away, and let the others be seen as they were; the camera looks where it looked last."""
        before, self._before = self._before, None
        if before is None:
            return
        with self._arranging():
            grid = before.grid
            self._set_grid({name: grid[name] for name in _GRID if name != "enabled"}, on=grid["enabled"])
            self._zoom_to(1.0)
            self._take_away()
            for layer, visible in before.visible:
                if layer in self._viewer.layers and layer.visible != visible:
                    layer.visible = visible
            self._viewer.layers.selection = {layer for layer in before.selected if layer in self._viewer.layers}

    def close(self) -> None:
        """Let go of the viewer, without its layers."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.canvas.grid.events.enabled.disconnect(self._on_grid)
        for event in (self._viewer.layers.events.inserted, self._viewer.layers.events.reordered):
            event.disconnect(self._on_others)

    @contextmanager
    def _arranging(self) -> Iterator[None]:
        before, self._busy = self._busy, True
        try:
            with self._map_layers.rearranging():
                yield
        finally:
            self._busy = before

    def _noted(self) -> _Before:
        viewer = self._viewer
        return _Before(
            tuple((layer, layer.visible) for layer in viewer.layers),
            tuple(viewer.layers.selection),
            {name: getattr(viewer.canvas.grid, name) for name in _GRID},
        )

    def _hide_others(self, *, everything: bool) -> None:
        """Outlines, marks and arrows stay over a single picture; in several parts of the canvas they have no place."""
        before = dict(self._before.visible) if self._before is not None else {}
        for layer in self._viewer.layers:
            seen = before.get(layer, layer.visible) and not everything and not isinstance(layer, Image | Labels)
            if layer not in self.layers and layer.visible != seen:
                layer.visible = seen

    def _add(self, cells: Sequence[Sequence[Layer]]) -> None:
        layers = self._viewer.layers
        for cell in reversed(cells):
            for layer in cell:
                if layer not in layers:
                    layers.append(layer)
                if not layer.visible:
                    layer.visible = True

    def _order(self, cells: Sequence[Sequence[Layer]]) -> None:
        """With a negative stride napari fills its grid from the top of the list; a single picture lies under marks."""
        layers = self._viewer.layers
        ours = [layer for cell in reversed(cells) for layer in cell]
        others = [layer for layer in layers if layer not in ours]
        at = len(others) if len(cells) > 1 else _above_pictures(others)
        wanted = [*others[:at], *ours, *others[at:]]
        if list(layers) != wanted:
            layers.move_multiple([layers.index(layer) for layer in wanted], 0)

    def _divide(self, cells: Sequence[Sequence[Layer]]) -> None:
        """Each part of the canvas shows what the whole of it showed of the brain, in the shape that has most room."""
        if len(cells) == 1:
            self._set_grid({}, on=False)
            self._zoom_to(1.0)
            return
        shapes = [(2, 2)] if len(cells) == 4 else [(1, len(cells)), (len(cells), 1)]
        factor, shape = max(((self._room(*shape), shape) for shape in shapes), key=lambda found: found[0])
        self._set_grid({"stride": -len(cells[0]), "shape": shape, "spacing": _GAP}, on=True)
        self._zoom_to(factor)

    def _room(self, rows: int, columns: int) -> float:
        """By how much the picture has to shrink for a part of the canvas; 1 at most."""
        height, width = self._viewer.canvas.size
        zoom = self._viewer.scene.camera.zoom / self._factor
        low, high = self._viewer.layers.extent.world
        tall, wide = (max(float(high[axis] - low[axis]), 1e-9) * zoom for axis in self._viewer.dims.displayed[-2:])
        return min(1.0, height / rows / min(tall, height), width / columns / min(wide, width))

    def _zoom_to(self, factor: float) -> None:
        """Let a part of the canvas show what the whole of it showed."""
        if factor != self._factor:
            self._viewer.scene.camera.zoom *= factor / self._factor
            self._factor = factor

    def _set_grid(self, values: dict[str, Any], *, on: bool) -> None:
        """One change, not several: napari builds its scene anew for each."""
        grid = self._viewer.canvas.grid
        if all(getattr(grid, name) == value for name, value in values.items()) and grid.enabled == on:
            return
        grid.enabled = False
        with grid.events.blocker_all():
            for name, value in values.items():
                setattr(grid, name, value)
        if on:
            grid.enabled = True

    def _take_away(self, but: Sequence[Layer] = ()) -> None:
        layers, self.layers = self.layers, []
        for layer in layers:
            if layer not in but and layer in self._viewer.layers:
                layer.locked = False
                self._viewer.layers.remove(layer)

    def _on_others(self, _: Any) -> None:
        """What comes on top would push our layers into other parts of the canvas."""
        if not self._busy and self.shown and len(self._cells) > 1:
            self._later(self._order_again)

    def _order_again(self) -> None:
        if self.shown:
            with self._arranging():
                self._order(self._cells)

    def _on_removed(self, event: Any) -> None:
        if not self._busy and event.value in self.layers:
            self._broken()

    def _on_grid(self, _: Any) -> None:
        if not self._busy and self.shown:
            self._broken()


def _above_pictures(layers: Sequence[Layer]) -> int:
    """Where the topmost picture ends and marks begin."""
    return max((i + 1 for i, layer in enumerate(layers) if isinstance(layer, Image | Labels)), default=0)

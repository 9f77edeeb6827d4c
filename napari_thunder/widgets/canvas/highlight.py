"""The voxels that are chosen in a plot, lit up in the brain."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from napari_thunder.display.space import space_of_maps
from napari_thunder.models import Desk
from napari_thunder.models.background import Background
from napari_thunder.models.latest import Latest
from napari_thunder.models.plots.selection import HIGHLIGHT
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.widgets.canvas.map_layers import MapLayers
from napari_thunder.widgets.canvas.units import agree_on_units, slice_anew
from napari_thunder.widgets.main_thread import MainThread

NAME = "Chosen in the plot"

_RIM, _CHOSEN = 1, 2
_RIM_ALPHA = 0.55
_AROUND = np.ones((1, 3, 3), bool)


class Highlight:
    """A layer above all others: chosen voxels in one colour with a dark rim, so that they are seen on any map.

    It is hidden when nothing is chosen, as napari takes a quarter of a second to let a layer go; it goes with the last
    result. Who takes it away chooses nothing any more.

    Parameters
    ----------
    viewer
        Where the layer is.
    desk
        Whose chosen voxels it shows.
    map_layers
        Know where the maps of each result lie.
    """

    def __init__(self, viewer: Any, desk: Desk, main_thread: MainThread, map_layers: MapLayers) -> None:
        self.layer: Image | None = None
        self._at_rest = False
        self._viewer = viewer
        self._desk = desk
        self._map_layers = map_layers
        self._main_thread = main_thread
        self._background = Background("highlight")
        self._latest = Latest(self._background)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        main_thread.connect(desk.brushing.lit, self._show, newest=True)
        main_thread.connect(desk.brushing.selected, self._clear_if_nothing, newest=True)
        main_thread.connect(desk.results.changed, self._go_with_results, newest=True)

    def close(self) -> None:
        """Let go of the viewer, and take the layer away."""
        self._background.close(0.2)
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        with suppress(RuntimeError):  # the canvas may be gone already
            self._take_away()

    def _show(self) -> None:
        brushing = self._desk.brushing
        if brushing.entry is None or brushing.mask is None:
            self._rest()
            return
        self._latest.ask(self._paint, brushing.entry, brushing.mask)

    def _paint(self, entry: ResultEntry, mask: NDArray[np.bool_]) -> None:
        self._main_thread.call(self._lay, entry, mask, painted(mask))

    def _lay(self, entry: ResultEntry, mask: NDArray[np.bool_], values: NDArray[np.uint8]) -> None:
        if self._desk.brushing.mask is not mask:
            return
        if self.layer is None:
            self._add(entry, values)
        else:
            self.layer.data = values
        self._place(entry)
        if self._at_rest and self.layer is not None:
            self._at_rest, self.layer.visible = False, True

    def _add(self, entry: ResultEntry, values: NDArray[np.uint8]) -> None:
        layer = Image(
            values,
            name=NAME,
            colormap=_colormap(),
            contrast_limits=(0, _CHOSEN),
            interpolation2d="nearest",
            interpolation3d="nearest",
            rendering="mip",
            blending="translucent_no_depth",
            metadata={"thunder": {"kind": "highlight"}},
            **space_of_maps(entry.dataset).kwargs(),
        )
        agree_on_units(self._viewer.layers, layer)
        chosen = set(self._viewer.layers.selection)
        self.layer = layer
        self._viewer.layers.append(layer)
        self._viewer.layers.selection = chosen

    def _place(self, entry: ResultEntry) -> None:
        """Lie where the map lies."""
        layer, beside = self.layer, self._map_layers.layer(entry.key)
        if layer is None or beside is None:
            return
        scale, translate, units = beside.scale[-3:], beside.translate[-3:], beside.units[-3:]
        same = np.array_equal(layer.scale, scale) and np.array_equal(layer.translate, translate)
        if not same or tuple(layer.units) != tuple(units):
            layer.scale, layer.translate, layer.units = scale, translate, units
            slice_anew(layer)

    def _clear_if_nothing(self) -> None:
        if self._desk.brushing.selection is None:
            self._rest()

    def _rest(self) -> None:
        """Out of sight; who had hidden it by hand sees it again with the next choice."""
        if self.layer is not None and not self._at_rest:
            self._at_rest, self.layer.visible = True, False

    def _go_with_results(self) -> None:
        if self._at_rest and not len(self._desk.results):
            self._take_away()

    def _on_inserted(self, event: Any) -> None:
        """Maps that come later must not cover it."""
        if self.layer is not None and event.value is not self.layer:
            self._main_thread.call(self._raise)

    def _raise(self) -> None:
        layers = self._viewer.layers
        if self.layer is not None and self.layer in layers and layers[-1] is not self.layer:
            layers.move(layers.index(self.layer), len(layers))

    def _on_removed(self, event: Any) -> None:
        if self.layer is not None and event.value is self.layer:
            self.layer, self._at_rest = None, False
            self._desk.brushing.select(None)

    def _take_away(self) -> None:
        layer, self.layer, self._at_rest = self.layer, None, False
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)


def painted(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """2 where a voxel is chosen, 1 beside it in its plane, 0 elsewhere."""
    rim = binary_dilation(mask, _AROUND)
    values: NDArray[np.uint8] = rim.astype(np.uint8)
    values[mask] = _CHOSEN
    return values


def _colormap() -> Colormap:
    red, green, blue = (int(HIGHLIGHT[at : at + 2], 16) / 255 for at in (1, 3, 5))
    colors = [(0, 0, 0, 0), (0, 0, 0, _RIM_ALPHA), (red, green, blue, 1)]
    return Colormap(colors, name="thunder chosen", interpolation="zero", controls=[0, 0.25, 0.75, 1])

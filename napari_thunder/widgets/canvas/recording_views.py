"""Lets the layer of each recording show the view that was chosen, with the contrast that the view had before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from napari.layers import Layer
from psygnal import Signal

from napari_thunder.models import Desk
from napari_thunder.models.background import Background
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.models.data.views import view_limits
from napari_thunder.volumes import MovieView, Sight, ViewKind, VolumeArray
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.streaming import array_of, exchange, exchange_beside, set_contrast
from napari_thunder.widgets.main_thread import MainThread

_CACHE_BYTES = 256 * 2**20
_SAMPLE = 200_000
_COLORMAPS = {ViewKind.DFF: "magma"}


@dataclass(frozen=True, slots=True)
class _Look:
    """How a view was drawn."""

    limits: tuple[float, float]
    colormap: Any
    gamma: float


class RecordingViews:
    """Exchanges what recordings' layers stream; `changed(key)` is emitted when one shows another view.

    Parameters
    ----------
    desk
        Whose views are shown.
    layers
        Knows the layer of each recording.
    """

    changed = Signal(int)

    def __init__(self, desk: Desk, main_thread: MainThread, layers: Layers) -> None:
        self._desk = desk
        self._main_thread = main_thread
        self._layers = layers
        self._shown: dict[int, MovieView] = {}
        self._raw: dict[int, VolumeArray] = {}
        self._looks: dict[tuple[int, ViewKind], _Look] = {}
        self._background = Background("contrast")
        main_thread.connect(desk.views.ready, self._show)
        main_thread.connect(desk.datasets.contrasted, self._set_raw_contrast)
        main_thread.connect(desk.datasets.amended, self._follow_source)
        main_thread.connect(desk.datasets.removed, self._forget)

    def shown(self, key: int) -> MovieView:
        """The view that the layer of a recording shows now."""
        return self._shown.get(key, MovieView())

    def auto_contrast(self, key: int | None = None) -> None:
        """Let the picture that is shown span the contrast of its layer; of the current recording when left out."""
        current = self._desk.datasets.current
        key = current.key if key is None and current is not None else key
        layer = None if key is None else self._layers.of_recording(key)
        array = None if layer is None else array_of(layer)
        if key is not None and array is not None and array.shown_frame is not None:
            self._background.start(self._find_contrast, key, array)

    def close(self) -> None:
        """Find no more limits."""
        self._background.close(0.0)

    def _show(self, key: int, sight: Sight) -> None:
        layer, before = self._layers.of_recording(key), self.shown(key)
        array = None if layer is None else array_of(layer)
        if layer is None or array is None or before.kind is sight.view.kind is ViewKind.RAW:
            return
        if before.kind is ViewKind.RAW:
            self._raw[key] = array
        self._looks[key, before.kind] = _Look(tuple(layer.contrast_limits), layer.colormap, layer.gamma)
        self._shown[key] = sight.view
        shown = self._raw.pop(key) if sight.view.kind is ViewKind.RAW else self._array(key, sight)
        self._draw_as_before(key, layer, shown, sight.view)
        exchange(layer, shown, keep=before.kind is ViewKind.RAW)
        self.changed.emit(key)

    def _follow_source(self, dataset: Dataset) -> None:
        """Bring other voxels where a recording is seen through shifts from now on, or no longer."""
        key, layer = dataset.key, self._layers.of_recording(dataset.key)
        shown = None if layer is None else array_of(layer)
        raw = self._raw.get(key, shown)
        if layer is None or raw is None or raw.recording.source is dataset.recording.source:
            return
        array = self._layers.array_of(dataset)
        if raw is shown:
            array.begin_with(shown.shown_values)
            exchange(layer, array, keep=False)
        else:
            self._raw[key] = array
            exchange_beside(layer, raw, array)

    def _array(self, key: int, sight: Sight) -> VolumeArray:
        dataset = next(dataset for dataset in self._desk.datasets if dataset.key == key)
        return VolumeArray(
            dataset.recording, sight.reader, coarse=sight.coarse, dtype=sight.dtype, max_bytes=_CACHE_BYTES
        )

    def _draw_as_before(self, key: int, layer: Layer, array: VolumeArray, view: MovieView) -> None:
        look = self._looks.get((key, view.kind))
        raw = self._looks.get((key, ViewKind.RAW))
        if look is None and view.kind is ViewKind.MEAN and raw is not None:
            look = raw
        if look is not None:
            layer.colormap, layer.gamma = look.colormap, look.gamma
            set_contrast(layer, look.limits)
            return
        layer.colormap = _COLORMAPS.get(view.kind, "gray")
        set_contrast(layer, (0.0, 1.0))
        self._find_contrast_of_first(key, array)

    def _find_contrast_of_first(self, key: int, array: VolumeArray) -> None:
        """When the first picture is there, in the thread that brought it."""

        def find(_: int) -> None:
            array.arrived.disconnect(find, missing_ok=True)
            self._find_contrast(key, array)

        array.arrived.connect(find)

    def _find_contrast(self, key: int, array: VolumeArray) -> None:
        values = array.shown_values.ravel()
        sample = values[:: max(1, values.size // _SAMPLE) | 1]
        self._main_thread.call(self._set_contrast, key, array, view_limits(self.shown(key), sample))

    def _set_contrast(self, key: int, array: VolumeArray, limits: tuple[float, float]) -> None:
        layer = self._layers.of_recording(key)
        if layer is not None and array_of(layer) is array:
            set_contrast(layer, limits)

    def _set_raw_contrast(self, dataset: Dataset, limits: tuple[float, float]) -> None:
        """Now, or when the raw voxels are shown again."""
        layer, look = self._layers.of_recording(dataset.key), self._looks.get((dataset.key, ViewKind.RAW))
        if self.shown(dataset.key).kind is not ViewKind.RAW and look is not None:
            self._looks[dataset.key, ViewKind.RAW] = replace(look, limits=limits)
        elif layer is not None:
            set_contrast(layer, limits)

    def _forget(self, dataset: Dataset) -> None:
        self._shown.pop(dataset.key, None)
        self._raw.pop(dataset.key, None)
        for name in [name for name in self._looks if name[0] == dataset.key]:
            del self._looks[name]

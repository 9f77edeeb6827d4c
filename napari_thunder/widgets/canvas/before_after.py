"""Frames before and after registration on the canvas: taking turns, side by side, their difference, in two colours."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer
from qtpy.QtCore import QTimer

from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.display.space import Space, space_of_recording, space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.registration.pair import Pair
from napari_thunder.models.registration.quality_views import QualityViews
from napari_thunder.models.registration.scenes import Picture, Scene, Tint
from napari_thunder.volumes import VolumeArray
from napari_thunder.volumes.contrast import limits_of
from napari_thunder.widgets.canvas.arrangement import Arrangement
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.map_layers import MapLayers
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.canvas.units import agree_on_units
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

KIND = "before and after"
"""What the metadata of our layers say they are, so that they are not taken for recordings."""

_CACHE_BYTES = 192 * 2**20
_SAMPLE = 100_000
_LINKED = ("contrast_limits", "colormap", "gamma")


class BeforeAfter:
    """Shows the scene that the desk's quality views ask for.

    Both movies stream: frames that are not there yet are fetched, the newest first, and nothing waits for them.

    Parameters
    ----------
    viewer, desk
        Whose canvas, and whose views.
    layers, map_layers
        Know the layers of recordings and of results.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        desk: Desk,
        main_thread: MainThread,
        layers: Layers,
        map_layers: MapLayers,
    ) -> None:
        self._viewer = viewer
        self._desk = desk
        self._views: QualityViews = desk.quality_views
        self._layers = layers
        self._main_thread = main_thread
        self._arrangement = Arrangement(viewer, map_layers, self._give_up, main_thread.call)
        self._shown: tuple[Any, ...] = ()
        self._of: int | None = None
        self._phases: list[tuple[Layer, int]] = []
        self._pictures: list[tuple[Picture, Layer]] = []
        self._timer = QTimer()
        self._timer.timeout.connect(self._views.flip)
        main_thread.connect(self._views.changed, self.renew, newest=True)
        main_thread.connect(self._views.turned, self._turn, newest=True)
        main_thread.connect(desk.datasets.changed, self._look_whether_current, newest=True)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is on the canvas of a comparison, the lowest first."""
        return tuple(self._arrangement.layers)

    @property
    def settled(self) -> bool:
        """Whether what is wanted is on the canvas, and all pictures show the frame asked for."""
        there = self._shown == self._views.look
        return there and not any(array.loading for layer in self.layers if (array := array_of(layer)) is not None)

    def renew(self) -> None:
        """Show what is wanted now."""
        wanted = self._views.look
        if wanted != self._shown:
            scene = self._views.scene()
            if scene is None and wanted:
                return
            self._shown = wanted
            self._show(scene)
            self._of = None if self._views.pair is None else self._views.pair.dataset
        self._keep_time()

    def end(self) -> None:
        """Let the canvas be as it was, at once: somebody else needs it."""
        if self._shown:
            self._shown = ()
            self._show(None)
            self._views.show(None)

    def close(self) -> None:
        """Take our layers away and let go of the viewer."""
        with suppress(RuntimeError):  # at the end of the program Qt may be gone before us
            self._timer.stop()
        self._arrangement.close()
        with suppress(RuntimeError):
            self._arrangement.end()

    def _show(self, scene: Scene | None) -> None:
        pair, self._phases = self._views.pair, []
        if scene is None or pair is None:
            self._pictures = []
            self._arrangement.end()
            self._hide_what_is_not_current()
            return
        made = self._made(scene, pair)
        cells = [[layer for p, layer in made if p.cell == cell] for cell in range(scene.n_cells)]
        for _, layer in made:
            agree_on_units(self._viewer.layers, layer)
        self._arrangement.show(cells)
        self._link(made)
        self._phases = [(layer, p.phase) for p, layer in made if p.phase is not None]
        self._name(made)
        self._turn(self._views.wish.phase)
        signed = [layer for picture, layer in made if picture.tint is Tint.SIGNED]
        for array in filter(None, map(array_of, signed)):
            self._when_first(array, signed)

    def _made(self, scene: Scene, pair: Pair) -> list[tuple[Picture, Layer]]:
        """The layers of a scene; those that are on the canvas already, with what they have fetched, stay."""
        known, made = list(self._pictures), []
        for picture in scene.pictures:
            found = next((k for k in known if _same(k[0], picture)), None)
            if found is None:
                made.append((picture, self._layer(picture, pair)))
                continue
            known.remove(found)
            made.append((picture, found[1]))
            found[1].name, found[1].opacity = picture.title, 1.0
        self._pictures = made
        return made

    def _name(self, made: list[tuple[Picture, Layer]]) -> None:
        """Say what is seen in each part of the canvas; what takes turns has places of its own, as names that are not
        seen take room."""
        top = {picture.cell: layer for picture, layer in made}
        for picture, layer in made:
            overlay = layer.name_overlay
            overlay.position = "bottom_center" if picture.phase else "bottom_left"
            overlay.opacity = 1.0
            overlay.visible = picture.phase is not None or top[picture.cell] == layer

    def _hide_what_is_not_current(self) -> None:
        """What was seen before is a recording that another one has taken the place of meanwhile."""
        current = self._desk.datasets.current
        if current is not None and current.key != self._of:
            self._layers.show_current_alone()

    def _layer(self, picture: Picture, pair: Pair) -> Layer:
        data, space = self._data(picture, pair)
        array = data if isinstance(data, VolumeArray) else None
        about = {"kind": KIND, "array": array} if array is not None else {"kind": KIND}
        layer = Image(
            data,
            name=picture.title,
            **space.kwargs(),
            contrast_limits=self._limits(picture, pair),
            rgb=False,
            multiscale=False,
            projection_mode="none",
            visible=False,
            metadata={"thunder": about},
            **_dress(picture.tint),
        )
        layer.locked = True
        return layer

    def _data(self, picture: Picture, pair: Pair) -> tuple[Any, Space]:
        content = picture.content
        if content.movie is None:
            space = space_of_volume(pair.raw.voxel_size)
            placed = Space(content.scale or space.scale, space.units, space.axis_labels, content.translate)
            return content.still, placed
        sight = self._views.sight(content, picture.minus)
        array = VolumeArray(content.movie, sight.reader, coarse=sight.coarse, dtype=sight.dtype, max_bytes=_CACHE_BYTES)
        return array, space_of_recording(pair.raw)

    def _limits(self, picture: Picture, pair: Pair) -> tuple[float, float]:
        """Of the recording's own layer for its frames, so that they look as they did."""
        still = picture.content.still
        if picture.tint is Tint.SIGNED:
            top = 1.0 if still is None else max(limits_of(np.abs(still), (0.0, 99.5))[1], 1e-6)
            return -top, top
        if still is not None:
            return limits_of(still)
        layer = self._layers.of_recording(pair.dataset)
        low, high = (0.0, 1.0) if layer is None else layer.contrast_limits
        return float(low), float(high)

    def _link(self, made: list[tuple[Picture, Layer]]) -> None:
        """Pictures that are to be compared have one contrast, whoever changes it."""
        for tint in Tint:
            alike = [layer for picture, layer in made if picture.tint is tint]
            if len(alike) > 1:
                low = min(layer.contrast_limits[0] for layer in alike)
                high = max(layer.contrast_limits[1] for layer in alike)
                for layer in alike:
                    layer.contrast_limits_range = low, high
                    layer.contrast_limits = low, high
                self._viewer.layers.link_layers(alike, _LINKED)

    def _when_first(self, array: VolumeArray, layers: list[Layer]) -> None:
        """Find how far from 0 the differences reach, in the thread that brings the first picture."""

        def find(_: int) -> None:
            array.arrived.disconnect(find, missing_ok=True)
            values = array.shown_values.ravel()
            sample = np.abs(values[:: max(1, values.size // _SAMPLE) | 1])
            top = limits_of(sample, (0.0, 99.5))[1]
            self._main_thread.call(self._widen, layers, float(top))

        array.arrived.connect(find)
        if array.shown_frame is not None:
            find(array.shown_frame)

    def _widen(self, layers: list[Layer], top: float) -> None:
        """Let the limits around 0 hold this value; the first that is known takes the place of a guess."""
        layer = layers[0]
        if layer not in self._viewer.layers or not top > 0:
            return
        about = layer.metadata["thunder"]
        top = max(top, about.get("top", 0.0))
        about["top"] = top
        for layer in layers:
            layer.contrast_limits_range = -2 * top, 2 * top
        layers[0].contrast_limits = -top, top

    def _turn(self, phase: int) -> None:
        """Both pictures stay on the canvas and follow the sliders, so that turning shows what is there at once."""
        for layer, of in self._phases:
            layer.opacity = layer.name_overlay.opacity = 1.0 if of == phase else 0.0

    def _keep_time(self) -> None:
        wish = self._views.wish
        plays = bool(self._phases) and wish.playing
        interval = round(1000 / wish.rate)
        if not plays:
            self._timer.stop()
        elif not self._timer.isActive() or self._timer.interval() != interval:
            self._timer.start(interval)

    def _give_up(self) -> None:
        """Later, when whoever changed the canvas is done with it."""
        self._main_thread.call(self._views.show, None)

    def _look_whether_current(self) -> None:
        """Another recording is looked at, or this one is gone."""
        current, pair = self._desk.datasets.current, self._views.pair
        if pair is not None and (current is None or current.key != pair.dataset) and self._shown:
            self._views.show(None)


def _same(known: Picture, wanted: Picture) -> bool:
    """Whether a layer of the one shows the other."""
    a, b = known.content, wanted.content
    return a.movie is b.movie and a.still is b.still and known.minus is wanted.minus and known.tint is wanted.tint


def _dress(tint: Tint) -> dict[str, Any]:
    """Colours that the colour-blind tell apart; what is equal in magenta and green adds up to grey."""
    if tint is Tint.SIGNED:
        return {
            "colormap": napari_colormap("vik", fades="middle"),
            "blending": "translucent_no_depth",
            "rendering": "translucent",
        }
    if tint is Tint.GRAY:
        return {"colormap": "gray", "blending": "translucent_no_depth"}
    return {"colormap": str(tint), "blending": "additive"}

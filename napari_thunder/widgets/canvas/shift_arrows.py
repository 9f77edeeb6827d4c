"""The shifts of the frame that is shown as arrows over the brain, and the template as a layer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from napari.layers import Image, Layer, Vectors
from qtpy.QtCore import QTimer

from napari_thunder.display.space import Space, space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.registration.arrows import Arrows, arrows_of, confidence_limits, spacing_of
from napari_thunder.models.registration.pair import Pair
from napari_thunder.volumes.contrast import limits_of
from napari_thunder.widgets.canvas.layers import Layers
from napari_thunder.widgets.canvas.units import agree_on_units
from napari_thunder.widgets.main_thread import MainThread

ARROWS = "Shifts of this frame"
TEMPLATE = "Template"


class ShiftArrows:
    """Keeps two layers, of arrows and of the template, as the desk's quality views want them.

    Parameters
    ----------
    viewer
        Where the layers are.
    desk
        Whose quality views, and whose frame is shown.
    layers
        Knows where each recording lies.
    """

    def __init__(self, viewer: Any, desk: Desk, main_thread: MainThread, layers: Layers) -> None:
        self.arrows: Vectors | None = None
        self.template: Image | None = None
        self._viewer = viewer
        self._desk = desk
        self._views = desk.quality_views
        self._layers = layers
        self._drawn: tuple[Any, ...] = ()
        self._busy = False
        self._later = QTimer()
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._draw)
        main_thread.connect(self._views.changed, self.renew, newest=True)
        main_thread.connect(desk.pointer.moved, self._draw, newest=True)
        main_thread.connect(desk.datasets.changed, self.renew, newest=True)
        for event in self._events:
            event.connect(self._on_dims)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def _events(self) -> tuple[Any, ...]:
        events = self._viewer.dims.events
        return events.current_step, events.order, events.ndisplay

    def close(self) -> None:
        """Take our layers away and let go of the viewer."""
        with suppress(RuntimeError):  # at the end of the program Qt may be gone before us
            self._later.stop()
        for event in self._events:
            event.disconnect(self._on_dims)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        with suppress(RuntimeError):
            self._take_away(self.arrows)
            self._take_away(self.template)

    def renew(self) -> None:
        """Show what is wanted now."""
        wish, pair = self._views.wish, self._pair()
        if pair is None or not wish.arrows:
            self._take_away(self.arrows)
            self.arrows = None
        elif self.arrows is None:
            self.arrows = self._add(self._new_arrows(pair))
        if self.arrows is not None and self.arrows.length != wish.arrow_length:
            self.arrows.length = wish.arrow_length
        self._show_template(pair if wish.template else None)
        self._draw()

    def _pair(self) -> Pair | None:
        """The registration that is looked at, if its recording is."""
        pair, current = self._views.pair, self._desk.datasets.current
        return pair if pair is not None and current is not None and current.key == pair.dataset else None

    def _show_template(self, pair: Pair | None) -> None:
        volume = None if pair is None else pair.template
        known = None if self.template is None else self.template.metadata["thunder"]["of"]
        if volume is not None and volume is known:
            return
        self._take_away(self.template)
        self.template = None
        if pair is not None and volume is not None:
            about = {"thunder": {"kind": "template", "of": volume}}
            kwargs = {
                "name": TEMPLATE,
                **_space(pair).kwargs(),
                "metadata": about,
                "contrast_limits": limits_of(volume),
            }
            layer = Image(volume, rgb=False, multiscale=False, blending="translucent_no_depth", **kwargs)
            self.template = self._add(layer, above=self._layers.of_recording(pair.dataset))

    def _new_arrows(self, pair: Pair) -> Vectors:
        spacing = spacing_of(pair)
        return Vectors(
            ndim=3,
            name=ARROWS,
            **_space(pair).kwargs(),
            length=self._views.wish.arrow_length,
            edge_width=float(np.clip(spacing / 12, 0.4, 3)),
            vector_style="arrow",
            edge_color="#F0E442",
            blending="translucent_no_depth",
            metadata={"thunder": {"kind": "arrows"}},
        )

    def _add(self, layer: Any, above: Layer | None = None) -> Any:
        layers = self._viewer.layers
        chosen = set(layers.selection)
        agree_on_units(layers, layer)
        at = len(layers) if above is None or above not in layers else layers.index(above) + 1
        layers.insert(at, layer)
        layers.selection = chosen
        self._drawn = ()
        return layer

    def _on_dims(self, _: Any) -> None:
        if self.arrows is not None and not self._later.isActive():
            self._later.start()

    def _draw(self, _: Any = None) -> None:
        pair, layer = self._pair(), self.arrows
        if pair is None or layer is None:
            return
        frame = min(self._desk.pointer.frame, pair.shifts.n_frames - 1)
        across, plane = self._plane(layer)
        wanted = (pair, frame, across, plane)
        if wanted == self._drawn:
            return
        self._drawn = wanted
        self._put(layer, arrows_of(pair, frame, across, plane), pair)

    def _plane(self, layer: Vectors) -> tuple[int | None, int]:
        """The axis that is looked along and the plane across it; (None, 0) in 3-D."""
        dims = self._viewer.dims
        if dims.ndisplay == 3:
            return None, 0
        hidden = [axis for axis in dims.order[:-2] if axis >= dims.ndim - 3]
        if not hidden:
            return None, 0
        across = hidden[-1] - (dims.ndim - 3)
        return across, round(float(layer.world_to_data(dims.point)[across]))

    def _put(self, layer: Vectors, found: Arrows, pair: Pair) -> None:
        layer.data = found.vectors
        if not len(found.vectors) or not np.isfinite(found.confidence).any():
            return
        layer.features = {"confidence": np.nan_to_num(found.confidence)}
        if layer.edge_color_mode != "colormap":
            layer.edge_colormap = "viridis"
            layer.edge_contrast_limits = confidence_limits(pair)
            layer.edge_color = "confidence"
            layer.edge_color_mode = "colormap"
            layer.edge_contrast_limits = confidence_limits(pair)

    def _on_removed(self, event: Any) -> None:
        """Whoever takes a layer away wants it gone."""
        if self._busy:
            return
        if self.arrows is not None and event.value == self.arrows:
            self.arrows = None
            self._views.set(arrows=False)
        if self.template is not None and event.value == self.template:
            self.template = None
            self._views.set(template=False)

    def _take_away(self, layer: Layer | None) -> None:
        if layer is None or layer not in self._viewer.layers:
            return
        self._busy = True
        try:
            self._viewer.layers.remove(layer)
        finally:
            self._busy = False


def _space(pair: Pair) -> Space:
    return space_of_volume(pair.raw.voxel_size)

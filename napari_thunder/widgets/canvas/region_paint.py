"""Regions without an outline (painted, imported, made from a map), as one layer of labels; linked both ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_thunder.display.space import Space
from napari_thunder.models.in_turn import InTurn
from napari_thunder.models.rois.regions import Regions
from napari_thunder.regions import Box, Region
from napari_thunder.widgets.canvas.region_canvas import Painted, RegionCanvas, Slices
from napari_thunder.widgets.canvas.strokes import Strokes
from napari_thunder.widgets.canvas.units import slice_anew
from napari_thunder.widgets.main_thread import MainThread

NAME = "ROIs (painted)"

_TRANSPARENT = (0.0, 0.0, 0.0, 0.0)
_UNKNOWN = "#ffffff"


class PaintLayer:
    """Shows regions that have no outline, and makes regions of what is painted.

    Only the volume (z, y, x) is held, never the movie. What a voxel that is painted means: see `RegionCanvas`.

    Parameters
    ----------
    add_layer
        Puts the layer into the viewer.
    regions
        What it shows; edited by what is painted.
    work
        Where voxels are drawn and compared.
    """

    def __init__(
        self, add_layer: Callable[[Any], None], regions: Regions, main_thread: MainThread, work: InTurn
    ) -> None:
        self.layer: Any = None
        self.chosen: Callable[[list[int]], None] = lambda _: None
        self._add_layer = add_layer
        self._regions = regions
        self._main_thread = main_thread
        self._work = work
        self._canvas: RegionCanvas | None = None
        self._space: Space | None = None
        self._boxes: list[Slices] = []
        self._lock = Lock()
        self._fresh: tuple[int, str] | None = None
        self._colors: dict[int | None, Any] = {}
        self._names: dict[int, str] = {}
        self._writing = False
        self._strokes = Strokes(self.show)

    @property
    def busy(self) -> bool:
        """Whether a hand is at work, or its work is not yet in a region."""
        return self._strokes.held or self._strokes.fresh or bool(self._boxes)

    def place(self, volume: Box | None, space: Space | None) -> None:
        """Lie on another recording, or on none."""
        before = self._canvas.volume if self._canvas else None
        if (volume, space) == (before, self._space):
            return
        if before != volume:
            self._canvas = None if volume is None else RegionCanvas(volume)
            self._boxes, self._fresh = [], None
            if self.layer is not None and self._canvas is not None:
                self.layer.data = self._canvas.array
        self._space = space
        if self.layer is not None and space is not None:
            self.layer.units, self.layer.scale = space.units, space.scale
            slice_anew(self.layer)
        self.show()

    def ready(self) -> Any:
        """The layer, made if there is none; a recording must be there."""
        if self.layer is None and self._canvas is not None:
            self.layer = self._make(self._canvas)
            self._add_layer(self.layer)
            self._color()
        return self.layer

    def begin(self) -> None:
        """Paint a new region next."""
        canvas = self._canvas
        if canvas is not None and self.layer is not None:
            if self._fresh is None or self._fresh[0] in canvas.numbers.values():
                self._fresh = canvas.reserve(), self._regions.free_color()
            self._color()
            self.layer.selected_label = self._fresh[0]

    def select(self, key: int | None) -> None:
        """Paint this region on next."""
        number = None if self._canvas is None else self._canvas.numbers.get(key or 0)
        if self.layer is not None and number is not None:
            self.layer.selected_label = number

    def forget(self) -> None:
        """The layer was taken out of the viewer; the regions stay."""
        self.layer = None
        self._strokes.forget()
        self._colors, self._names = {}, {}

    def close(self) -> None:
        """Let go."""
        self._strokes.taken()

    def show(self) -> None:
        """Take what was painted, then let the layer be what the regions are; put off while a hand is at work."""
        self._strokes.taken()
        canvas = self._canvas
        if canvas is None or self._strokes.held:
            return
        if self.layer is None and not any(self._fits(region) for region in self._regions):
            return
        if self.ready() is not None:
            self._work.do_once(self._update, canvas)

    def _fits(self, region: Region) -> bool:
        return region.outline is None and region.visible and region.volume == getattr(self._canvas, "volume", None)

    def _update(self, canvas: RegionCanvas) -> None:
        """Beside the window."""
        if canvas is not self._canvas:
            return
        with self._lock:
            boxes, self._boxes = self._boxes, []
        if boxes:
            self._keep(canvas, canvas.take(boxes))
            canvas.mend(boxes)
        changed = canvas.draw({region.key: region for region in self._regions if self._fits(region)})
        self._main_thread.call(self._refresh, canvas, changed or bool(boxes))

    def _keep(self, canvas: RegionCanvas, painted: list[Painted]) -> None:
        """Beside the window: in one step of undo."""
        regions = self._regions
        with regions.one_step():
            for part in painted:
                if part.key is None and part.region is not None:
                    color = self._fresh[1] if self._fresh and self._fresh[0] == part.number else regions.free_color()
                    made = regions.add(replace(part.region, name=regions.free_name(), color=color))
                    canvas.adopt(part.number, made)
                    regions.select(made.key)
                elif part.key is not None and part.region is None:
                    regions.remove(part.key)
                elif part.key is not None and part.region is not None:
                    regions.reshape(part.key, part.region)

    def _refresh(self, canvas: RegionCanvas, changed: bool) -> None:
        if canvas is not self._canvas or self.layer is None:
            return
        if self.layer.data is not canvas.array:
            self.layer.data = canvas.array
        elif not self._color() and changed:
            self.layer.refresh(extent=False)

    def _color(self) -> bool:
        """Give every number the colour of its region; True if one changed."""
        canvas = self._canvas
        if canvas is None or self.layer is None:
            return False
        colors: dict[int | None, Any] = {None: _UNKNOWN, 0: _TRANSPARENT}
        colors.update([self._fresh] if self._fresh else [])
        colors.update(canvas.colors.items())
        self._name(canvas.names)
        if colors == self._colors:
            return False
        self._colors, self._writing = colors, True
        self.layer.colormap = DirectLabelColormap(color_dict=colors)
        self._writing = False
        return True

    def _name(self, names: dict[int, str]) -> None:
        """Let napari's status bar say the name of the region under the mouse."""
        if names != self._names:
            self._names = names
            self.layer.features = {"index": list(names), "region": list(names.values())}

    def _make(self, canvas: RegionCanvas) -> Any:
        layer = Labels(
            canvas.array,
            name=NAME,
            **(self._space.kwargs() if self._space else {}),
            opacity=0.4,
            blending="translucent_no_depth",
            metadata={"thunder": {"kind": "rois"}},
        )
        layer.brush_size = max(3, round(max(canvas.volume[1:]) / 30))
        layer.events.paint.connect(self._on_paint)
        layer.events.selected_label.connect(self._on_selected_label)
        layer.events.colormap.connect(self._on_colors)
        self._strokes.follow(layer)
        return layer

    def _on_paint(self, event: Any) -> None:
        if self._canvas is not None:
            with self._lock:
                self._boxes += [_box_of(atom, self._canvas.volume) for atom in event.value]
            self._strokes.changed()

    def _on_selected_label(self) -> None:
        key = None if self._canvas is None else self._canvas.key_of(int(self.layer.selected_label))
        if key is not None and not self._writing:
            self.chosen([key])

    def _on_colors(self) -> None:
        """Colours that napari shuffled are no region's."""
        if not self._writing and self._colors and self.layer is not None:
            self._colors = {}
            self._main_thread.call(self._color)


def _box_of(atom: Any, volume: Box) -> Slices:
    """Where a stroke may have changed something, as far as napari says so; else the whole volume."""
    key = getattr(atom, "slice_key", None)
    try:
        if key is None:
            z, y, x = (slice(int(along.min()), int(along.max()) + 1) for along in atom[0])
        else:
            z, y, x = (slice(*part.indices(n)) for part, n in zip(key, volume, strict=True))
    except (TypeError, ValueError, AttributeError, IndexError):
        z, y, x = (slice(0, n) for n in volume)
    return z, y, x

"""Regions that were drawn, as one layer of shapes; linked both ways."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import count
from typing import Any

import numpy as np

from napari_thunder.display.space import Space
from napari_thunder.errors import RegionError
from napari_thunder.models.in_turn import InTurn
from napari_thunder.models.rois.regions import Regions
from napari_thunder.models.trouble import Trouble
from napari_thunder.regions import Box, Outline, Region, region_of_outline
from napari_thunder.widgets.canvas.region_rows import Drawn, closed, kind_of, vertices_of
from napari_thunder.widgets.canvas.region_shapes import RegionShapes
from napari_thunder.widgets.canvas.strokes import Strokes
from napari_thunder.widgets.canvas.units import slice_anew
from napari_thunder.widgets.main_thread import MainThread

_FINE = 250
"""Lines are as thick as the plane's longer side divided by this."""

_AT_ONCE = 20
"""Shapes that are put on the canvas before the window has its turn again."""

DRAWING = ("add_polygon", "add_polygon_lasso", "add_rectangle", "add_ellipse", "add_path", "add_polyline", "add_line")


class OutlineLayer:
    """Shows the outlines of regions, and makes regions of what is drawn.

    Each shape carries the key of its region in the layer's features: 0 for one that was just drawn, a negative number
    while its region is being made. A region of several planes has one shape, which goes along with the plane shown.

    Parameters
    ----------
    add_layer
        Puts the layer into the viewer.
    regions
        What it shows; edited by what is drawn.
    work
        Where voxels are counted out.
    planes_from
        First and last plane of what is drawn on a plane.
    tell
        Told what went wrong; None when it is right again.
    """

    def __init__(
        self,
        add_layer: Callable[[Any], None],
        regions: Regions,
        main_thread: MainThread,
        work: InTurn,
        planes_from: Callable[[int], tuple[int, int]],
        tell: Callable[[Trouble | None], None],
    ) -> None:
        self._shapes = RegionShapes()
        self.chosen: Callable[[list[int]], None] = lambda _: None
        self._add_layer = add_layer
        self._regions = regions
        self._main_thread = main_thread
        self._work = work
        self._planes_from = planes_from
        self._tell = tell
        self._volume: Box | None = None
        self._space: Space | None = None
        self._drawn = self._shapes.drawn
        self._marked: frozenset[int] = frozenset()
        self._numbers = count(1)
        self._creating = False
        self._plane = 0
        self._strokes = Strokes(self.take)

    @property
    def layer(self) -> Any:
        """The layer, or None if there is none."""
        return self._shapes.layer

    @property
    def busy(self) -> bool:
        """Whether a hand is at work, or its work is not yet a region."""
        return self._creating or self._strokes.held or self._strokes.fresh

    def place(self, volume: Box | None, space: Space | None) -> None:
        """Lie on another recording, or on none."""
        if (volume, space) == (self._volume, self._space):
            return
        self._finish()
        self.take()
        if volume != self._volume and self.layer is not None:
            self._shapes.clear()
        self._volume, self._space = volume, space
        self._shapes.edge_width = max((volume or (1, 1, 1))[1:]) / _FINE
        if self.layer is not None and space is not None:
            self.layer.units, self.layer.scale = space.units, space.scale
            slice_anew(self.layer)
        self.show()

    def ready(self) -> Any:
        """The layer, made if there is none; a recording must be there."""
        if self.layer is None and self._space is not None and self._volume is not None:
            self._watch(self._shapes.make(self._space))
            self._add_layer(self.layer)
        return self.layer

    def prepare(self) -> None:
        """Draw the next shape in the colour that its region will have."""
        self._shapes.prepare(self._regions.free_color())

    def forget(self) -> None:
        """The layer was taken out of the viewer; the regions stay."""
        self._shapes.forget()
        self._creating = False
        self._strokes.forget()

    def close(self) -> None:
        """Let go."""
        self._strokes.taken()

    def step(self, plane: int) -> None:
        """Another plane is shown: a drawing that is not finished ends where it was begun."""
        if plane == self._plane:
            return
        self._plane = plane
        if self.layer is None:
            return
        self._finish()
        self.show()

    def _finish(self) -> None:
        """End a drawing that is under way, as napari does when another mode is chosen."""
        if self.layer is not None and self._creating:
            mode = self.layer.mode
            self.layer.mode = "pan_zoom"
            self.layer.mode = mode

    def select(self, keys: Collection[int]) -> None:
        """Mark the shapes of these regions."""
        self._marked = frozenset(keys)
        if self.layer is not None and not self._creating and not self._strokes.held:
            self._shapes.mark(self._marked)

    def show(self) -> None:
        """Let the shapes be those of the regions; put off while a hand is at work."""
        wanted = {r.key: r for r in self._regions if r.outline is not None and r.volume == self._volume}
        if self.layer is None and (not wanted or self.ready() is None):
            return
        if self._creating or self._strokes.held:
            return
        if self._strokes.fresh:
            self.take()
        self._adopt(wanted)
        stale = [key for key, region in wanted.items() if self._is_stale(key, region)]
        self._exchange(wanted, stale[:_AT_ONCE])
        self._shapes.restyle({key: (r.color, r.name, r.visible) for key, r in wanted.items()})
        self._shapes.mark(self._marked)
        if self.layer.mode in DRAWING:
            self.prepare()
        if stale[_AT_ONCE:]:
            self._main_thread.call(self.show)

    def take(self) -> None:
        """Let the regions be what was drawn."""
        layer = self.layer
        self._strokes.taken()
        if layer is None or self._volume is None or self._creating or self._strokes.held:
            return
        keys, seen = self._shapes.keys, set[int]()
        for row, key in enumerate(keys):
            if key == 0 or key in seen or key not in self._drawn:
                key = keys[row] = self._take_new(row)
            elif not np.array_equal(layer.data[row], self._drawn[key].data):
                self._take_edit(row, key)
            seen.add(key)
        self._shapes.number(keys)
        gone = [key for key in self._drawn if key not in seen]
        for key in gone:
            del self._drawn[key]
        self._regions.remove(*(key for key in gone if key > 0 and self._regions.get(key)))
        self._take_colors()
        self._drop_unfit()

    def _take_new(self, row: int) -> int:
        key = -next(self._numbers)
        data = np.array(self.layer.data[row])
        first, last = self._planes_from(int(np.round(data[0, 0])))
        outline = Outline(kind_of(self.layer.shape_type[row]), vertices_of(data), (first, last))
        fit = closed(self.layer.shape_type[row], data)
        self._drawn[key] = Drawn(outline, data, int(np.round(data[0, 0])), unfit=not fit)
        if fit:
            self._work.do(self._make_region, key, outline, self._volume)
        return key

    def _take_edit(self, row: int, key: int) -> None:
        before, data = self._drawn[key], np.array(self.layer.data[row])
        if before.outline is None or not closed(self.layer.shape_type[row], data):
            return
        outline = Outline(kind_of(self.layer.shape_type[row]), vertices_of(data), before.outline.planes)
        self._drawn[key] = Drawn(outline, data, before.plane, before.look, under_way=True)
        self._work.do(self._reshape, key, outline)

    def _take_colors(self) -> None:
        """What was chosen in napari's own controls becomes the colour of the regions, in one step of undo."""
        recolored = self._shapes.recolored()
        if recolored:
            with self._regions.one_step():
                for key, color in recolored.items():
                    self._regions.edit(key, color=color)

    def _drop_unfit(self) -> None:
        unfit = {key for key, drawn in self._drawn.items() if drawn.unfit}
        if not unfit:
            return
        self._shapes.remove(unfit)
        self._tell(
            Trouble("A region needs a closed line, drawn on the plane y–x. Draw a polygon, rectangle or ellipse.")
        )

    def _make_region(self, key: int, outline: Outline, volume: Box) -> None:
        """Beside the window."""
        regions = self._regions
        try:
            region = region_of_outline(outline, volume, regions.free_name(), regions.free_color())
        except RegionError as error:
            self._main_thread.call(self._refuse, key, Trouble.of(error))
            return
        self._main_thread.call(self._tell, None)
        regions.select(regions.add(region).key)

    def _reshape(self, key: int, outline: Outline) -> None:
        """Beside the window."""
        region, trouble = self._regions.get(key), None
        try:
            if region is not None and region.outline is not outline:
                self._regions.reshape(key, region_of_outline(outline, region.volume, region.name, region.color))
        except RegionError as error:
            trouble = Trouble.of(error)
        self._main_thread.call(self._settle, key, outline, trouble)

    def _settle(self, key: int, outline: Outline, trouble: Trouble | None) -> None:
        self._tell(trouble)
        drawn = self._drawn.get(key)
        if drawn is not None and drawn.outline is outline:
            drawn.under_way = False
        self.show()

    def _refuse(self, key: int, trouble: Trouble) -> None:
        self._tell(trouble)
        self._shapes.remove({key})

    def _adopt(self, wanted: dict[int, Region]) -> None:
        """A region that was made of a shape gets it."""
        making = {id(drawn.outline): key for key, drawn in self._drawn.items() if key < 0}
        keys = self._shapes.keys
        for key, region in wanted.items():
            before = making.pop(id(region.outline), 0) if key not in self._drawn else 0
            if before < 0 and before in keys:
                keys[keys.index(before)] = key
                self._drawn[key] = self._drawn.pop(before)
        self._shapes.number(keys)

    def _is_stale(self, key: int, region: Region) -> bool:
        drawn = self._drawn.get(key)
        if drawn is None:
            return True
        moved = drawn.outline is not region.outline or drawn.plane != self._plane_of(region)
        return moved and not drawn.under_way

    def _exchange(self, wanted: dict[int, Region], stale: list[int]) -> None:
        """Put the shapes of these regions anew, and take away those of regions that are gone."""
        gone = {key for key in self._drawn if key > 0 and key not in wanted}
        self._shapes.remove(gone | {key for key in stale if key in self._drawn})
        if stale:
            self._shapes.add([wanted[key] for key in stale], self._plane_of)

    def _plane_of(self, region: Region) -> int:
        first, last = region.planes
        return min(max(self._plane, first), last)

    def _watch(self, layer: Any) -> None:
        layer.events.data.connect(self._on_data)
        layer.events.features.connect(self._on_features)
        layer.events.edge_color.connect(self._on_features)
        layer.events.face_color.connect(self._on_features)
        layer.selected_data.events.items_changed.connect(self._on_selection)
        self._strokes.follow(layer)

    def _on_data(self, event: Any) -> None:
        if self._shapes.writing:
            return
        self._creating = str(event.action) == "adding"
        if not self._creating:
            self._strokes.changed()

    def _on_features(self) -> None:
        if not self._shapes.writing and not self._creating:
            self._strokes.changed()

    def _on_selection(self, *_: object) -> None:
        if not self._shapes.writing and not self._creating:
            keys = self._shapes.keys
            self.chosen([keys[row] for row in sorted(self.layer.selected_data) if row < len(keys) and keys[row] > 0])

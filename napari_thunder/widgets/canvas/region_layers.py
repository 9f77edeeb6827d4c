"""Regions on the canvas: drawn as shapes, painted as labels, by tools; linked both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_thunder.display.space import space_of_volume
from napari_thunder.models import Desk
from napari_thunder.models.in_turn import InTurn
from napari_thunder.regions import Box
from napari_thunder.widgets.canvas.hover import NAMES_AT
from napari_thunder.widgets.canvas.region_outlines import OutlineLayer
from napari_thunder.widgets.canvas.region_paint import PaintLayer
from napari_thunder.widgets.canvas.region_tools import TOOLS
from napari_thunder.widgets.canvas.units import agree_on_units
from napari_thunder.widgets.main_thread import MainThread

if TYPE_CHECKING:
    import napari.viewer

_DEEPEST = 999
"""Planes above and below that can be asked for."""


class RegionLayers:
    """Keeps two layers of a viewer, one of shapes and one of labels, and the regions of a desk in step.

    Regions of a volume of another shape than the current recording's are not drawn. Taking one of the layers out of
    the viewer loses nothing: it comes back with the next change of a region.

    Parameters
    ----------
    viewer
        Where the layers are.
    desk
        Whose regions they show.

    Attributes
    ----------
    chosen
        Keys of the regions that are chosen, in the table and on the canvas.

    Signals, all in the window's thread: `tooled()` when another tool is in hand, `chosen_changed()`,
    `troubled(trouble)` with what went wrong or None.
    """

    tooled = Signal()
    chosen_changed = Signal()
    troubled = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer, desk: Desk, main_thread: MainThread) -> None:
        self._reach: int | None = 0
        self.keeps_tool = False
        self.chosen: tuple[int, ...] = ()
        self._viewer = viewer
        self._desk = desk
        self._main_thread = main_thread
        self._work = InTurn("regions")
        self.outlines = OutlineLayer(
            self._add, desk.regions, main_thread, self._work, self._planes_from, self.troubled.emit
        )
        self.painted = PaintLayer(self._add, desk.regions, main_thread, self._work)
        for part in (self.outlines, self.painted):
            part.chosen = self.choose
            main_thread.connect(desk.regions.changed, part.show, newest=True)
        main_thread.connect(desk.regions.added, self._after_drawing, newest=True)
        main_thread.connect(desk.regions.selected, self._select, newest=True)
        main_thread.connect(desk.datasets.changed, self._place, newest=True)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.selection.events.active.connect(self._on_tool)
        viewer.dims.events.current_step.connect(self._on_step)
        self._place()

    @property
    def volume(self) -> Box | None:
        """Shape (z, y, x) of the current recording's volume."""
        current = self._desk.datasets.current
        return None if current is None else current.recording.shape[1:]

    @property
    def reach(self) -> int | None:
        """How many planes above and below the one drawn on belong to what is drawn; None for all planes."""
        return self._reach

    @reach.setter
    def reach(self, reach: int | None) -> None:
        self._reach = reach
        self.tooled.emit()

    @property
    def plane(self) -> int:
        """The plane z that is shown."""
        dims = self._viewer.dims
        z = int(np.round(dims.point[dims.ndim - 3] / space_of_volume(self._voxel_size()).scale[0]))
        return min(max(z, 0), (self.volume or (1, 1, 1))[0] - 1)

    @property
    def tool(self) -> str | None:
        """What is in hand, one of `TOOLS`; None for napari's own moving about."""
        active = self._viewer.layers.selection.active
        for name, tool in TOOLS.items():
            layer = self.painted.layer if tool.paints else self.outlines.layer
            if layer is not None and active == layer and layer.mode == tool.mode:
                return name
        return None

    @property
    def settled(self) -> bool:
        """Whether all that was drawn is in the regions, and all regions are on the canvas."""
        return self._work.idle and not self.outlines.busy and not self.painted.busy

    def why_not_draw(self) -> str:
        """What keeps from drawing, as the next step to take; empty when nothing does."""
        return "" if self.volume is not None else "Open a recording first: regions are drawn on its planes."

    def _after_drawing(self, _: object) -> None:
        """Lay the tool down when its shape is done, so that the mouse points and moves again."""
        tool = TOOLS.get(self.tool or "")
        if tool is not None and tool.draws and not tool.paints and not self.keeps_tool:
            self.use(None)

    def use(self, name: str | None) -> None:
        """Take a tool in hand, one of `TOOLS`, or lay it down; in the 3-D view, go to the plane first."""
        if self.why_not_draw():
            return
        if name is None:
            self._lay_down()
            return
        tool = TOOLS[name]
        layer = (self.painted if tool.paints else self.outlines).ready()
        self._face_plane()
        self._raise(layer)
        layer.visible = True
        self._viewer.layers.selection.active = layer
        layer.mode = tool.mode
        if name == "paint":
            self.painted.begin()
        elif tool.draws and not tool.paints:
            self.outlines.prepare()
        self.tooled.emit()

    def brush(self, *, ball: bool) -> None:
        """Paint on the plane shown only, or through its neighbours too."""
        layer = self.painted.ready()
        if layer is not None:
            layer.n_edit_dimensions = 3 if ball else 2

    def paint_on(self, key: int) -> None:
        """Go on painting a region that has no outline."""
        self.use("paint")
        self.painted.select(key)

    def choose(self, keys: Iterable[int]) -> None:
        """Choose regions, wherever that is said from."""
        chosen = tuple(key for key in keys if self._desk.regions.get(key) is not None)
        if chosen == self.chosen:
            return
        self.chosen = chosen
        self.outlines.select(chosen)
        self.painted.select(chosen[0] if chosen else None)
        self._desk.regions.select(chosen[0] if chosen else None)
        self.chosen_changed.emit()

    def undo(self) -> None:
        """Take back the last change, what was just drawn included; returns at once."""
        self._take()
        self._work.do(self._desk.regions.undo)

    def redo(self) -> None:
        """Make the change again that was taken back; returns at once."""
        self._take()
        self._work.do(self._desk.regions.redo)

    def names_at(self, voxel: tuple[int, int, int]) -> list[str]:
        """Names of the regions that are shown and hold a voxel (z, y, x), the topmost first."""
        shown = [region for region in self._desk.regions if region.visible and region.volume == self.volume]
        return [region.name for region in reversed(shown) if region.holds(voxel)]

    def go_to(self, key: int) -> None:
        """Show the plane a region is on, with the region in the middle."""
        region = self._desk.regions.get(key)
        if region is None or region.volume != self.volume:
            return
        scale = np.array(space_of_volume(self._voxel_size()).scale)
        first, last = region.planes
        middle = np.array([(part.start + part.stop - 1) / 2 for part in region.box])
        plane = self.plane if first <= self.plane <= last else int(middle[0])
        self._viewer.dims.set_point(self._viewer.dims.ndim - 3, plane * scale[0])
        camera = self._viewer.scene.camera
        camera.center = tuple(middle * scale) if self._viewer.dims.ndisplay == 3 else (0.0, *(middle * scale)[1:])

    def to_plain(self) -> dict[str, Any]:
        """What a session keeps of the tools, as JSON can hold it."""
        return {"reach": self.reach}

    def from_plain(self, stored: Any) -> None:
        """Take over what a session kept; what makes no sense is left out."""
        reach = stored.get("reach", 0) if isinstance(stored, Mapping) else 0
        self.reach = reach if reach is None or (type(reach) is int and 0 <= reach <= _DEEPEST) else 0

    def close(self, seconds: float = 0.5) -> None:
        """Let go of the viewer; the layers stay."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.layers.selection.events.active.disconnect(self._on_tool)
        self._viewer.dims.events.current_step.disconnect(self._on_step)
        self.outlines.close()
        self.painted.close()
        self._work.close(seconds)

    def _take(self) -> None:
        self.outlines.take()
        self.painted.show()

    def _voxel_size(self) -> tuple[float, float, float] | None:
        current = self._desk.datasets.current
        return None if current is None else current.recording.voxel_size

    def _place(self) -> None:
        """Lie where the current recording lies."""
        volume = self.volume
        space = None if volume is None else space_of_volume(self._voxel_size())
        self.outlines.place(volume, space)
        self.painted.place(volume, space)
        self.tooled.emit()

    def _planes_from(self, plane: int) -> tuple[int, int]:
        deepest = (self.volume or (1, 1, 1))[0] - 1
        if self.reach is None:
            return 0, deepest
        return max(0, plane - self.reach), min(deepest, plane + self.reach)

    def _face_plane(self) -> None:
        """What is drawn is drawn on a plane y–x."""
        dims = self._viewer.dims
        dims.ndisplay = 2
        if tuple(dims.order) != tuple(range(dims.ndim)):
            dims.order = tuple(range(dims.ndim))

    def _lay_down(self) -> None:
        for layer in (self.outlines.layer, self.painted.layer):
            if layer is not None:
                layer.mode = "pan_zoom"

    def _add(self, layer: Any) -> None:
        """Add a layer without taking the one that is active out of a person's hands."""
        active = self._viewer.layers.selection.active
        agree_on_units(self._viewer.layers, layer)
        self._viewer.add_layer(layer)
        layer.metadata["thunder"][NAMES_AT] = self.names_at
        layer.events.mode.connect(self._on_tool)
        layer.bind_key("Control-Z", lambda _: self.undo(), overwrite=True)
        layer.bind_key("Control-Shift-Z", lambda _: self.redo(), overwrite=True)
        if active is not None and active in self._viewer.layers:
            self._viewer.layers.selection.active = active

    def _raise(self, layer: Any) -> None:
        layers = self._viewer.layers
        if layer in layers and layers[-1] != layer:
            layers.move(layers.index(layer), len(layers))

    def _raise_all(self) -> None:
        for layer in (self.painted.layer, self.outlines.layer):
            if layer is not None:
                self._raise(layer)

    def _select(self, key: int | None) -> None:
        if key is None or key not in self.chosen:
            self.choose(() if key is None else (key,))

    def _on_inserted(self, event: Any) -> None:
        """Maps that come later must not cover the regions."""
        mine = (self.painted.layer, self.outlines.layer)
        if event.value not in mine and isinstance(event.value.metadata.get("thunder"), dict):
            self._main_thread.call(self._raise_all)

    def _on_removed(self, event: Any) -> None:
        for part in (self.outlines, self.painted):
            if part.layer is not None and part.layer == event.value:
                part.forget()
                self.tooled.emit()

    def _on_tool(self, _: object = None) -> None:
        self.tooled.emit()

    def _on_step(self, _: object = None) -> None:
        self.outlines.step(self.plane)

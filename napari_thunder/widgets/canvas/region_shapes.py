"""The layer of shapes that regions are drawn in: what is put in it, taken out, coloured and named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.layers import Shapes

from napari_thunder.display.space import Space
from napari_thunder.regions import Region
from napari_thunder.widgets.canvas.region_rows import Drawn, Look, color_by_hand, look_of, rows_of

NAME = "ROIs (shapes)"

_NO_LOOK: Look = ("#ffffff", "", True)


class RegionShapes:
    """A layer of shapes, each with the key of its region in the layer's features.

    Attributes
    ----------
    layer
        None until it is made, and when it was taken out of the viewer.
    drawn
        Each shape as it was last put or taken, by key.
    writing
        Whether it is being changed from here: what the layer then says is no news.
    edge_width
        Of the lines, in voxels.
    """

    def __init__(self) -> None:
        self.layer: Any = None
        self.drawn: dict[int, Drawn] = {}
        self.writing = False
        self.edge_width = 1.0

    @property
    def keys(self) -> list[int]:
        """The key of each shape, in the layer's order."""
        return [] if self.layer is None else rows_of(self.layer)

    def make(self, space: Space) -> Any:
        """A new layer, without shapes."""
        self.layer = Shapes(
            ndim=3,
            name=NAME,
            **space.kwargs(),
            features={"key": np.zeros(0, int), "name": np.zeros(0, object), "color": np.zeros(0, object)},
            feature_defaults={"key": 0, "name": "", "color": _NO_LOOK[0]},
            text={"string": "{name}", "color": {"feature": "color"}, "anchor": "upper_left", "size": 11},
            opacity=1.0,
            blending="translucent_no_depth",
            metadata={"thunder": {"kind": "rois"}},
        )
        return self.layer

    def forget(self) -> None:
        """The layer is gone."""
        self.layer = None
        self.drawn.clear()

    def prepare(self, color: str) -> None:
        """Draw the next shape in this colour."""
        with self.layer.block_update_properties():
            self.layer.current_edge_color, self.layer.current_face_color = look_of(color)
            self.layer.current_edge_width = self.edge_width

    def add(self, regions: Sequence[Region], plane_of: Callable[[Region], int]) -> None:
        """Put the shapes of regions, each on the plane said."""
        first, keys = self.layer.nshapes, [*self.keys, *(region.key for region in regions)]
        edges, faces = zip(*(look_of(region.color, visible=region.visible) for region in regions), strict=True)
        shapes = [_shape_of(region, plane_of(region)) for region in regions]
        with self._writing():
            self.layer.add(shapes, edge_width=self.edge_width, edge_color=np.array(edges), face_color=np.array(faces))
        data = self.layer.data
        for row, region in enumerate(regions, first):
            look = region.color, region.name, region.visible
            self.drawn[region.key] = Drawn(region.outline, np.array(data[row]), plane_of(region), look)
        self.number(keys)

    def remove(self, keys: Collection[int]) -> None:
        """Take shapes out."""
        rows = [row for row, key in enumerate(self.keys) if key in keys]
        if rows:
            with self._writing():
                self.layer.remove(rows)
        for key in keys:
            self.drawn.pop(key, None)

    def clear(self) -> None:
        """Take all shapes out, also those that are no region yet."""
        with self._writing():
            self.layer.remove(list(range(self.layer.nshapes)))
        self.drawn.clear()

    def mark(self, keys: Collection[int]) -> None:
        """Select the shapes of these regions, and no others."""
        rows = {row for row, key in enumerate(self.keys) if key in keys}
        if rows != set(self.layer.selected_data):
            with self._writing():
                self.layer.selected_data = rows

    def number(self, keys: list[int]) -> None:
        """Say in the layer's features which shape is which, and what it is called."""
        looks = [self._look(key) or _NO_LOOK for key in keys]
        now = {
            "key": keys,
            "name": [name if visible else "" for _, name, visible in looks],
            "color": [color for color, _, _ in looks],
        }
        table = self.layer.features
        if any(list(table[column]) != values for column, values in now.items()):
            with self._writing():
                self.layer.features = now

    def restyle(self, looks: dict[int, Look]) -> None:
        """Give shapes other colours and names, if one of them changed."""
        changed = {key: looks[key] for key in self.keys if key in looks and self._look(key) != looks[key]}
        if not changed:
            return
        for key in changed.keys() & self.drawn.keys():
            self.drawn[key].look = changed[key]
        self._paint()
        self.number(self.keys)

    def recolored(self) -> dict[int, str]:
        """The colours that shapes were given by hand, by key; what no region has, such as opacity, is undone."""
        found = {}
        for row, key in enumerate(self.keys):
            if (look := self._look(key)) is not None:
                color = color_by_hand(self.layer.edge_color[row], self.layer.face_color[row], look)
                if key > 0 and color != look[0]:
                    found[key] = color
        self._paint()
        return found

    def _paint(self) -> None:
        """Let edges and faces have the colours they should have."""
        edges, faces = self.layer.edge_color.copy(), self.layer.face_color.copy()
        for row, key in enumerate(self.keys):
            if (look := self._look(key)) is not None:
                edges[row], faces[row] = look_of(look[0], visible=look[2])
        if np.allclose(edges, self.layer.edge_color) and np.allclose(faces, self.layer.face_color):
            return
        with self._writing():
            self.layer.edge_color, self.layer.face_color = edges, faces

    def _look(self, key: int) -> Look | None:
        return self.drawn[key].look if key in self.drawn else None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        before, self.writing = self.writing, True
        try:
            yield
        finally:
            self.writing = before


def _shape_of(region: Region, plane: int) -> tuple[Any, str]:
    if region.outline is None:
        raise ValueError(f"{region.name} has no outline")
    return np.insert(np.asarray(region.outline.vertices, float), 0, plane, axis=1), region.outline.kind

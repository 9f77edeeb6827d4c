"""Three planes through a point of one volume: xy, with yz to its right and xz below it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Signal

from napari_thunder.models.registration.ortho import Voxel, cut_of
from napari_thunder.widgets.traces.plotting import pg
from napari_thunder.widgets.traces.theme import Colours

Array = NDArray[Any]
Planes = Mapping[str, Array]

_GAP = 0.03
"""Between planes, relative to the longest side."""


class OrthoView(pg.ViewBox):
    """Shows planes in their true proportions, with a cross at the point; `pointed(point)` when a person clicks."""

    pointed = Signal(tuple)

    def __init__(self, title: str) -> None:
        super().__init__(lockAspect=True, invertY=True, enableMenu=False)
        self._title = pg.TextItem(title, anchor=(0, 0))
        self._images = {name: pg.ImageItem(axisOrder="row-major") for name in ("xy", "yz", "xz")}
        self._cross = pg.PlotCurveItem(connect="pairs")
        self._rects: dict[str, QRectF] = {}
        self._space: Voxel = (1, 1, 1)
        self._size = (1.0, 1.0, 1.0)
        self._point: Voxel = (0, 0, 0)
        self._names = {name: pg.TextItem(name, anchor=(0, 0)) for name in self._images}
        for image in self._images.values():
            self.addItem(image)
        for name in self._names.values():
            self.addItem(name, ignoreBounds=True)
        self.addItem(self._cross, ignoreBounds=True)
        self.addItem(self._title, ignoreBounds=True)

    def fit(self, space: Voxel, voxel_size: tuple[float, float, float]) -> None:
        """Make room for the planes of volumes of this shape."""
        self._space, self._size = space, voxel_size
        depth, height, width = (n * s for n, s in zip(space, voxel_size, strict=True))
        gap = _GAP * max(depth, height, width)
        self._rects = {
            "xy": QRectF(0, 0, width, height),
            "yz": QRectF(width + gap, 0, depth, height),
            "xz": QRectF(0, height + gap, width, depth),
        }
        whole = QRectF(0, 0, width + gap + depth, height + gap + depth)
        self.setRange(whole, padding=0.02)
        self._title.setPos(width + gap, height + gap)
        for name, rect in self._rects.items():
            self._names[name].setPos(rect.left(), rect.top())

    def show_planes(self, planes: Planes, limits: tuple[float, float]) -> None:
        """Draw the planes; three-coloured ones as they are."""
        for name, plane in planes.items():
            coloured = plane.ndim == 3
            self._images[name].setImage(plane, autoLevels=False, levels=None if coloured else limits)
            self._images[name].setRect(self._rects[name])

    def point_at(self, point: Voxel) -> None:
        """Draw the cross through a point in all planes."""
        self._point = point
        z, y, x = ((p + 0.5) * s for p, s in zip(point, self._size, strict=True))
        lines = []
        for name, (right, down) in {"xy": (x, y), "yz": (z, y), "xz": (x, z)}.items():
            rect = self._rects[name]
            lines += [(rect.left() + right, rect.top()), (rect.left() + right, rect.bottom())]
            lines += [(rect.left(), rect.top() + down), (rect.right(), rect.top() + down)]
        self._cross.setData(*np.array(lines, float).T, connect="pairs")

    def set_colours(self, colours: Colours) -> None:
        """Follow the theme."""
        self._cross.setPen(pg.mkPen(colours.cursor, width=1))
        self._title.setColor(colours.text)
        for name in self._names.values():
            name.setColor("#ffffff")  # on pictures, which are dark in any theme

    def mouseClickEvent(self, event: Any) -> None:
        """Go where was clicked, along the two axes of the plane under the mouse."""
        at = self.mapSceneToView(event.scenePos())
        for name, rect in self._rects.items():
            if rect.contains(at):
                cut = cut_of(name)
                down = (at.y() - rect.top()) / self._size[cut.down]
                right = (at.x() - rect.left()) / self._size[cut.right]
                event.accept()
                self.pointed.emit(cut.moved(self._point, down, right, self._space))
                return

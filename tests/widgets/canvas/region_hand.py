"""A mouse on the canvas that draws regions."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_thunder.regions import Region
from napari_thunder.widgets.canvas.region_layers import RegionLayers
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import wait_until

LEFT = Qt.MouseButton.LeftButton


class Hand:
    """A mouse on the canvas, told where to go in voxels (y, x) of the plane shown."""

    def __init__(self, viewer: Any, dock: ThunderDock, qtbot: Any) -> None:
        self.viewer, self.dock, self.qtbot = viewer, dock, qtbot
        self.canvas = viewer.window._qt_viewer.canvas.native

    def at(self, place: tuple[float, float]) -> QPoint:
        canvas = self.viewer.window._qt_viewer.canvas
        node = canvas.layer_to_visual[self.viewer.layers[0]].node
        x, y = node.get_transform("visual", "canvas").map((place[1] + 0.5, place[0] + 0.5))[:2]
        return QPoint(round(x), round(y))

    def click(self, place: tuple[float, float]) -> None:
        self.move(place, held=False)
        QTest.mouseClick(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(place))

    def drag(self, *places: tuple[float, float]) -> None:
        QTest.mouseMove(self.canvas, self.at(places[0]))
        QTest.mousePress(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(places[0]))
        for place in places[1:]:
            self.move(place)
        QTest.mouseRelease(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(places[-1]))

    def double_click(self, place: tuple[float, float]) -> None:
        """As Qt tells it: a click, and then a double one."""
        self.click(place)
        QTest.mouseDClick(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(place))
        self.qtbot.wait(20)

    def move(self, place: tuple[float, float], *, held: bool = True) -> None:
        """QTest's moves forget the buttons held, so the event is made by hand."""
        button = LEFT if held else Qt.MouseButton.NoButton
        local, there = QPointF(self.at(place)), QPointF(self.canvas.mapToGlobal(self.at(place)))
        event = QMouseEvent(QEvent.Type.MouseMove, local, there, button, button, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(self.canvas, event)
        self.qtbot.wait(20)

    def settle(self) -> None:
        wait_until(self.qtbot, lambda: self.layers.settled)
        self.qtbot.wait(60)

    @property
    def layers(self) -> RegionLayers:
        return self.dock.workplace.region_layers

    @property
    def regions(self) -> list[Region]:
        return list(self.dock.desk.regions)

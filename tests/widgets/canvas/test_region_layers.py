"""Regions on the canvas, drawn and painted with a real mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_thunder.regions import Region
from napari_thunder.widgets.canvas.region_layers import RegionLayers
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]

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
        QTest.mouseMove(self.canvas, self.at(place))
        QTest.mouseClick(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(place))

    def drag(self, *places: tuple[float, float]) -> None:
        QTest.mouseMove(self.canvas, self.at(places[0]))
        QTest.mousePress(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(places[0]))
        for place in places[1:]:
            self.move(place)
        QTest.mouseRelease(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, self.at(places[-1]))

    def move(self, place: tuple[float, float]) -> None:
        """QTest's moves forget the buttons held, so the event is made by hand."""
        from qtpy.QtCore import QEvent, QPointF
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        local = QPointF(self.at(place))
        there = QPointF(self.canvas.mapToGlobal(self.at(place)))
        event = QMouseEvent(QEvent.Type.MouseMove, local, there, LEFT, LEFT, Qt.KeyboardModifier.NoModifier)
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


@pytest.fixture
def hand(make_dock: MakeDock, qtbot: Any) -> Hand:
    """A mouse over a recording (60, 3, 24, 32) of voxels 8 × 2 × 2 µm, its middle plane shown."""
    viewer, dock = make_dock()
    viewer.window._qt_window.resize(1100, 800)
    viewer.window._qt_window.show()
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    qtbot.wait(300)
    viewer.reset_view()
    qtbot.wait(50)
    return Hand(viewer, dock, qtbot)


def seen_by_napari(hand: Hand) -> Any:
    """The voxels inside the last shape, as napari counts them."""
    return hand.layers.outlines.layer.to_masks((3, 24, 32))[-1]


def assert_nearly_napari(region: Region, hand: Hand) -> None:
    """Up to voxels on the line itself, which napari takes on two sides of four."""
    theirs, mine = seen_by_napari(hand), region.full_mask()
    inner = theirs & np.roll(theirs, 1, 1) & np.roll(theirs, -1, 1) & np.roll(theirs, 1, 2) & np.roll(theirs, -1, 2)
    assert not (inner & ~mine).any()
    outer = theirs | np.roll(theirs, 1, 1) | np.roll(theirs, -1, 1) | np.roll(theirs, 1, 2) | np.roll(theirs, -1, 2)
    assert not (mine & ~outer).any()


def test_a_rectangle_dragged_on_the_brain_becomes_a_region_of_the_voxels_inside(hand: Hand) -> None:
    hand.layers.use("rectangle")
    hand.drag((4.6, 5.4), (9, 9), (12.4, 17.6))
    hand.settle()
    (region,) = hand.regions
    assert region.box == (slice(1, 2), slice(5, 13), slice(6, 18))
    assert region.mask.all()
    assert_nearly_napari(region, hand)
    assert region.outline is not None
    assert region.outline.kind == "rectangle"

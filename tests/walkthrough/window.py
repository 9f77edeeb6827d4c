"""The window as a person sees it: where things are on the screen, and whether something has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import napari
from qtpy.QtCore import QPoint
from qtpy.QtWidgets import QWidget

from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.walkthrough.hands import Point

Found = TypeVar("Found")


class Window:
    """Asks the window's thread, from another one.

    Parameters
    ----------
    viewer, dock
        What is asked.
    """

    def __init__(self, viewer: napari.Viewer, dock: ThunderDock | None) -> None:
        self.viewer = viewer
        self.dock: Any = dock
        self._bridge = MainThread()

    def ask(self, question: Callable[[], Found]) -> Found:
        """The answer to a question that only the window's thread may ask."""
        answer: Future[Found] = Future()

        def call() -> None:
            try:
                answer.set_result(question())
            except Exception as error:
                answer.set_exception(error)

        self._bridge.call(call)
        return answer.result(60)

    def later(self, do: Callable[[], Any]) -> None:
        """Have something done in the window's thread without waiting: it may open a dialog that stays."""
        self._bridge.call(do)

    def wait(self, true: Callable[[], Any], what: str, seconds: float = 90.0) -> None:
        """Wait until something has come."""
        deadline = time.monotonic() + seconds
        while not self.ask(true):
            if time.monotonic() > deadline:
                raise TimeoutError(f"it took too long: {what}")
            time.sleep(0.1)

    def of(self, widget: Callable[[], QWidget], across: float = 0.5, down: float = 0.5) -> Point:
        """Where a widget is on the screen, or a place in it as fractions of its width and height."""
        return self.ask(lambda: _place(widget(), across, down))

    def voxel(self, y: float, x: float) -> Point:
        """Where a place of the shown plane, in world coordinates (µm), is on the screen."""
        return self.ask(lambda: self._voxel(y, x))

    def _voxel(self, y: float, x: float) -> Point:
        canvas = self.viewer.window._qt_viewer.canvas.native
        camera = self.viewer.scene.camera
        across = canvas.width() / 2 + (x - camera.center[-1]) * camera.zoom
        down = canvas.height() / 2 + (y - camera.center[-2]) * camera.zoom
        place = canvas.mapToGlobal(QPoint(round(across), round(down)))
        return place.x(), place.y()


def _place(widget: QWidget, across: float, down: float) -> Point:
    if not widget.isVisible():
        raise LookupError(f"{widget.accessibleName() or type(widget).__name__} is not visible")
    place = widget.mapToGlobal(QPoint(round(widget.width() * across), round(widget.height() * down)))
    return place.x(), place.y()

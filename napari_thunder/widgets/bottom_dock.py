"""How docks at the bottom take their place."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget


def take_height(widget: QWidget, height: int) -> None:
    """Give the dock that a widget lies in this height: docks at the bottom begin as low as they can."""
    dock, window = _dock_around(widget), widget.window()
    if dock is not None and isinstance(window, QMainWindow) and not dock.isFloating():
        window.resizeDocks([dock], [height], Qt.Orientation.Vertical)


def put_beside(window: QWidget, widget: QWidget, other: QWidget | None) -> None:
    """Lay a dock over another one at the bottom, with a tab each, so that the canvas keeps its height."""
    dock, beside = _dock_around(widget), None if other is None else _dock_around(other)
    if isinstance(window, QMainWindow) and dock is not None and beside is not None and not beside.isFloating():
        window.tabifyDockWidget(beside, dock)


def show_dock(widget: QWidget) -> None:
    """Bring the dock that a widget lies in into sight."""
    dock = _dock_around(widget)
    if dock is not None:
        dock.show()
        dock.raise_()


def _dock_around(widget: QWidget) -> QDockWidget | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent

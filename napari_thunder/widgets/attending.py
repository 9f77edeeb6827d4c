"""Brings a part of the desk into sight, also where its tab stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

_TITLES = {
    "data": "Data",
    "registration": "Registration",
    "prepare": "Prepare",
    "rois": "ROIs",
    "analyze": "Analyze",
    "results": "Results",
}


def bring_into_sight(workplace: Workplace, name: str) -> None:
    """Raise the tab that stands alone under this name, or open it; a Thunder dock turns to its own tab by itself."""
    docks = workplace.docks
    if name not in _TITLES or any(hasattr(dock, "show_tab") for dock in docks):
        return
    alone = next((dock for dock in docks if getattr(dock, "name", "") == name), None)
    if alone is None:
        workplace.viewer.window.add_plugin_dock_widget("napari-thunder", f"Thunder: {_TITLES[name]}", tabify=True)
    elif isinstance(frame := alone.parent(), QWidget):
        frame.show()
        frame.raise_()

"""Docks below the canvas that come when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

Dock = TypeVar("Dock", bound=QWidget)


def brought(workplace: Workplace, kind: type[Dock], name: str, make: Callable[[], Dock]) -> Dock:
    """The dock of a kind, made if there is none, in sight and in front of those that share its place."""
    found = workplace.held(kind)
    if found is None:
        found = make()
        workplace.viewer.window.add_dock_widget(found, name=name, area="bottom", tabify=True)
    around = found.parent()
    if isinstance(around, QWidget):
        around.show()
        around.raise_()
    return found

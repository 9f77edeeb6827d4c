"""Everything a person can ask for by key or by napari's command palette."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import napari
from napari.utils.notifications import show_info

from napari_thunder.widgets.workplace import Workplace

if TYPE_CHECKING:
    from napari_thunder.widgets.thunder_dock import ThunderDock

Call = Callable[["ThunderDock"], Any]


@dataclass(frozen=True, slots=True)
class Action:
    """Something to ask for.

    Parameters
    ----------
    name
        Of its function in `widgets.commands` and, after `napari-thunder.`, of its command.
    title
        As in the palette.
    group
        Under which the keys are listed.
    keys
        As napari's `bind_key` takes them; empty for none.
    call
        What it does with the dock.
    """

    name: str
    title: str
    group: str
    keys: str
    call: Call

    @property
    def shown_keys(self) -> str:
        """As a person reads them: `Shift+G`."""
        return self.keys.replace("Control", "Ctrl").replace("-", "+")


ACTIONS: dict[str, Action] = {}


def action(title: str, group: str, keys: str = "") -> Callable[[Call], Callable[[], None]]:
    """Make a function of the dock one of the actions, called without arguments on the current viewer's dock."""

    def make(call: Call) -> Callable[[], None]:
        known = ACTIONS[call.__name__] = Action(call.__name__, title, group, keys, call)

        def do() -> None:
            perform(known)

        do.__name__ = do.__qualname__ = call.__name__
        do.__doc__ = title
        return do

    return make


def perform(known: Action, viewer: Any = None) -> None:
    """Do it, on the dock of the current viewer, which is opened if it is not there."""
    viewer = viewer or napari.current_viewer()
    if viewer is None:
        show_info("Open a napari window first.")
        return
    known.call(dock_of(viewer))


def dock_of(viewer: Any) -> ThunderDock:
    """The Thunder dock of a viewer, opened if it is not there."""
    from napari_thunder.widgets.thunder_dock import ThunderDock

    found = Workplace.of(viewer).held(ThunderDock)
    if found is None:
        _, found = viewer.window.add_plugin_dock_widget("napari-thunder", "Thunder")
    return found

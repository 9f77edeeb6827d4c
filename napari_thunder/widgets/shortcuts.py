"""Binds the keys of the actions to a viewer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from napari_thunder.widgets.actions import ACTIONS, Action, perform

_HELD = 0.4
"""Seconds after which a key counts as held, not tapped."""

_PEEK = ("toggle_maps", "flip_before_after")


class Shortcuts:
    """Keys of a viewer that lead to actions, until they are closed.

    Parameters
    ----------
    viewer
        Whose window listens to them, also where napari has a key of its own.
    """

    def __init__(self, viewer: Any) -> None:
        import napari_thunder.widgets.commands  # noqa: F401 - the actions enter their names

        self._viewer = viewer
        for known in ACTIONS.values():
            if known.keys:
                viewer.bind_key(known.keys, _peek(known) if known.name in _PEEK else _tap(known), overwrite=True)

    def close(self) -> None:
        """Give the keys back."""
        for known in ACTIONS.values():
            if known.keys:
                self._viewer.bind_key(known.keys, None, overwrite=True)


def _tap(known: Action) -> Callable[[Any], None]:
    def tapped(viewer: Any) -> None:
        perform(known, viewer)

    return tapped


def _peek(known: Action) -> Callable[[Any], Iterator[None]]:
    """Done when the key goes down, and undone when it comes up after a while."""

    def pressed(viewer: Any) -> Iterator[None]:
        perform(known, viewer)
        down = time.monotonic()
        yield
        if time.monotonic() - down > _HELD:
            perform(known, viewer)

    return pressed

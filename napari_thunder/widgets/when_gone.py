"""What is done when a widget is gone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtWidgets import QWidget


def when_gone(widget: QWidget, *do: Callable[[], object]) -> None:
    """Call these once when a widget is destroyed; what was the widget's own is gone by then."""
    widget.destroyed.connect(partial(_call, list(do)))


def _call(held: list[Callable[[], object]], *_: object) -> None:
    """Emptied, as Qt may keep hold of the list."""
    while held:
        held.pop(0)()

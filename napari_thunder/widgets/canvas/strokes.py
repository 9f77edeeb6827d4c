"""What a hand does on a layer: whether it is at work, and when it has let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from qtpy.QtCore import QTimer

_DEBOUNCE = 300


class Strokes:
    """Follows the strokes of a hand on a layer, and calls `after` a while after the last one.

    Parameters
    ----------
    after
        Takes what was drawn or painted.
    """

    def __init__(self, after: Callable[[], Any]) -> None:
        self.held = False
        """Whether a button is held on the layer; nothing is moved or drawn under the hand then."""
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(after)

    @property
    def fresh(self) -> bool:
        """Whether something was changed that is still to be taken."""
        return self._timer.isActive()

    def follow(self, layer: Any) -> None:
        """Notice strokes on a layer."""
        layer.mouse_drag_callbacks.append(self._on_drag)

    def changed(self, *_: object) -> None:
        """Something was changed just now."""
        self._timer.start()

    def taken(self) -> None:
        """What was changed is taken."""
        self._timer.stop()

    def forget(self) -> None:
        """The layer is gone."""
        self.held = False
        self._timer.stop()

    def _on_drag(self, layer: Any, event: Any) -> Iterator[None]:
        self.held = True
        try:
            yield
            while event.type == "mouse_move":
                yield
        finally:
            self.held = False
            self._timer.start()

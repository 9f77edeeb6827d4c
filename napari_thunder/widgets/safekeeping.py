"""Keeps the desk safe while a window works on it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

from napari_thunder.models.session.autosave import Autosave
from napari_thunder.widgets.settings import setting

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

_NOTED_AFTER = 300
"""Milliseconds from a change until the desk is taken down as it is then."""


class Safekeeping:
    """Writes the desk down every few seconds if it changed, once it was told to begin.

    Parameters
    ----------
    workplace
        Whose desk it keeps.
    """

    def __init__(self, workplace: Workplace) -> None:
        self.autosave = Autosave(workplace.desk.session)
        self._workplace = workplace
        self._timer: QTimer | None = None
        self._noting: QTimer

    def begin(self) -> None:
        """Keep the desk from now on, unless the settings say not to; may be said twice."""
        if self._timer is not None or not setting("session", "autosave"):
            return
        desk = self._workplace.desk
        changes = (
            desk.datasets, desk.results, desk.regions, desk.draft, desk.traces, desk.views, desk.pictures,
            desk.registration,
        )  # fmt: skip
        self._noting = QTimer()
        self._noting.setSingleShot(True)
        self._noting.timeout.connect(self._note)
        for model in changes:
            self._workplace.main_thread.connect(model.changed, self._on_changed, newest=True)
        self._timer = QTimer()
        self._timer.timeout.connect(self.autosave.keep)
        self._timer.start(1000 * int(setting("session", "autosave_seconds")))

    def _on_changed(self, *_: object) -> None:
        if not self._noting.isActive():
            self._noting.start(_NOTED_AFTER)

    def _note(self) -> None:
        """Take the desk down, but not what a window leaves of it that closes: napari takes the layers away first."""
        if any(dock.window().isVisible() for dock in self._workplace.docks):
            self.autosave.note()

    def close(self, seconds: float = 0.3) -> None:
        """Keep what changed since the last time, in bounded time, and stop."""
        if self._timer is not None:
            with suppress(RuntimeError):  # at the end of the program Qt may be gone before us
                self._timer.stop()
                self._noting.stop()
            self._timer = None
            self.autosave.end(seconds)

"""Save the desk, restore it, or go on where the last one ended."""

from __future__ import annotations

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.autosave import Autosave, LastSession
from napari_thunder.models.background import Background
from napari_thunder.models.session import Restored, Session
from napari_thunder.models.session_file import SUFFIX
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel

_KINDS = f"Thunder sessions (*{SUFFIX})"


class SessionPanel(QWidget):
    """Buttons for the session.

    Parameters
    ----------
    session
        What it saves and restores.
    autosave
        Where the last desk is found.
    """

    def __init__(self, session: Session, autosave: Autosave, main_thread: MainThread) -> None:
        super().__init__()
        self._session = session
        self._autosave = autosave
        self._main_thread = main_thread
        self._last: LastSession | None = None
        self._background = Background("last-session")
        self.save_button = _button("Save session…", "")
        self.save_button.clicked.connect(self.save_as)
        self.open_button = _button("Open session…", "")
        self.open_button.clicked.connect(self.open)
        self.last_button = _button("Restore the last desk", "")
        self.last_button.clicked.connect(self.restore_last)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.trouble = TroubleLabel()
        self._lay_out()
        main_thread.connect(session.changed, self._show, newest=True)
        main_thread.connect(session.saved, self._say_saved)
        main_thread.connect(session.restored, self._say_restored)
        self._background.start(self._look)
        self._show()

    def save(self) -> None:
        """Save where the session was saved before, or ask where."""
        if self._session.path is None:
            self.save_as()
        else:
            self._session.save(self._session.path)

    def save_as(self) -> None:
        """Ask where to, and save."""
        before = str(self._session.path or f"session{SUFFIX}")
        path, _ = QFileDialog.getSaveFileName(self, "Save the session", before, _KINDS)
        if path:
            self._session.save(path)

    def open(self) -> None:
        """Ask for a session, and restore it."""
        path, _ = QFileDialog.getOpenFileName(self, "Restore a session", "", _KINDS)
        if path:
            self._session.restore(path)

    def restore_last(self) -> None:
        """Go on where the last desk ended."""
        if self._last is not None:
            self._session.restore(self._last.path)
            self._last = None
            self._show()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button)
        buttons.addWidget(self.open_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        for widget in (self.last_button, self.status, self.trouble):
            layout.addWidget(widget)
        self.status.hide()

    def _look(self) -> None:
        self._main_thread.call(self._offer, self._autosave.last())

    def _offer(self, last: LastSession | None) -> None:
        self._last = last
        if last is not None:
            how = "" if last.clean else " It ended unexpectedly."
            self.last_button.setToolTip(f"Go on with {last}.{how}")
            self.last_button.setText("Restore the last desk" if last.clean else "Restore what the crash left")
            self._say(f"{last}")
        self._show()

    def _show(self) -> None:
        busy = "" if not self._session.busy else "Wait until the session is saved or restored."
        say_why(self.save_button, busy, "Save recordings, ROIs, results and the window, to go on another day")
        say_why(self.open_button, busy, "Restore a session that was saved")
        self.last_button.setEnabled(not busy)
        self.last_button.setVisible(self._last is not None)
        self.trouble.show_trouble(self._session.trouble)
        if self._session.job is not None:
            self._say(f"{self._session.job.title}…")

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _say_saved(self, path: str) -> None:
        self._say(f"Saved: {path}")

    def _say_restored(self, restored: Restored) -> None:
        self._say(f"Restored: {restored.path}")
        if restored.problems:
            said = "Some things could not be restored. " + " ".join(restored.problems)
            self.trouble.show_trouble(Trouble(said, "\n".join(restored.problems)))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button

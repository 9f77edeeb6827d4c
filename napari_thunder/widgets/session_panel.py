"""Save the desk, restore it, or go on where the last one ended."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.background import Background
from napari_thunder.models.session.autosave import Autosave, LastSession
from napari_thunder.models.session.parts import Restored
from napari_thunder.models.session.session import Session
from napari_thunder.models.session.session_file import SUFFIX
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.file_dialog import ask_for_file, ask_where_to
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
        self._left: list[LastSession] = []
        self._missing: Trouble | None = None
        self._background = Background("last-session")
        self.save_button = _button("Save session…", "")
        self.save_button.clicked.connect(self.save_as)
        self.open_button = _button("Open session…", "")
        self.open_button.clicked.connect(self.open)
        self.last_button = _button("Restore the last desk", "")
        self.last_button.clicked.connect(lambda: self.restore_last())
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.trouble = TroubleLabel()
        self._lay_out()
        for signal in (session.changed, autosave.changed):
            main_thread.connect(signal, self._show, newest=True)
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
        ask_where_to(self, "Save the session", before, [_KINDS], self._session.save)

    def open(self) -> None:
        """Ask for a session, and restore it."""
        ask_for_file(self, "Restore a session", [_KINDS], self._session.restore)

    def restore_last(self, at: int = 0) -> None:
        """Go on where a desk ended: the last one, or one of those before."""
        if at < len(self._left):
            self._session.take_up(self._left.pop(at).path)
            self._offer(self._left)

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
        self._main_thread.call(self._offer, self._autosave.left())

    def _offer(self, left: list[LastSession]) -> None:
        """A button for one desk that was left, a menu for several."""
        self._left = left
        if left:
            newest = left[0]
            self.last_button.setText("Restore the last desk" if newest.clean else "Restore what the crash left")
            self.last_button.setToolTip(f"Go on with {_said_of(newest)}")
        if len(left) == 1 and self._session.job is None:
            self._say(_said_of(left[0]))
        self.last_button.setMenu(self._menu() if len(left) > 1 else None)
        self._show()

    def _menu(self) -> QMenu:
        menu = QMenu(self.last_button)
        for at, last in enumerate(self._left):
            menu.addAction(_said_of(last)).triggered.connect(partial(self._restore_at, at))
        return menu

    def _restore_at(self, at: int, *_: object) -> None:
        self.restore_last(at)

    def _show(self) -> None:
        busy = "" if not self._session.busy else "Wait until the session is saved or restored."
        say_why(self.save_button, busy, "Save recordings, ROIs, results and the window, to go on another day")
        say_why(self.open_button, busy, "Restore a session that was saved")
        self.last_button.setEnabled(not busy)
        self.last_button.setVisible(bool(self._left))
        if self._session.job is not None:
            self._say(f"{self._session.job.title}…")
        elif self._session.trouble is not None:
            self._say("")
        self._show_trouble()

    def _show_trouble(self) -> None:
        self.trouble.show_trouble(self._session.trouble or self._missing or _not_kept(self._autosave.trouble))

    def _say(self, text: str) -> None:
        self.status.setText(text)
        self.status.setVisible(bool(text))

    def _say_saved(self, path: str) -> None:
        self._missing = None
        self._say(f"Saved: {path}")

    def _say_restored(self, restored: Restored) -> None:
        kept = restored.path == self._session.path
        self._say(f"Restored: {restored.path}" if kept else "Restored. Save the session to keep it.")
        said = "Some things could not be restored. " + " ".join(restored.problems)
        self._missing = Trouble(said, "\n".join(restored.problems)) if restored.problems else None
        self._show_trouble()


def _said_of(last: LastSession) -> str:
    return f"{last}{'' if last.clean else ' (ended unexpectedly)'}"


def _not_kept(trouble: Trouble | None) -> Trouble | None:
    """Why a crash would cost something now."""
    return trouble and replace(trouble, message=f"The desk is not kept safe from a crash now. {trouble.message}")


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button

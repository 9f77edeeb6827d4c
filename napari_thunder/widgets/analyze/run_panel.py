"""Preview and Run, and why they cannot be pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_thunder.models.trouble import Trouble
from napari_thunder.models.words import in_window_words
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.warnings_note import WarningsNote


class RunPanel(QWidget):
    """The buttons everyone looks for; emits `asked(preview)`, `asked_for_all()` and `data_wanted()`.

    Parameters
    ----------
    why_not
        Says what is missing before anything can run.
    """

    asked = Signal(bool)
    asked_for_all = Signal()
    data_wanted = Signal()

    def __init__(self, why_not: Callable[[], str]) -> None:
        super().__init__()
        self._why_not = why_not
        self._missing = False
        self.preview_button = QPushButton("Preview")
        self.preview_button.clicked.connect(lambda: self.asked.emit(True))
        self.run_button = QPushButton("Run")
        self.run_button.clicked.connect(lambda: self.asked.emit(False))
        self.more_button = QToolButton()
        self.more_button.setText("More")
        self.more_button.setToolTip("More ways to run")
        self.more_button.setAccessibleName("More ways to run")
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.more_button)
        self._all = menu.addAction("Run on all open recordings")
        self._all.triggered.connect(lambda: self.asked_for_all.emit())
        self.more_button.setMenu(menu)
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.cautions = WarningsNote()
        self.trouble = TroubleLabel()
        self.data_button = data_button()
        self.data_button.clicked.connect(self.data_wanted)
        self._lay_out()
        self.refresh()

    def say(self, trouble: Trouble | None) -> None:
        """Show why nothing was run."""
        self._missing = trouble is not None and trouble.missing
        self.trouble.show_trouble(worded(trouble))
        self._show_way()

    def refresh(self, what: str = "", n_recordings: int = 0, cautions: Sequence[str] = ()) -> None:
        """Look again at what can be done; `what` says what Run would compute, `cautions` what to know before."""
        self.cautions.show_warnings(cautions)
        why_not = self._why_not()
        say_why(self.run_button, why_not, "Compute this on the whole recording (Ctrl+Enter)")
        say_why(self.preview_button, why_not, "A first look at few voxels, within two seconds (Ctrl+Shift+Enter)")
        self.more_button.setVisible(n_recordings > 1)
        self.more_button.setEnabled(not why_not)
        self._all.setText(f"Run on all {n_recordings} open recordings")
        self.status.setText(why_not or what)
        self._show_way()

    def _show_way(self) -> None:
        """The way to where it is done, if what is missing is found under Data."""
        why_not = self._why_not()
        self.data_button.setText("Fill it in under Data" if self._missing else "Go to Data")
        self.data_button.setVisible(self._missing or why_not.endswith("first."))

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.preview_button, 1)
        buttons.addWidget(self.run_button, 1)
        buttons.addWidget(self.more_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        for widget in (self.status, self.cautions, self.trouble, self.data_button):
            layout.addWidget(widget)


def data_button() -> QPushButton:
    """The way from what is missing to where it is filled in; hidden."""
    button = QPushButton("Fill it in under Data")
    button.setToolTip("Go to the Data tab, where events, signals, frame rate and voxel size are given")
    button.hide()
    return button


def worded(trouble: Trouble | None) -> Trouble | None:
    """A trouble in the words of the window."""
    if trouble is None or trouble.verbatim:
        return trouble
    return replace(trouble, message=in_window_words(trouble.message))

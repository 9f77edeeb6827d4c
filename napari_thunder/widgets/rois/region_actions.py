"""What can be done with regions: a button, a line of the context menu and a key for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QPushButton, QShortcut, QSizePolicy, QWidget

from napari_thunder.widgets.section import say_why


@dataclass(frozen=True, slots=True)
class RegionAction:
    """Something to do with regions.

    Parameters
    ----------
    title
        As a button says it.
    tip
        What it does.
    do
        Does it.
    why_not
        What keeps from it, as the next step to take; empty when nothing does.
    key
        As Qt takes it; empty for none.
    """

    title: str
    tip: str
    do: Callable[[], None]
    why_not: Callable[[], str]
    key: str = ""

    @property
    def said(self) -> str:
        """The tip, with the key."""
        return f"{self.tip} ({self.key})" if self.key else self.tip

    def button(self) -> QPushButton:
        """A button that does it."""
        button = QPushButton(self.title)
        button.setMinimumWidth(0)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self.perform())
        return button

    def bind(self, widget: QWidget) -> None:
        """Let its key work while a part of this widget has the focus."""
        if self.key:
            shortcut = QShortcut(QKeySequence(self.key), widget)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda: self.perform())

    def perform(self) -> None:
        """Do it, unless something keeps from it."""
        if not self.why_not():
            self.do()

    def show_on(self, button: QPushButton) -> None:
        """Enable its button, or say why not."""
        say_why(button, self.why_not(), self.said)

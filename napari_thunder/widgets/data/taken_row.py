"""A fact of a recording that can be taken away again: its motion that is undone, its mask."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget


class TakenRow(QWidget):
    """A line of text and a button; emits `taken` when it is pressed.

    Parameters
    ----------
    name
        What the fact is of, for a screen reader.
    action
        What the button says.
    tip
        What pressing it does.
    """

    taken = Signal()

    def __init__(self, name: str, action: str, tip: str) -> None:
        super().__init__()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.button = QPushButton(action)
        self.button.setToolTip(tip)
        self.button.setAccessibleName(f"{name}: {action}")
        self.button.clicked.connect(lambda: self.taken.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)

"""A few words in the middle of an empty plot that say the next step."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

_BESIDE_AXES = (72, 8, 16, 44)
"""Pixels left, above, right and below, so that words do not lie on the numbers of the axes."""


class Hint(QLabel):
    """Lies over a widget without being in the way of the mouse; hidden while there is nothing to say."""

    def __init__(self, over: QWidget) -> None:
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        layout = QVBoxLayout(over)
        layout.setContentsMargins(*_BESIDE_AXES)
        layout.addWidget(self)
        self.hide()

    def say(self, words: str) -> None:
        """Show these words, or nothing."""
        if words != self.text():
            self.setText(words)
        self.setVisible(bool(words))

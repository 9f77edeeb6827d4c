"""What a person must know of numbers before believing them."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from napari_thunder.models.words import in_window_words

_LEAST_WIDTH = 120
_MARGINS = (12, 6, 8, 6)


class WarningsNote(QFrame):
    """Warnings one below the other, in a frame of their own; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("thunder-warnings")
        self.setAccessibleName("Warnings")
        self.setStyleSheet(
            "#thunder-warnings { border: 1px solid #c78a1e; border-left: 4px solid #c78a1e; border-radius: 3px; }"
        )
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.show_warnings(())

    @property
    def texts(self) -> str:
        """What a person reads now."""
        return self._text.text()

    def show_warnings(self, warnings: Sequence[str]) -> None:
        """Show these, or nothing."""
        self._text.setText("\n".join(f"⚠ {in_window_words(text)}" for text in warnings))
        self._fit()
        self.setVisible(bool(warnings))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the text: layouts within layouts ask for the height at a width that is not ours."""
        left, top, right, bottom = _MARGINS
        width = max(_LEAST_WIDTH, self.width() - left - right)
        height = self._text.heightForWidth(width)
        self._text.setGeometry(left, top, width, height)
        if height + top + bottom != self.minimumHeight():
            self.setFixedHeight(height + top + bottom)

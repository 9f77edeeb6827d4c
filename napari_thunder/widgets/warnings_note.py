"""What a person must know of numbers before believing them."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.words import in_window_words


class WarningsNote(QFrame):
    """Warnings one below the other, in a frame of their own; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("thunder-warnings")
        self.setAccessibleName("Warnings")
        self.setStyleSheet(
            "#thunder-warnings { border: 1px solid #c78a1e; border-left: 4px solid #c78a1e; border-radius: 3px; }"
        )
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 6, 4)
        layout.addWidget(self._text)
        self.show_warnings(())

    @property
    def texts(self) -> str:
        """What a person reads now."""
        return self._text.text()

    def show_warnings(self, warnings: Sequence[str]) -> None:
        """Show these, or nothing."""
        self._text.setText("\n".join(f"⚠ {in_window_words(text)}" for text in warnings))
        self.setVisible(bool(warnings))

"""A line that says what went wrong, with the whole story behind a button."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontDatabase
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.trouble import Trouble


class TroubleLabel(QWidget):
    """Shows a `Trouble`; hidden while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trouble: Trouble | None = None
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._details = QPushButton("Details…")
        self._details.setToolTip("Show the technical details, to copy into a message when asking for help")
        self._details.clicked.connect(self._show_details)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text)
        layout.addWidget(self._details, 0, Qt.AlignmentFlag.AlignRight)
        self.show_trouble(None)

    @property
    def message(self) -> str:
        """What a person reads now."""
        return self._text.text()

    def show_trouble(self, trouble: Trouble | None) -> None:
        """Show what went wrong, or nothing."""
        self._trouble = trouble
        self._text.setText(f"⚠ {trouble.message}" if trouble else "")
        self._details.setVisible(bool(trouble and trouble.details))
        self.setVisible(trouble is not None)

    def _show_details(self) -> None:
        if self._trouble is None:
            return
        dialog = QDialog(self)
        dialog.setWindowTitle("What went wrong")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        text = QPlainTextEdit(self._trouble.details)
        text.setReadOnly(True)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.reject)
        layout = QVBoxLayout(dialog)
        layout.addWidget(text)
        layout.addWidget(buttons)
        dialog.resize(720, 400)
        dialog.open()

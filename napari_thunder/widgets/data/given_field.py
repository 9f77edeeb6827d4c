"""A field for something the files do not say, with what is wrong with it right below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_thunder.errors import ThunderError
from napari_thunder.models.trouble import Trouble
from napari_thunder.widgets.trouble_label import TroubleLabel


class _Line(QLineEdit):
    """Escape brings back what was there."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.left.emit()
        else:
            super().keyPressEvent(event)


class GivenField(QWidget):
    """A line that is applied by Enter or by leaving it; emits `given(value)`.

    Parameters
    ----------
    name, unit, tip
        What a person reads.
    read
        From the text to the value; raises `ThunderError` if it cannot be.
    """

    given = Signal(object)

    def __init__(self, name: str, unit: str, tip: str, placeholder: str, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read
        self._known = ""
        self.edit = _Line()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setToolTip(f"{tip}. Enter applies it, Esc brings back what was there.")
        self.edit.setAccessibleName(f"{name} ({unit})" if unit else name)
        self.edit.editingFinished.connect(self._give)
        self.edit.left.connect(self._restore)
        self.trouble = TroubleLabel()
        row = QHBoxLayout()
        row.addWidget(self.edit, 1)
        if unit:
            label = QLabel(unit)
            label.setFixedWidth(28)
            row.addWidget(label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.trouble)

    def show_known(self, text: str) -> None:
        """Show what is known; what is being typed stays."""
        if text != self._known or not self.edit.isModified():
            self._known = text
            self.edit.setText(text)
            self.trouble.show_trouble(None)

    def _restore(self) -> None:
        self.edit.setText(self._known)
        self.trouble.show_trouble(None)

    def _give(self) -> None:
        text = self.edit.text().strip()
        if not self.edit.isModified() or text == self._known:
            return
        try:
            value = self._read(text)
        except ThunderError as error:
            self.trouble.show_trouble(Trouble(str(error)))
            return
        self.edit.setModified(False)
        self.trouble.show_trouble(None)
        self.given.emit(value)

"""Which entries of a folder are shown."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QWidget


class FolderFilter(QWidget):
    """A part of the name to type, and two boxes; emits `changed`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = QLineEdit()
        self.text.setPlaceholderText("filter names")
        self.text.setAccessibleName("Filter names")
        self.text.setToolTip("Show only what has this in its name (Ctrl+F)")
        self.text.setClearButtonEnabled(True)
        self.text.textChanged.connect(lambda _: self.changed.emit())
        self.all_files = QCheckBox("All files")
        self.all_files.setToolTip("Show files that cannot be opened here too")
        self.hidden = QCheckBox("Hidden")
        self.hidden.setToolTip("Show what begins with a dot too")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        for box in (self.all_files, self.hidden):
            box.toggled.connect(lambda _: self.changed.emit())
            row.addWidget(box)

    def clear(self) -> None:
        """Forget the part of a name; says nothing."""
        blocked = self.text.blockSignals(True)
        self.text.clear()
        self.text.blockSignals(blocked)

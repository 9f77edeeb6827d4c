"""A list of names with ticks."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem

_KEY = Qt.ItemDataRole.UserRole


class ChosenList(QListWidget):
    """Names to tick; emits `ticked()` when one was."""

    ticked = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.itemChanged.connect(lambda _: self.ticked.emit())

    def offer(self, entries: Sequence[tuple[Hashable, str, str]], chosen: Iterable[Hashable]) -> None:
        """Offer keys, names and colours (or none), some of them ticked; says nothing."""
        before, wanted = self.blockSignals(True), set(chosen)
        self.clear()
        for key, name, color in entries:
            item = QListWidgetItem(name, self)
            item.setData(_KEY, key)
            item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setCheckState(Qt.CheckState.Checked if key in wanted else Qt.CheckState.Unchecked)
            if color:
                swatch = QPixmap(12, 12)
                swatch.fill(QColor(color))
                item.setIcon(QIcon(swatch))
        self.blockSignals(before)

    def chosen(self) -> tuple[Hashable, ...]:
        """Keys of what is ticked, in order."""
        items = [self.item(i) for i in range(self.count())]
        return tuple(item.data(_KEY) for item in items if item.checkState() == Qt.CheckState.Checked)

    def tick_all(self, on: bool) -> None:
        """Tick all or none."""
        for i in range(self.count()):
            self.item(i).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

"""What the lines of a plot are, each with a switch."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, QSize, Qt, Signal
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from napari_thunder.widgets.plots.picture import Entry
from napari_thunder.widgets.traces.trace_curve import line_icon

_ICON = (26, 14)
_WIDTH = 170


class LegendList(QListWidget):
    """Signals: `switched(rows)` with the rows that are switched off; `chosen(row, beside)` when one is clicked."""

    switched = Signal(object)
    chosen = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Lines of the plot")
        self.setToolTip("Tick what is drawn; a double click draws one alone, or all again")
        self.setIconSize(QSize(*_ICON))
        self.setMaximumWidth(_WIDTH)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of regions begin alike
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemChanged.connect(lambda _: self.switched.emit(self.off))
        self.itemDoubleClicked.connect(self._alone)

    @property
    def off(self) -> frozenset[int]:
        """The rows that are switched off."""
        items = [self.item(at) for at in range(self.count())]
        off = [item for item in items if item.checkState() == Qt.CheckState.Unchecked]
        return frozenset(int(item.data(Qt.ItemDataRole.UserRole)) for item in off)

    def show_entries(self, entries: Sequence[Entry], off: frozenset[int] = frozenset()) -> None:
        """Show other lines; a legend of one says nothing."""
        self.setVisible(len(entries) > 1)
        with QSignalBlocker(self):
            self.clear()
            for entry in entries:
                self._add(entry, entry.row not in off)

    def show_colors(self, entries: Sequence[Entry]) -> None:
        """The same lines in other colours."""
        self.show_entries(entries, self.off)

    def show_chosen(self, rows: frozenset[int]) -> None:
        """Mark the rows that are chosen."""
        with QSignalBlocker(self):
            for at in range(self.count()):
                item = self.item(at)
                font = item.font()
                font.setBold(int(item.data(Qt.ItemDataRole.UserRole)) in rows)
                item.setFont(font)

    def mousePressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        super().mousePressEvent(event)
        item = self.itemAt(event.pos())
        box = self.visualItemRect(item).left() + 22 if item is not None else 0
        if item is not None and event.pos().x() > box:
            beside = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.chosen.emit(int(item.data(Qt.ItemDataRole.UserRole)), beside)

    def _add(self, entry: Entry, on: bool) -> None:
        item = QListWidgetItem(line_icon(entry.color, entry.mark, *_ICON), entry.name)
        item.setData(Qt.ItemDataRole.UserRole, entry.row)
        item.setToolTip(entry.name)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.addItem(item)

    def _alone(self, chosen: QListWidgetItem) -> None:
        """Draw this one alone; if it is, all again."""
        items = [self.item(at) for at in range(self.count())]
        alone = [item for item in items if item.checkState() == Qt.CheckState.Checked] == [chosen]
        with QSignalBlocker(self):
            for item in items:
                on = alone or item is chosen
                item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.switched.emit(self.off)

"""The subjects of the traces, by name: the legend of the lines, to click on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qtpy.QtCore import QPoint, QSize, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QListWidget, QListWidgetItem, QMenu, QSizePolicy

from napari_thunder.models.traces.subjects import Subject
from napari_thunder.widgets.traces.trace_curve import line_icon

_KEY = Qt.ItemDataRole.UserRole
_ICON = QSize(30, 14)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list.

    Parameters
    ----------
    subject
        Who it stands for.
    color
        Of the line as it is drawn.
    mark
        Number of the shape on its line.
    note
        What keeps it from having a line; empty if nothing does.
    """

    subject: Subject
    color: str
    mark: int
    note: str = ""


class SubjectList(QListWidget):
    """One row for each subject, with a piece of its line.

    Signals: `chosen(key)` when someone selects a row, `dismissed(key)` to unpin a voxel or hide a region, `cleared` to
    unpin all voxels.
    """

    chosen = Signal(str)
    dismissed = Signal(str)
    cleared = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Row] = {}
        self.setIconSize(_ICON)
        self.setAccessibleName("Traces shown")
        self.setToolTip("Click a name to see its response to events. Delete, or a right click, hides or unpins it.")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(110)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.currentItemChanged.connect(self._on_current)

    def sizeHint(self) -> QSize:
        return QSize(150, 120)

    def show_rows(self, rows: Iterable[Row]) -> None:
        """Show these, changing only what differs."""
        wanted = {row.subject.key: row for row in rows}
        if wanted == self._rows and list(wanted) == list(self._rows):
            return
        self.blockSignals(True)
        for number in reversed(range(self.count())):
            if self.item(number).data(_KEY) not in wanted:
                self.takeItem(number)
        for number, (key, row) in enumerate(wanted.items()):
            item = self._item_at(number, key)
            if self._rows.get(key) != row:
                _fill(item, row)
        self._rows = wanted
        self.blockSignals(False)

    def show_selection(self, key: str | None) -> None:
        """Mark the row of the selected subject."""
        self.blockSignals(True)
        found = next((item for item in self._items() if item.data(_KEY) == key), None)
        self.setCurrentItem(found)
        if found is None:
            self.clearSelection()
        self.blockSignals(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.currentItem() is not None:
            self.dismissed.emit(self.currentItem().data(_KEY))
        else:
            super().keyPressEvent(event)

    def menu_for(self, key: str) -> QMenu:
        """What can be done with a subject."""
        row, menu = self._rows[key], QMenu(self)
        words = {"voxel": "Unpin this voxel", "region": "Hide this ROI (it stays under ROIs)"}
        if row.subject.kind in words:
            menu.addAction(words[row.subject.kind], lambda: self.dismissed.emit(key))
        if any(other.subject.kind == "voxel" for other in self._rows.values()):
            menu.addAction("Unpin all voxels", self.cleared.emit)
        return menu

    def _open_menu(self, place: QPoint) -> None:
        item = self.itemAt(place)
        if item is not None:
            menu = self.menu_for(item.data(_KEY))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(place))

    def _items(self) -> Iterable[QListWidgetItem]:
        return (self.item(number) for number in range(self.count()))

    def _item_at(self, number: int, key: str) -> QListWidgetItem:
        """The item of a key, moved or made so that it is at this place."""
        at = next((n for n in range(number, self.count()) if self.item(n).data(_KEY) == key), None)
        item = QListWidgetItem() if at is None else self.item(at)
        if at != number:
            if at is not None:
                item = self.takeItem(at)
            item.setData(_KEY, key)
            self.insertItem(number, item)
        return item

    def _on_current(self, item: QListWidgetItem | None, _: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(_KEY))


def _fill(item: QListWidgetItem, row: Row) -> None:
    item.setIcon(line_icon(row.color, row.mark))
    item.setText(
        row.subject.name if not row.note else f"{row.subject.name} …" if row.note == "…" else f"{row.subject.name} ⚠"
    )
    kind = {"hover": "under the mouse; Shift+click keeps it", "voxel": "pinned", "region": "mean over the ROI"}
    note = "" if row.note in ("", "…") else f"\n{row.note}"
    waiting = "\nbeing read" if row.note == "…" else ""
    item.setToolTip(f"{row.subject.name}: {kind[row.subject.kind]}{waiting}{note}")

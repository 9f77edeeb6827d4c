"""The entries of a folder as a table that stays quick with ten thousand of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QFont, QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QStyle, QTableView

from napari_thunder.io.folders import Entry, Use
from napari_thunder.models.data.facts import bytes_text

_COLUMNS = ("Name", "Kind", "Size", "Modified")
_NOWHERE = QModelIndex()


class FolderModel(QAbstractTableModel):
    """Entries, filtered and sorted; folders first.

    Parameters
    ----------
    what
        What is looked for: only this can be chosen, and is marked.
    """

    def __init__(self, what: Use) -> None:
        super().__init__()
        self._what = what
        self._all: Sequence[Entry] = ()
        self._wanted = ("", False, False)
        self._order = (0, Qt.SortOrder.AscendingOrder)
        self.shown: list[Entry] = []
        style = QApplication.style()
        self._icons = {
            True: style.standardIcon(QStyle.StandardPixmap.SP_DirIcon),
            False: style.standardIcon(QStyle.StandardPixmap.SP_FileIcon),
        }
        self._bold = QFont()
        self._bold.setBold(True)

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry, column = self.shown[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(entry, column)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._icons[entry.is_folder]
        if role == Qt.ItemDataRole.FontRole and self._what in entry.uses and column < 2:
            return self._bold
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.name
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        entry = self.shown[index.row()]
        usable = entry.is_folder or self._what in entry.uses
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled if usable else Qt.ItemFlag.NoItemFlags

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; folders stay first."""
        self._order = (column, order)
        self._refresh()

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show what is in another folder."""
        self._all = entries
        self._refresh()

    def filter(self, text: str, hidden: bool, all_files: bool) -> None:
        """Show only names with this text; hidden ones and files of no use here only if asked."""
        if self._wanted != (text.lower(), hidden, all_files):
            self._wanted = (text.lower(), hidden, all_files)
            self._refresh()

    def _refresh(self) -> None:
        text, hidden, all_files = self._wanted
        shown = [
            entry
            for entry in self._all
            if (hidden or not entry.name.startswith("."))
            and (all_files or entry.is_folder or self._what in entry.uses)
            and text in entry.name.lower()
        ]
        column, order = self._order
        down = order == Qt.SortOrder.DescendingOrder
        if column == 0 and down:
            shown.reverse()
        elif column > 0:
            shown.sort(key=_KEYS[column], reverse=down)
        shown.sort(key=lambda entry: not entry.is_folder)
        self.beginResetModel()
        self.shown = shown
        self.endResetModel()


class FolderTable(QTableView):
    """Shows entries; emits `taken(entry)` on Enter and double click, `current_changed` when another is chosen."""

    taken = Signal(object)
    current_changed = Signal()

    def __init__(self, what: Use) -> None:
        super().__init__()
        self._entries = FolderModel(what)
        self.setModel(self._entries)
        self.setAccessibleName("What is in this folder")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in ((1, 130), (2, 90), (3, 140)):
            self.setColumnWidth(column, width)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.doubleClicked.connect(lambda index: self._activate(index.row()))
        self.selectionModel().selectionChanged.connect(lambda *_: self.current_changed.emit())

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show what is in another folder."""
        self._entries.show_entries(entries)
        self.scrollToTop()

    def filter(self, text: str, *, hidden: bool, all_files: bool) -> None:
        """See `FolderModel.filter`; what was chosen stays so if it is still in sight."""
        chosen = self.current()
        self._entries.filter(text, hidden, all_files)
        if chosen is not None:
            self.select(chosen.name)

    def current(self) -> Entry | None:
        """The entry that is chosen."""
        rows = self.selectionModel().selectedRows()
        return self._entries.shown[rows[0].row()] if rows else None

    def count(self) -> int:
        """How many are in sight."""
        return len(self._entries.shown)

    def select(self, name: str) -> None:
        """Choose an entry by its name, if it is in sight."""
        for row, entry in enumerate(self._entries.shown):
            if entry.name == name:
                self.selectRow(row)
                self.scrollTo(self._entries.index(row, 0))
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            index = self.currentIndex()
            if index.isValid():
                self._activate(index.row())
        elif event.key() == Qt.Key.Key_Backspace or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _activate(self, row: int) -> None:
        self.taken.emit(self._entries.shown[row])


_KEYS = {
    1: lambda entry: entry.kind,
    2: lambda entry: entry.size or 0,
    3: lambda entry: entry.modified,
}


def _text(entry: Entry, column: int) -> str:
    if column == 0:
        return entry.name
    if column == 1:
        return entry.kind or ("folder" if entry.is_folder else "")
    if column == 2:
        return "" if entry.size is None else f"{bytes_text(entry.size)}  "
    if not entry.modified:  # storage knows no times of folders
        return ""
    return datetime.fromtimestamp(entry.modified).strftime("%Y-%m-%d %H:%M")

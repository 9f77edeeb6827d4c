"""The recordings on the desk and those on their way, as a table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, QTimer, Signal
from qtpy.QtGui import QFont, QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from napari_thunder.models.data.datasets import Dataset, Datasets, Opening
from napari_thunder.models.data.facts import bytes_text, shape_text, where_text

_COLUMNS = ("Name", "t×z×y×x", "Size", "From")
_NOWHERE = QModelIndex()
_MOST_ROWS = 6

_FROM = {"this computer": "disk", "cluster": "cluster", "memory": "memory", "storage": "storage"}

Row = Dataset | Opening


class RecordingsModel(QAbstractTableModel):
    """A row for each recording; the current one is marked by ▸ and bold."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self._current: int | None = None
        self._bold = QFont()
        self._bold.setBold(True)

    def show_rows(self, rows: Sequence[Row], current: int | None) -> None:
        """Show these, in place where only what they say has changed."""
        same = [row.key for row in rows] == [row.key for row in self.rows]
        if not same:
            self.beginResetModel()
        self.rows, self._current = list(rows), current
        if not same:
            self.endResetModel()
        elif rows:
            self.refresh()

    def refresh(self) -> None:
        """Read every cell again."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(_COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section]
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == Qt.ItemDataRole.FontRole and row.key == self._current and column == 0:
            return self._bold
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.name if isinstance(row, Opening) else row.recording.uri
        return None

    def _text(self, row: Row, column: int) -> str:
        if isinstance(row, Opening):
            waited = time.monotonic() - row.since
            return (_short(row.name), f"opening … {waited:.0f} s", "", "")[column]
        recording = row.recording
        mark = "▸ " if row.key == self._current else ""
        return (
            mark + recording.name,
            shape_text(recording),
            bytes_text(recording.nbytes),
            _FROM[where_text(recording)],
        )[column]


class RecordingsTable(QTableView):
    """Emits `chosen(key)` when another recording is clicked, and `closed(row)` for Delete."""

    chosen = Signal(int)
    closed = Signal(object)

    def __init__(self, datasets: Datasets) -> None:
        super().__init__()
        self._datasets = datasets
        self._following = False
        self._recordings = RecordingsModel()
        self.setModel(self._recordings)
        self.setAccessibleName("Open recordings")
        self.setToolTip("Click the one to work on. Delete closes it.")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(60)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._recordings.refresh)
        self.selectionModel().currentRowChanged.connect(lambda index, _: self._choose(index.row()))

    def show_rows(self) -> None:
        """Follow the desk."""
        datasets = self._datasets
        current = None if datasets.current is None else datasets.current.key
        rows: list[Row] = [*datasets, *datasets.openings]
        self.setVisible(bool(rows))
        self._recordings.show_rows(rows, current)
        if datasets.openings:
            self._clock.start()
        else:
            self._clock.stop()
        self._select(current)
        line = self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(self.horizontalHeader().sizeHint().height() + line * min(_MOST_ROWS, len(rows)) + 4)

    def row(self) -> Row | None:
        """The one that is chosen; the one on its way if there is nothing else."""
        at = self.currentIndex().row()
        rows = self._recordings.rows
        return rows[at] if 0 <= at < len(rows) else rows[0] if rows else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.row()
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and row is not None:
            self.closed.emit(row)
        else:
            super().keyPressEvent(event)

    def _choose(self, at: int) -> None:
        rows = self._recordings.rows
        if 0 <= at < len(rows) and not self._following:
            self.chosen.emit(rows[at].key)

    def _select(self, current: int | None) -> None:
        chosen = self.row()
        if isinstance(chosen, Opening) and self.currentIndex().isValid():
            return
        for at, row in enumerate(self._recordings.rows):
            if row.key == current and self.currentIndex().row() != at:
                self._following = True
                self.selectRow(at)
                self._following = False


def _short(name: str) -> str:
    return name.rstrip("/").rsplit("/", 1)[-1]

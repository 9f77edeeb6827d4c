"""The first rows of a table, for a table view."""

from __future__ import annotations

from typing import Any

import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtWidgets import QAbstractItemView, QTableView

_ROWS = 50
_NOWHERE = QModelIndex()


class RowsModel(QAbstractTableModel):
    """Shows a DataFrame's first rows; numbers in short."""

    def __init__(self) -> None:
        super().__init__()
        self._table = pd.DataFrame()

    def show_table(self, table: pd.DataFrame) -> None:
        """Show another table."""
        self.beginResetModel()
        self._table = table.head(_ROWS)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._table)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._table.shape[1]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        labels = self._table.columns if orientation == Qt.Orientation.Horizontal else self._table.index
        return str(labels[section])

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        value = self._table.iat[index.row(), index.column()]
        number = isinstance(value, int | float)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return f"{value:.6g}" if isinstance(value, float) else str(value)
        if role == Qt.ItemDataRole.TextAlignmentRole and number:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def rows_view(model: RowsModel, name: str, rows: int) -> QTableView:
    """A small view of the first rows, `rows` high."""
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    height = view.fontMetrics().height() + 6
    view.verticalHeader().setDefaultSectionSize(height)
    view.horizontalHeader().setDefaultSectionSize(88)
    view.horizontalHeader().setStretchLastSection(True)
    view.setFixedHeight(height * (rows + 1) + 14)
    return view

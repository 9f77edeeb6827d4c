"""The table of results as Qt's views read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt

from napari_thunder.models.results.pictures import Pictures
from napari_thunder.models.results.result_facts import ResultFacts, facts_of
from napari_thunder.models.results.results import ResultEntry, Results

COLUMNS = ("Name", "State", "Analysis", "Parameters", "When", "Seconds", "Engine", "Recording")
NAME, STATE = 0, 1
SORTED_BY = Qt.ItemDataRole.UserRole

_STATES = {
    "computing": "It fills in while it is computed",
    "preview": "A few voxels only, to have a look; run it in full to keep it",
    "done": "Not saved yet",
    "saved": "Saved as it is",
}

_CELLS: tuple[Callable[[ResultEntry, ResultFacts], str], ...] = (
    lambda entry, _: entry.name,
    lambda entry, _: entry.state,
    lambda _, facts: facts.analysis,
    lambda _, facts: facts.parameters,
    lambda _, facts: f"{facts.when:%H:%M}" if facts.when and _is_today(facts) else _date(facts),
    lambda _, facts: "" if facts.seconds is None else f"{facts.seconds:.3g}",
    lambda _, facts: facts.engine,
    lambda _, facts: facts.recording,
)


class ResultsModel(QAbstractTableModel):
    """A row for each result, the topmost map first; the box before the name shows and hides it.

    Parameters
    ----------
    results, pictures
        What it shows and changes.
    """

    def __init__(self, results: Results, pictures: Pictures, parent: Any = None) -> None:
        super().__init__(parent)
        self._results = results
        self._pictures = pictures
        self._rows: list[ResultEntry] = []
        self._facts: dict[int, tuple[object, ResultFacts]] = {}
        self.follow()

    def follow(self) -> None:
        """Take over the results as they are now, row by row, so that views keep what is selected."""
        wanted = list(self._results)[::-1]
        keys = {entry.key for entry in wanted}
        for row in reversed([row for row, entry in enumerate(self._rows) if entry.key not in keys]):
            self.beginRemoveRows(QModelIndex(), row, row)
            self._facts.pop(self._rows.pop(row).key, None)
            self.endRemoveRows()
        for row, entry in enumerate(wanted):
            self._put(row, entry)
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    def _put(self, row: int, entry: ResultEntry) -> None:
        at = next((i for i, known in enumerate(self._rows) if known.key == entry.key), None)
        if at is None:
            self.beginInsertRows(QModelIndex(), row, row)
            self._rows.insert(row, entry)
            self.endInsertRows()
            return
        if at > row:
            self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), row)
            self._rows.insert(row, self._rows.pop(at))
            self.endMoveRows()
        self._rows[row] = entry

    def entry_at(self, row: int) -> ResultEntry:
        """The result of a row."""
        return self._rows[row]

    def row_of(self, key: int) -> int | None:
        """The row of a result."""
        return next((row for row, entry in enumerate(self._rows) if entry.key == key), None)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == NAME:
            flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        entry, column = self._rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return _CELLS[column](entry, self._facts_of(entry))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(entry, column)
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            return Qt.CheckState.Checked if entry.key in self._pictures.shown else Qt.CheckState.Unchecked
        if role == SORTED_BY:
            return self._sorted_by(entry, column)
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        key = self._rows[index.row()].key
        if role == Qt.ItemDataRole.CheckStateRole:
            self._pictures.switch([key], Qt.CheckState(value) == Qt.CheckState.Checked)
            return True
        if role == Qt.ItemDataRole.EditRole:
            self._results.rename(key, str(value))
            return True
        return False

    def _facts_of(self, entry: ResultEntry) -> ResultFacts:
        held = self._facts.get(entry.key)
        if held is None or held[0] is not entry.dataset or (entry.finished and held[1].when is None):
            self._facts[entry.key] = held = (entry.dataset, facts_of(entry))
        return held[1]

    def _tip(self, entry: ResultEntry, column: int) -> str:
        facts = self._facts_of(entry)
        if column == STATE:
            return f"{_STATES[entry.state]}{f': {entry.path}' if entry.path else ''}"
        if COLUMNS[column] == "When" and facts.when:
            return f"{facts.when:%A %d %B %Y, %H:%M:%S}"
        if column == NAME:
            return f"{entry.name}\nThe box shows or hides it; F2 or a double click renames it"
        if COLUMNS[column] == "Parameters":
            return facts.in_full
        return str(_CELLS[column](entry, facts))

    def _sorted_by(self, entry: ResultEntry, column: int) -> Any:
        facts = self._facts_of(entry)
        if COLUMNS[column] == "When":
            return facts.when.timestamp() if facts.when else float("inf")
        if COLUMNS[column] == "Seconds":
            return -1.0 if facts.seconds is None else facts.seconds
        return _CELLS[column](entry, facts).casefold()


class SortedResults(QSortFilterProxyModel):
    """The same rows, sorted by a column; as the maps lie on each other when sorted by none."""

    def __init__(self, model: ResultsModel) -> None:
        super().__init__(model)
        self.setSourceModel(model)
        self.setSortRole(SORTED_BY)


def _is_today(facts: ResultFacts) -> bool:
    when = facts.when
    return when is not None and when.date() == when.now(when.tzinfo).date()


def _date(facts: ResultFacts) -> str:
    return f"{facts.when:%d %b %Y}" if facts.when else ""

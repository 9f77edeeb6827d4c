"""The table of regions: chosen, renamed, recoloured, sorted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qtpy.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QColorDialog, QHeaderView, QTableView

from napari_thunder.widgets.rois.region_table import COLOUR, HEADERS, NAME, SORT, RegionTable

_ROWS_SHOWN = (4, 12)


class RegionList(QTableView):
    """Shows regions; `picked` when other rows are chosen by hand, `recolored(key, color)`, `opened(key)`.

    Parameters
    ----------
    table
        Its rows.
    """

    picked = Signal()
    recolored = Signal(int, str)
    opened = Signal(int)

    def __init__(self, table: RegionTable) -> None:
        super().__init__()
        self.table = table
        self._showing = False
        self._sorted = QSortFilterProxyModel()
        self._sorted.setSourceModel(table)
        self._sorted.setSortRole(SORT)
        self.setModel(self._sorted)
        self._set_up()
        self.selectionModel().selectionChanged.connect(self._on_selection)
        self.doubleClicked.connect(self._on_double_click)
        for signal in (self._sorted.rowsInserted, self._sorted.rowsRemoved, self._sorted.modelReset):
            signal.connect(self._fit)
        self._fit()

    @property
    def keys(self) -> list[int]:
        """The regions that are chosen, from the top."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._key(row) for row in rows]

    def choose(self, keys: Collection[int]) -> None:
        """Choose these rows."""
        if set(keys) == set(self.keys):
            return
        self._showing = True
        selection = QItemSelection()
        for key in keys:
            row = self.table.row_of(key)
            if row is not None:
                row = self._sorted.mapFromSource(self.table.index(row, 0)).row()
                selection.select(self._sorted.index(row, 0), self._sorted.index(row, len(HEADERS) - 1))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if selection.indexes():
            self.scrollTo(selection.indexes()[0])
            self.selectionModel().setCurrentIndex(selection.indexes()[NAME], QItemSelectionModel.SelectionFlag.NoUpdate)
        self._showing = False

    def rename(self) -> None:
        """Let the name of the first chosen region be typed."""
        rows = self.selectionModel().selectedRows(NAME)
        if rows:
            self.setFocus()
            self.edit(rows[0])

    def recolor(self) -> None:
        """Ask for another colour of the chosen regions."""
        keys = self.keys
        row = self.table.row_of(keys[0]) if keys else None
        if row is None:
            return
        dialog = QColorDialog(QColor(self.table.region(row).color), self)
        dialog.setWindowTitle("Colour of the region")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda color: self._recolor(keys, color))
        dialog.open()

    def _recolor(self, keys: Sequence[int], color: QColor) -> None:
        for key in keys:
            self.recolored.emit(key, color.name())

    def _set_up(self) -> None:
        self.setAccessibleName("Regions")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.DoubleClicked)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        header = self.horizontalHeader()
        header.setMinimumSectionSize(24)
        header.setHighlightSections(False)
        header.setResizeContentsPrecision(_ROWS_SHOWN[1])
        for column in range(len(HEADERS)):
            mode = QHeaderView.ResizeMode.Stretch if column == NAME else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)

    def _key(self, row: int) -> int:
        return self.table.region(self._sorted.mapToSource(self._sorted.index(row, 0)).row()).key

    def _fit(self, *_: object) -> None:
        least, most = _ROWS_SHOWN
        rows = min(max(self._sorted.rowCount(), least), most)
        height = rows * self.verticalHeader().defaultSectionSize() + self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(height + 2 * self.frameWidth() + 2)

    def _on_selection(self, *_: object) -> None:
        if not self._showing:
            self.picked.emit()

    def _on_double_click(self, index: QModelIndex) -> None:
        if index.column() == COLOUR:
            self.recolor()
        elif index.column() != NAME:
            self.opened.emit(self._key(index.row()))

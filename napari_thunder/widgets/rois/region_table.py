"""The regions as the rows of a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor, QFont

from napari_thunder.models.rois.regions import Regions
from napari_thunder.regions import Box, Region

VISIBLE, NAME, COLOUR, VOXELS, SIZE, PLANES = range(6)
HEADERS = ("", "Name", "", "Voxels", "µm³", "z")
_MEANING = (
    "Shown, with its trace",
    "Name, also on the canvas",
    "Colour",
    "Number of voxels",
    "Size in µm³; needs the voxel size",
    "First and last plane",
)
SORT = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RegionTable(QAbstractTableModel):
    """A row for each region; name, visibility and colour can be changed.

    Parameters
    ----------
    regions
        What it shows and edits.
    space
        Gives shape (z, y, x) and voxel size of the current recording, each None when not known.
    """

    def __init__(
        self, regions: Regions, space: Callable[[], tuple[Box | None, tuple[float, float, float] | None]]
    ) -> None:
        super().__init__()
        self._regions = regions
        self._space = space
        self._rows: list[Region] = []
        self._row_of: dict[int, int] = {}
        self._counted: dict[int, tuple[Any, int]] = {}
        self._volume, self._voxel_size = space()

    def region(self, row: int) -> Region:
        """The region of a row."""
        return self._rows[row]

    def row_of(self, key: int) -> int | None:
        """Where a region is."""
        return self._row_of.get(key)

    def show(self) -> None:
        """Show the regions as they are now, changing only the rows that did."""
        self._row_of = {region.key: row for row, region in enumerate(self._regions)}
        now, space = list(self._regions), self._space()
        everywhere = space != (self._volume, self._voxel_size)
        self._volume, self._voxel_size = space
        keys = {region.key for region in now}
        self._counted = {key: known for key, known in self._counted.items() if key in keys}
        for first, last in reversed(_runs([row for row, region in enumerate(self._rows) if region.key not in keys])):
            self.beginRemoveRows(QModelIndex(), first, last)
            del self._rows[first : last + 1]
            self.endRemoveRows()
        if [region.key for region in self._rows] != [region.key for region in now[: len(self._rows)]]:
            self.beginResetModel()
            self._rows = now
            self.endResetModel()
            return
        self._update(now, everywhere)

    def _update(self, now: list[Region], everywhere: bool) -> None:
        for row, before in enumerate(self._rows):
            if before is not now[row] or everywhere:
                self._rows[row] = now[row]
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(HEADERS) - 1))
        if len(now) > len(self._rows):
            self.beginInsertRows(QModelIndex(), len(self._rows), len(now) - 1)
            self._rows += now[len(self._rows) :]
            self.endInsertRows()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADERS[section]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return _MEANING[section]
        return _RIGHT if role == Qt.ItemDataRole.TextAlignmentRole and section >= VOXELS else None

    def flags(self, index: QModelIndex) -> Any:
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if index.column() == NAME:
            return flags | Qt.ItemFlag.ItemIsEditable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == VISIBLE else flags

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        region, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.CheckStateRole and column == VISIBLE:
            return Qt.CheckState.Checked if region.visible else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.DecorationRole and column == COLOUR:
            return QColor(region.color)
        if role == Qt.ItemDataRole.FontRole:
            return self._font(region)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._said(region, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column >= VOXELS:
            return _RIGHT
        if role == SORT:
            return self._value(region, column)
        return self._text(region, column) if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole) else None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        region = self._rows[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == VISIBLE:
            self._regions.show(not region.visible, region.key)
            return True
        name = str(value).strip()
        if role == Qt.ItemDataRole.EditRole and index.column() == NAME and name and name != region.name:
            self._regions.edit(region.key, name=name)
            return True
        return False

    def _why_unfit(self, region: Region) -> str:
        return "" if self._volume is None else region.why_unfit(self._volume)

    def _font(self, region: Region) -> QFont | None:
        if not self._why_unfit(region):
            return None
        font = QFont()
        font.setItalic(True)
        return font

    def _text(self, region: Region, column: int) -> str:
        if column == NAME:
            return region.name
        if column == PLANES:
            first, last = region.planes
            return f"{first}" if first == last else f"{first}–{last}"
        if column == VOXELS:
            return f"{self._n_voxels(region):,}"
        return self._size(region) if column == SIZE else ""

    def _size(self, region: Region) -> str:
        if self._voxel_size is None or self._why_unfit(region):
            return "–"
        size = self._n_voxels(region) * math.prod(self._voxel_size)
        return f"{size:,.0f}" if size >= 10 else f"{size:.3g}"

    def _n_voxels(self, region: Region) -> int:
        """Counted once, as a table asks for every cell many times."""
        known = self._counted.get(region.key)
        if known is None or known[0] is not region.mask:
            known = self._counted[region.key] = region.mask, region.n_voxels
        return known[1]

    def _value(self, region: Region, column: int) -> Any:
        if column in (VOXELS, SIZE):
            return self._n_voxels(region)
        others = {VISIBLE: region.visible, PLANES: region.planes[0], COLOUR: region.color}
        return others.get(column, region.name.lower())

    def _said(self, region: Region, column: int) -> str:
        if reason := self._why_unfit(region):
            return f"{reason} It is not drawn."
        if column == COLOUR:
            return f"{region.color}; double-click to change"
        if column == VISIBLE:
            return f"{region.name} is {'shown' if region.visible else 'hidden'}"
        if column == SIZE and self._voxel_size is None:
            return "Give the voxel size under Data to see µm³"
        return f"{region.name}: double-click or F2 to rename" if column == NAME else self._text(region, column)


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of rows that follow each other."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = runs[-1][0], row
        else:
            runs.append((row, row))
    return runs

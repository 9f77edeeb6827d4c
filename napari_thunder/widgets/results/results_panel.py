"""The results, and how the chosen one is looked at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QItemSelectionModel, QPoint, Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QAction,
    QGridLayout,
    QLabel,
    QMenu,
    QShortcut,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.results.result_facts import warnings_of
from napari_thunder.models.results.results import ResultEntry
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.results.action_button import ActionButton, MenuButton
from napari_thunder.widgets.results.clusters_panel import ClustersPanel
from napari_thunder.widgets.results.look_panel import LookPanel
from napari_thunder.widgets.results.result_actions import ResultActions
from napari_thunder.widgets.results.results_model import COLUMNS, NAME, ResultsModel, SortedResults
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.warnings_note import WarningsNote

if TYPE_CHECKING:
    from napari_thunder.widgets.workplace import Workplace

_NONE = "No results yet. Run an analysis under Analyze, or open a saved result here."
_MOST_ROWS = 8
_WIDTHS = (176, 62, 110, 150, 80, 60, 70, 110)


class ResultsPanel(QWidget):
    """Results of this desk.

    Parameters
    ----------
    workplace
        Whose results it shows, and whose canvas.
    main_thread
        What brings the desk's signals here.
    """

    def __init__(self, workplace: Workplace, main_thread: MainThread) -> None:
        super().__init__()
        self._results = workplace.desk.results
        self._pictures = workplace.desk.pictures
        self._following = False
        self._none = QLabel(_NONE)
        self._none.setWordWrap(True)
        self.model = ResultsModel(self._results, self._pictures, self)
        self.sorted = SortedResults(self.model)
        self.table = self._make_table()
        self._legends = workplace.map_legends
        self.look = LookPanel(lambda: self._pictures.look(self._pictures.front or 0))
        self.look.asked.connect(self._apply)
        self.clusters = ClustersPanel(workplace.desk, main_thread)
        self.warnings = WarningsNote()
        self.trouble = TroubleLabel()
        self.actions_ = ResultActions(workplace, self.chosen, self)
        self._lay_out()
        self._bind_keys()
        main_thread.connect(self._results.changed, self._show, newest=True)
        main_thread.connect(self._pictures.fronted, lambda _: self._show(), newest=True)
        main_thread.connect(self._pictures.sighted, self._show, newest=True)
        main_thread.connect(self._pictures.changed, lambda _: self._show_look(), newest=True)
        main_thread.connect(self._pictures.painted, lambda *_: self._show_look(), newest=True)
        main_thread.connect(workplace.comparison.changed, self._show_look, newest=True)
        main_thread.connect(workplace.desk.datasets.changed, lambda *_: self.actions_.refresh(), newest=True)
        self._show()

    @property
    def current(self) -> ResultEntry | None:
        """The result in front, whose look is shown."""
        return self._results.get(self._pictures.front or 0)

    def chosen(self) -> list[int]:
        """Keys of the results that are chosen, the topmost first."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.entry_at(self.sorted.mapToSource(self.sorted.index(row, 0)).row()).key for row in rows]

    def choose(self, *keys: int) -> None:
        """Choose results; one that is chosen alone comes to the front."""
        selection = self.table.selectionModel()
        selection.clearSelection()
        for key in keys:
            self._select(key, QItemSelectionModel.SelectionFlag.Select)
        self._on_selected()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName("Results")
        table.setModel(self.sorted)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of one recording begin alike
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.setSortingEnabled(True)
        header: Any = table.horizontalHeader()
        header.setSectionsMovable(True)
        header.setToolTip("Click to sort, again to reverse; as the maps lie on each other: right click")
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_header_menu)
        for column, width in enumerate(_WIDTHS):
            table.setColumnWidth(column, width)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)
        table.selectionModel().selectionChanged.connect(lambda *_: self._on_selected())
        return table

    def _lay_out(self) -> None:
        grid = QGridLayout()
        for place, thing in enumerate(self.actions_.buttons):
            button = MenuButton(thing) if isinstance(thing, QMenu) else ActionButton(thing)
            grid.addWidget(button, place // 3, place % 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._none)
        layout.addWidget(self.table)
        layout.addLayout(grid)
        layout.addWidget(self.trouble)
        layout.addWidget(self.warnings)
        layout.addWidget(self.look)
        layout.addWidget(self.clusters)

    def _bind_keys(self) -> None:
        actions = self.actions_
        for key, slot in (
            (QKeySequence.StandardKey.Delete, actions.remove_chosen),
            (QKeySequence.StandardKey.Undo, lambda: self._results.bring_back()),
            (QKeySequence.StandardKey.Save, actions.save_file),
        ):
            shortcut = QShortcut(QKeySequence(key), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)

    def _show(self) -> None:
        self._following = True
        self.model.follow()
        front = self._pictures.front
        chosen = self.chosen()
        if front is not None and front not in chosen:
            self._select(front, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._following = False
        rows = self.model.rowCount()
        self._none.setVisible(rows == 0)
        self.table.setVisible(rows > 0)
        header = self.table.horizontalHeader().height() or 24
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.setFixedHeight(header + bar + min(_MOST_ROWS, max(2, rows)) * self.table.rowHeight(0) + 4)
        self.trouble.show_trouble(self._results.trouble or self._pictures.trouble)
        self._show_look()

    def _select(self, key: int, how: QItemSelectionModel.SelectionFlag) -> None:
        row = self.model.row_of(key)
        if row is not None:
            index = self.sorted.mapFromSource(self.model.index(row, 0))
            selection = self.table.selectionModel()
            selection.select(index, how | QItemSelectionModel.SelectionFlag.Rows)
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)

    def _on_selected(self) -> None:
        keys = self.chosen()
        if len(keys) == 1 and not self._following:
            self._pictures.bring_to_front(keys[0])
        if not self._following and self._results.trouble is not None:
            self._results.tell(None)  # it was about what was chosen before
        self._show_look()

    def _show_look(self) -> None:
        entry = self.current
        self.warnings.show_warnings(() if entry is None else warnings_of(entry.dataset))
        look = self._pictures.look(entry.key) if entry else None
        self.look.legend_wanted = not self._legends.works
        self.look.show_look(entry, look, self._pictures.spec(entry.key) if entry else None)
        self.clusters.refresh()
        self.actions_.refresh()

    def _apply(self) -> None:
        entry = self.current
        if entry is not None and self.look.look is not None:
            self._pictures.show(entry.key, self.look.look)

    def _show_menu(self, at: QPoint) -> None:
        self.actions_.refresh()
        self.actions_.menu().popup(self.table.viewport().mapToGlobal(at))

    def _show_header_menu(self, at: QPoint) -> None:
        menu, header = QMenu(self), self.table.horizontalHeader()
        menu.addAction("As the maps lie on each other", self.sort_by_layers)
        menu.addSeparator()
        for column, title in enumerate(COLUMNS):
            if column == NAME:
                continue
            action = QAction(title, menu)
            action.setCheckable(True)
            action.setChecked(not self.table.isColumnHidden(column))
            action.toggled.connect(partial(self._show_column, column))
            menu.addAction(action)
        menu.popup(header.mapToGlobal(at))

    def sort_by_layers(self) -> None:
        """List the results as their maps lie on each other, the topmost first."""
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)

    def _show_column(self, column: int, shown: bool) -> None:
        self.table.setColumnHidden(column, not shown)

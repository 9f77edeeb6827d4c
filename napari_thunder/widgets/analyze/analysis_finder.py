"""A search line over the analyses, which are listed by family."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from napari_thunder.models.analyze.finding import find_analyses, listed

_NAME = Qt.ItemDataRole.UserRole
_MOST_ROWS = 10


class AnalysisFinder(QWidget):
    """Emits `chosen(name)` when another analysis is chosen, `entered()` when Enter is pressed on it."""

    chosen = Signal(str)
    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search analyses: type, ↑ ↓, Enter")
        self.search.setAccessibleName("Search analyses")
        self.search.setToolTip(
            "A few letters of a name, family or method, such as “glm”; ↑ and ↓ choose, Enter goes on"
        )
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(14)
        self.tree.setAllColumnsShowFocus(True)
        self.tree.setAccessibleName("Analyses by family")
        self.tree.installEventFilter(self)
        self._items = self._fill()
        self.tree.currentItemChanged.connect(self._on_current)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self._fit()

    @property
    def name(self) -> str:
        """Of the analysis that is marked."""
        item = self.tree.currentItem()
        return "" if item is None else str(item.data(0, _NAME) or "")

    def show_chosen(self, name: str) -> None:
        """Mark an analysis without choosing it anew."""
        if name != self.name and name in self._items:
            self.tree.blockSignals(True)
            self.tree.setCurrentItem(self._items[name])
            self.tree.scrollToItem(self._items[name])
            self.tree.blockSignals(False)

    def shown(self) -> tuple[str, ...]:
        """Names of the analyses that fit what was typed, in the order of the list."""
        return tuple(name for name, item in self._items.items() if not item.isHidden())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and self._handled(watched, event):
            return True
        return super().eventFilter(watched, event)

    def _handled(self, watched: QObject, event: Any) -> bool:
        key = QKeyEvent.key(event)
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if plain and watched is self.search and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._step(1 if key == Qt.Key.Key_Down else -1)
            return True
        if plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
            return True
        return False

    def _enter(self) -> None:
        found = find_analyses(self.search.text())
        if self.search.text().strip() and found and self.name not in found:
            self.tree.setCurrentItem(self._items[found[0]])
        if found:
            self.search.clear()
            self.entered.emit()

    def _step(self, by: int) -> None:
        shown = self.shown()
        if not shown:
            return
        if self.name not in shown:
            at = 0 if by > 0 else len(shown) - 1
        else:
            at = min(max(shown.index(self.name) + by, 0), len(shown) - 1)
        self.tree.setCurrentItem(self._items[shown[at]])

    def _on_current(self, item: QTreeWidgetItem | None, _: QTreeWidgetItem | None) -> None:
        if item is not None and item.data(0, _NAME):
            self.chosen.emit(str(item.data(0, _NAME)))

    def _filter(self, text: str) -> None:
        found = set(find_analyses(text))
        for name, item in self._items.items():
            item.setHidden(name not in found)
        for at in range(self.tree.topLevelItemCount()):
            family = self.tree.topLevelItem(at)
            family.setHidden(all(family.child(i).isHidden() for i in range(family.childCount())))
        self._fit()
        if self.name in found:
            self.tree.scrollToItem(self.tree.currentItem())

    def _fit(self) -> None:
        """As high as what is shown, up to a limit."""
        height = max(18, self.tree.sizeHintForRow(0))
        families = {id(self._items[name].parent()) for name in self.shown()}
        rows = min(max(len(self.shown()) + len(families), 1), _MOST_ROWS)
        self.tree.setFixedHeight(rows * height + 6)

    def _fill(self) -> dict[str, QTreeWidgetItem]:
        items: dict[str, QTreeWidgetItem] = {}
        families: dict[str, QTreeWidgetItem] = {}
        for name, cls in listed().items():
            if cls.family not in families:
                families[cls.family] = self._family(cls.family)
            item = items[name] = QTreeWidgetItem(families[cls.family], [cls.title])
            item.setData(0, _NAME, name)
            item.setToolTip(0, cls.summary)
        self.tree.expandAll()
        self.tree.setItemsExpandable(False)
        return items

    def _family(self, title: str) -> QTreeWidgetItem:
        """A heading, which cannot be chosen."""
        item = QTreeWidgetItem(self.tree, [title])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = item.font(0)
        font.setBold(True)
        item.setFont(0, font)
        return item

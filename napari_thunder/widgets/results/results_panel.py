"""The results, and how the chosen one is looked at."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.pictures import Pictures
from napari_thunder.models.results import ResultEntry, Results
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.results.look_panel import LookPanel
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel

_NONE = "No results yet. Run an analysis, or open a result file."


class ResultsPanel(QWidget):
    """Results of this desk.

    Parameters
    ----------
    results, pictures
        What it shows, saves and removes, and how it is looked at.
    """

    def __init__(self, results: Results, pictures: Pictures, main_thread: MainThread) -> None:
        super().__init__()
        self._results = results
        self._pictures = pictures
        self._none = QLabel(_NONE)
        self._none.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Results")
        self.list.setToolTip("Choose the result to look at")
        self.list.currentItemChanged.connect(lambda *_: self._bring_to_front())
        self.look = LookPanel()
        self.look.asked.connect(self._apply)
        self.trouble = TroubleLabel()
        self._lay_out()
        main_thread.connect(results.changed, self._show, newest=True)
        main_thread.connect(pictures.fronted, lambda _: self._show(), newest=True)
        main_thread.connect(pictures.changed, lambda _: self._show_look(), newest=True)
        main_thread.connect(pictures.painted, lambda *_: self._show_look(), newest=True)
        self._show()

    @property
    def current(self) -> ResultEntry | None:
        """The result that is chosen."""
        item = self.list.currentItem()
        return None if item is None else self._results.get(item.data(Qt.ItemDataRole.UserRole))

    def _lay_out(self) -> None:
        self.load_button = QPushButton("Open…")
        self.load_button.setToolTip("Open a result that was saved (.zarr)")
        self.load_button.clicked.connect(self._browse)
        self.save_button = QPushButton("Save…")
        self.save_button.clicked.connect(self._save)
        self.remove_button = QPushButton("Remove")
        self.remove_button.clicked.connect(self._remove)
        buttons = QHBoxLayout()
        for button in (self.load_button, self.save_button, self.remove_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._none)
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        layout.addWidget(self.trouble)
        layout.addWidget(self.look)

    def _show(self) -> None:
        front = self._pictures.front
        self.list.blockSignals(True)
        self.list.clear()
        for entry in self._results:
            item = QListWidgetItem(entry.name if entry.finished else f"{entry.name} (computing)", self.list)
            item.setData(Qt.ItemDataRole.UserRole, entry.key)
            if entry.key == front:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        rows = min(5, self.list.count())
        self.list.setFixedHeight(rows * max(18, self.list.sizeHintForRow(0)) + 6)
        self.list.setVisible(rows > 0)
        self._none.setVisible(rows == 0)
        self.trouble.show_trouble(self._results.trouble or self._pictures.trouble)
        self._show_look()

    def _bring_to_front(self) -> None:
        entry = self.current
        if entry is not None:
            self._pictures.bring_to_front(entry.key)
        self._show_look()

    def _show_look(self) -> None:
        entry = self.current
        missing = "" if entry else "There is no result yet."
        unfinished = missing or ("" if entry and entry.finished else "Wait until it is computed.")
        say_why(self.save_button, unfinished, "Save this result as a Zarr that opens again, with how it was made")
        say_why(self.remove_button, missing, "Take this result off the desk; a saved file stays")
        look = self._pictures.look(entry.key) if entry else None
        self.look.show_look(entry, look, self._pictures.spec(entry.key) if entry else None)

    def _apply(self) -> None:
        entry = self.current
        look = self.look.look
        if entry is not None and look is not None:
            self._pictures.show(entry.key, look)

    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a saved result (a folder ending in .zarr)")
        if path:
            self._results.load(path)

    def _save(self) -> None:
        entry = self.current
        if entry is None:
            return
        name = entry.name.replace(" · ", "-").replace(" ", "-").lower()
        path, _ = QFileDialog.getSaveFileName(self, "Save the result", f"{name}.zarr", "Results (*.zarr)")
        if path:
            self._results.save(entry.key, path if path.endswith(".zarr") else f"{path}.zarr")

    def _remove(self) -> None:
        if self.current is not None:
            self._results.remove(self.current.key)

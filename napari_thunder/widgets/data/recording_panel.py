"""Open a recording, see what is known of it, give what is missing."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.models.datasets import Dataset, Datasets
from napari_thunder.models.history import History
from napari_thunder.widgets.data.recording_facts import RecordingFacts
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel
from napari_thunder.widgets.wheel_guard import needs_focus_to_scroll


class RecordingPanel(QWidget):
    """The recordings on the desk.

    Parameters
    ----------
    datasets
        What it shows and asks to open.
    """

    def __init__(self, datasets: Datasets, main_thread: MainThread, history: History) -> None:
        super().__init__()
        self._datasets = datasets
        self._history = history
        self.path = self._make_path()
        self.open_button = QPushButton("Open")
        self.open_button.clicked.connect(self.open_path)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("Current recording")
        self.chooser.setToolTip("The recording that Run works on")
        self.chooser.activated.connect(lambda i: datasets.make_current(self.chooser.itemData(i)))
        needs_focus_to_scroll(self.chooser)
        self.facts = RecordingFacts()
        self.facts.given.connect(self._amend)
        self.trouble = TroubleLabel()
        self._lay_out()
        main_thread.connect(datasets.changed, self._show, newest=True)
        main_thread.connect(datasets.opened, self._remember)
        self._show()

    def open_path(self) -> None:
        """Open what the path field says."""
        path = self.path.currentText().strip()
        if path:
            self._datasets.open(path)

    def _make_path(self) -> QComboBox:
        path = QComboBox()
        path.setEditable(True)
        path.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        path.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        path.addItems(self._history.paths())
        path.setCurrentText("")
        path.completer().setFilterMode(Qt.MatchFlag.MatchContains)
        path.completer().setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        path.setAccessibleName("Path of a recording")
        path.setToolTip("A file or folder: TIFF, Zarr, OME-Zarr, Thunder series or images, .npy, .npz. Enter opens it.")
        path.lineEdit().setPlaceholderText("path of a file or folder")
        path.lineEdit().returnPressed.connect(self.open_path)
        path.editTextChanged.connect(lambda _: self._show_open())
        needs_focus_to_scroll(path)
        return path

    def _lay_out(self) -> None:
        browse = QPushButton("Browse")
        menu = QMenu(browse)
        menu.addAction("A file…", self._browse_file)
        menu.addAction("A folder…", self._browse_folder)
        browse.setMenu(menu)
        browse.setToolTip("Find a recording on this computer's disks")
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        row.addWidget(self.open_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        for widget in (self.trouble, self.chooser, self.facts):
            layout.addWidget(widget)

    def _browse_file(self) -> None:
        self._take(QFileDialog.getOpenFileName(self, "Open a recording", self.path.currentText())[0])

    def _browse_folder(self) -> None:
        self._take(QFileDialog.getExistingDirectory(self, "Open a recording's folder", self.path.currentText()))

    def _take(self, path: str) -> None:
        if path:
            self.path.setCurrentText(path)
            self.open_path()

    def _amend(self, known: dict[str, Any]) -> None:
        if self._datasets.current is not None:
            self._datasets.amend(self._datasets.current, **known)

    def _remember(self, dataset: Dataset) -> None:
        if not dataset.recording.uri.startswith("memory:"):
            self._history.add(dataset.recording.uri)

    def _show(self) -> None:
        current = self._datasets.current
        self.chooser.clear()
        for dataset in self._datasets:
            self.chooser.addItem(dataset.name, dataset.key)
        if current is not None:
            self.chooser.setCurrentIndex(self.chooser.findData(current.key))
        self.chooser.setVisible(len(self._datasets) > 1)
        self.trouble.show_trouble(self._datasets.trouble)
        self.facts.show_recording(current.recording if current else None, self._datasets.opening)
        self._show_open()

    def _show_open(self) -> None:
        missing = "" if self.path.currentText().strip() else "Type a path first, or use Browse."
        say_why(self.open_button, missing, "Open the recording at this path (Enter)")

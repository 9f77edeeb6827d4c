"""Open recordings, see what is known of them, give what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models.data.datasets import Dataset, Datasets, Opening
from napari_thunder.models.data.history import History
from napari_thunder.widgets.data.recording_facts import RecordingFacts
from napari_thunder.widgets.data.recordings_table import RecordingsTable, Row
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
    browse
        Lets a person find a recording, and calls back with its path.
    """

    def __init__(
        self,
        datasets: Datasets,
        main_thread: MainThread,
        history: History,
        browse: Callable[[Callable[[str], None]], object],
    ) -> None:
        super().__init__()
        self._datasets = datasets
        self._history = history
        self._browse = browse
        self.path = self._make_path()
        self.open_button = QPushButton("Open")
        self.open_button.clicked.connect(self.open_path)
        self.browse_button = QPushButton("Browse…")
        self.browse_button.setToolTip("Find a recording on the disks that the engine sees")
        self.browse_button.clicked.connect(self.browse)
        self.table = RecordingsTable(datasets)
        self.table.chosen.connect(self._make_current)
        self.table.closed.connect(self._close)
        self.close_button = QPushButton("Close")
        self.close_button.clicked.connect(self.close_current)
        self.give_up_button = QPushButton("Give up opening")
        self.give_up_button.setToolTip("Wait no longer for what is being opened")
        self.give_up_button.clicked.connect(self.give_up)
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

    def open(self, path: str) -> None:
        """Open the recording at a path."""
        self.path.setCurrentText(path)
        self.open_path()

    def browse(self) -> None:
        """Let a person find a recording."""
        self._browse(self.open)

    def close_current(self) -> None:
        """Close the recording that is chosen, or give up opening it."""
        row = self.table.row()
        if row is not None:
            self._close(row)

    def give_up(self) -> None:
        """Wait no longer for recordings that are being opened."""
        for opening in self._datasets.openings:
            self._datasets.give_up(opening.key)

    def ask_path(self) -> None:
        """Put the cursor into the path field."""
        self.path.setFocus()
        self.path.lineEdit().selectAll()

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
        path.setToolTip(
            "A file or folder: TIFF, Zarr, OME-Zarr, Thunder series or images, .npy, .npz; or TIFF and Zarr at "
            "s3://bucket/…, gs://bucket/… or https://server/…. Enter opens it."
        )
        path.lineEdit().setPlaceholderText("path or address of a file or folder")
        path.lineEdit().returnPressed.connect(self.open_path)
        path.editTextChanged.connect(lambda _: self._show_open())
        needs_focus_to_scroll(path)
        return path

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.open_button)
        row.addWidget(self.browse_button)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.give_up_button)
        below.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self.trouble)
        layout.addWidget(self.table)
        layout.addLayout(below)
        layout.addWidget(self.facts)

    def _make_current(self, key: int) -> None:
        if self._datasets.get(key) is not None:
            self._datasets.make_current(key)
        self._show_close()

    def _close(self, row: Row) -> None:
        if isinstance(row, Opening):
            self._datasets.give_up(row.key)
        else:
            self._datasets.remove(row.key)

    def _amend(self, known: dict[str, Any]) -> None:
        if self._datasets.current is not None:
            self._datasets.amend(self._datasets.current, **known)

    def _remember(self, dataset: Dataset) -> None:
        uri = dataset.recording.uri
        if not uri.startswith("memory:"):
            self._history.add(uri)
            if self.path.findText(uri) < 0:
                self.path.insertItem(0, uri)

    def _show(self) -> None:
        datasets, current = self._datasets, self._datasets.current
        self.table.show_rows()
        refused = datasets.refused
        beside = refused is not None and refused.trouble is datasets.trouble
        self.trouble.show_trouble(None if beside else datasets.trouble)
        self.facts.show_recording(current.recording if current else None, bool(datasets.opening))
        if refused is not None and current is not None and refused.dataset == current.key:
            self.facts.show_refused(refused.names, refused.trouble)
        self._show_open()
        self._show_close()

    def _show_open(self) -> None:
        missing = "" if self.path.currentText().strip() else "Type a path first, or use Browse."
        say_why(self.open_button, missing, "Open the recording at this path (Enter)")

    def _show_close(self) -> None:
        row = self.table.row()
        self.close_button.setVisible(row is not None)
        waiting = isinstance(row, Opening)
        self.give_up_button.setVisible(bool(self._datasets.openings) and not waiting)
        self.close_button.setText("Give up" if waiting else "Close")
        self.close_button.setToolTip(
            "Wait for it no longer (Delete)" if waiting else "Take it off the desk; its files stay (Delete)"
        )

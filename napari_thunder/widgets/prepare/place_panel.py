"""Where the store shall be."""

from __future__ import annotations

from qtpy.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_thunder.models import Desk
from napari_thunder.models.data.history import History
from napari_thunder.models.data.target import is_server
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.prepare.place_dialog import PlaceDialog, ask_for_place
from napari_thunder.widgets.section import say_why


class PlacePanel(QWidget):
    """A path and a button that browses the engine's disks.

    Parameters
    ----------
    desk
        Whose current recording is prepared.
    history
        What was opened before, whose folders are offered.
    """

    def __init__(self, desk: Desk, main_thread: MainThread, history: History) -> None:
        super().__init__()
        self._desk, self._preparing = desk, desk.preparing
        self._main_thread, self._history = main_thread, history
        self.path = QLineEdit()
        self.path.setAccessibleName("Path of the store")
        self.path.setPlaceholderText("path of a new store, *.ome.zarr")
        self.path.setToolTip("Where the store shall be, as the engine sees it; .ome.zarr is added if it is left out")
        self.path.editingFinished.connect(self.commit)
        self.browse_button = QPushButton("Browse…")
        self.browse_button.clicked.connect(lambda *_: self.browse())
        self.whose = QLabel()
        self.whose.setWordWrap(True)
        self.whose.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(self.browse_button)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Store", row)
        form.labelForField(row).setBuddy(self.path)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(self.whose)
        for signal in (desk.preparing.changed, desk.datasets.changed, desk.connection.changed):
            main_thread.connect(signal, self.refresh, newest=True)
        self.refresh()

    def browse(self) -> PlaceDialog | None:
        """Let a person choose where; None while no recording is open."""
        if self._preparing.dataset is None:
            return None
        path = self.path.text() or self._preparing.wish.path
        return ask_for_place(self, self._desk.connection, self._main_thread, self._take, path, self._history)

    def commit(self) -> None:
        """Take over what is typed."""
        if self.path.text() != self._preparing.wish.path:
            self._preparing.configure(path=self.path.text())

    def refresh(self) -> None:
        """Look again at what is wanted."""
        path, open_ = self._preparing.wish.path, self._preparing.dataset is not None
        if self.path.text() != path and not (self.path.hasFocus() and self.path.isModified()):
            self.path.setText(path)
            self.path.setCursorPosition(len(path))
        self.path.setEnabled(open_)
        say_why(self.browse_button, "" if open_ else "Open a recording first.", "Browse the engine's disks")
        connection = self._desk.connection
        far = connection.engine is not None and is_server(connection.target)
        self.whose.setText(f"On the disks of {connection.target}." if far else "")
        self.whose.setVisible(far)

    def _take(self, path: str) -> None:
        self._preparing.configure(path=path)
        self.refresh()

"""A dialog that shows folders as the engine sees them, to choose where a store shall be."""

from __future__ import annotations

import os
from collections.abc import Callable

from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from napari_thunder.io.folders import Entry, Use
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.history import History
from napari_thunder.models.preparing.wish import with_suffix
from napari_thunder.widgets.data.browse_dialog import BrowseDialog
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.section import say_why


def ask_for_place(
    parent: QWidget,
    connection: Connection,
    main_thread: MainThread,
    on_chosen: Callable[[str], None],
    path: str,
    history: History | None = None,
) -> PlaceDialog:
    """Let a person choose a folder on the engine's disks and a name in it; returns at once.

    Parameters
    ----------
    on_chosen
        Called with the path, in the window's thread; not called if none was chosen.
    path
        To begin with.
    """
    folder, _, name = path.replace("\\", "/").rpartition("/")
    dialog = PlaceDialog(parent, connection, main_thread, on_chosen, name, history)
    dialog.browser.go(folder)
    dialog.show()
    return dialog


class PlaceDialog(BrowseDialog):
    """See `ask_for_place`; what is there already cannot be chosen, but gives its name."""

    def __init__(
        self,
        parent: QWidget,
        connection: Connection,
        main_thread: MainThread,
        on_chosen: Callable[[str], None],
        name: str,
        history: History | None = None,
    ) -> None:
        self.name = QLineEdit(name)
        self.name.setAccessibleName("Name of the store")
        self.name.setToolTip("What the store is called; .ome.zarr is added if it is left out")
        super().__init__(parent, connection, main_thread, Use.RECORDING, on_chosen, history)
        self.setWindowTitle("Where the store shall be")
        self.where.setVisible(False)
        self.name.textChanged.connect(lambda _: self._show_choice())
        self.name.returnPressed.connect(self._choose_current)

    def _lay_out(self) -> None:
        super()._lay_out()
        row, label = QHBoxLayout(), QLabel("Name")
        label.setBuddy(self.name)
        row.addWidget(label)
        row.addWidget(self.name, 1)
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertLayout(layout.count() - 1, row)
        QWidget.setTabOrder(self.table, self.name)

    def _take(self, entry: Entry) -> None:
        if entry.is_folder and Use.RECORDING not in entry.uses:
            self.browser.go(self._path_of(entry))
        else:
            self.name.setText(entry.name)

    def _choose_current(self) -> None:
        if self.open.isEnabled() and self._shown is not None:
            self._choose(os.path.join(self._shown.folder, with_suffix(self.name.text())))

    def _show_choice(self) -> None:
        listing, name = self._shown, with_suffix(self.name.text())
        why = ""
        if listing is None:
            why = "Wait until the folder is listed."
        elif not name:
            why = "Give the store a name first."
        elif "/" in name or "\\" in name:
            why = "A name holds no slash: walk to the folder instead."
        elif any(entry.name == name for entry in listing.entries):
            why = f"{name} is there already. Choose another name."
        self.open.setText("Choose")
        say_why(self.open, why, "Put the store here (Enter)")
        self.note.setText(why if name or listing is None else "")

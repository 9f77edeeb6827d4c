"""A dialog that shows folders as the engine sees them, so that a laptop browses what only the cluster has."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QShortcut,
    QVBoxLayout,
    QWidget,
)

from napari_thunder.engine import Job
from napari_thunder.io.folders import Entry, Listing, Use, list_folder
from napari_thunder.io.remote.address import is_address
from napari_thunder.models.data.browser import Browser
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.data.history import History
from napari_thunder.models.data.target import is_server
from napari_thunder.widgets.data.folder_bar import FolderBar
from napari_thunder.widgets.data.folder_filter import FolderFilter
from napari_thunder.widgets.data.folder_table import FolderTable
from napari_thunder.widgets.main_thread import MainThread
from napari_thunder.widgets.progress_line import ProgressLine
from napari_thunder.widgets.section import say_why
from napari_thunder.widgets.trouble_label import TroubleLabel

_TITLES = {
    Use.RECORDING: "Open a recording",
    Use.TABLE: "Choose a table",
    Use.RESULT: "Open a result",
    Use.REGIONS: "Import regions",
}

_ENTERED = ("TIFF",)
"""Recordings that are folders of files of which each may be a recording too: a double click looks inside."""


def browse(
    parent: QWidget,
    connection: Connection,
    main_thread: MainThread,
    what: Use | str,
    on_chosen: Callable[[str], None],
    start: str = "",
    history: History | None = None,
) -> BrowseDialog:
    """Let a person find something on the engine's disks; returns at once.

    Parameters
    ----------
    connection
        Whose engine's folders are shown; this computer's while it has none.
    what
        `recording`, `table`, `result` or `regions`: what is looked for.
    on_chosen
        Called with its path, in the window's thread; not called if nothing was chosen.
    start
        The folder, or a file in it, to begin with; the home folder if empty.
    history
        What was opened before, whose folders are offered.
    """
    dialog = BrowseDialog(parent, connection, main_thread, Use(what), on_chosen, history)
    dialog.browser.go(start)
    dialog.show()
    return dialog


class BrowseDialog(QDialog):
    """See `browse`."""

    def __init__(
        self,
        parent: QWidget,
        connection: Connection,
        main_thread: MainThread,
        what: Use,
        on_chosen: Callable[[str], None],
        history: History | None = None,
    ) -> None:
        super().__init__(parent)
        self.browser = Browser(self._list)
        self._main_thread = main_thread
        self._here = self._over = False
        self._connection, self._what, self._on_chosen = connection, what, on_chosen
        self._shown: Listing | None = None
        self.table = FolderTable(what)
        self.table.taken.connect(self._take)
        self.table.current_changed.connect(self._show_choice)
        self.bar = FolderBar(self.browser, history.paths() if history is not None else ())
        self.bar.path.returnPressed.connect(self.table.setFocus)
        self.note = QLabel()
        self.open = _button("Open", "", self._choose_current)
        self.cancel = _button("Cancel", "Leave without choosing (Esc)", self.reject)
        self._make_where()
        self.filters = FolderFilter()
        self.filters.changed.connect(self._filter)
        QShortcut(QKeySequence("Ctrl+F"), self, activated=self.filters.text.setFocus)
        self._make_state()
        self._lay_out()
        self.setWindowTitle(_TITLES[what])
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(760, 520)
        self.table.setFocus()
        main_thread.connect(self.browser.changed, self._show, newest=True)
        self.finished.connect(lambda _: self._end())
        self._show()

    def _list(self, folder: str, job: Job) -> Listing:
        return list_folder(folder) if self._here else self._connection.list_folder(folder, job)

    def _end(self) -> None:
        self._over = True
        self._main_thread.disconnect(self.browser.changed)
        self.browser.close()

    def _make_where(self) -> None:
        """Whose disks: only asked where the engine is not on this computer."""
        self.where = QComboBox()
        self.where.setAccessibleName("Whose disks")
        self.where.setToolTip("Browse the disks that the cluster sees, or those of this computer")
        self.where.addItems([self._connection.target, "this computer"])
        self.where.setVisible(self._is_far())
        self.where.activated.connect(self._look_elsewhere)

    def _look_elsewhere(self, at: int) -> None:
        self._here = at == 1
        self.browser.go("")

    def _is_far(self) -> bool:
        return self._connection.engine is not None and is_server(self._connection.target)

    def _make_state(self) -> None:
        self.busy = ProgressLine()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedHeight(4)
        self.busy.setAccessibleName("Listing the folder")
        keep = self.busy.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.busy.setSizePolicy(keep)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(150)
        self._slow.timeout.connect(lambda: self.busy.setVisible(self.browser.busy))
        self.trouble = TroubleLabel()
        self.again = _button("Retry", "Try to list the folder again (F5)", self.browser.retry)

    def _lay_out(self) -> None:
        middle, bottom, wrong = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        middle.addWidget(self.where)
        middle.addWidget(self.filters, 1)
        wrong.addWidget(self.trouble, 1)
        wrong.addWidget(self.again)
        bottom.addWidget(self.note, 1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.open)
        layout = QVBoxLayout(self)
        layout.addWidget(self.bar)
        layout.addLayout(middle)
        layout.addWidget(self.busy)
        layout.addLayout(wrong)
        layout.addWidget(self.table, 1)
        layout.addLayout(bottom)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Backspace:
            self.browser.up()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _show(self) -> None:
        browser = self.browser
        if self._over:
            return
        self._slow.start() if browser.busy else self.busy.setVisible(False)
        self.trouble.show_trouble(browser.trouble)
        self.again.setVisible(browser.trouble is not None)
        self.bar.show_state()
        if browser.listing is not None and browser.listing is not self._shown:
            self._show_listing(browser.listing)
        elif browser.listing is None:
            self.note.setText(f"Listing the folders of {self._whose()} …" if browser.busy else "")
        self._show_choice()

    def _show_listing(self, listing: Listing) -> None:
        before, self._shown = self._shown, listing
        came_from = before.folder if before is not None and before.parent == listing.folder else ""
        if before is None or before.folder != listing.folder:
            self.filters.clear()
        self.table.show_entries(listing.entries)
        self._filter()
        self.table.select(_last_part(came_from or self.browser.asked))

    def _filter(self) -> None:
        shown = self.filters
        self.table.filter(
            shown.text.text().strip(), hidden=shown.hidden.isChecked(), all_files=shown.all_files.isChecked()
        )
        self._show_choice()

    def _take(self, entry: Entry) -> None:
        if entry.is_folder and (self._what not in entry.uses or entry.kind in _ENTERED):
            self.browser.go(self._path_of(entry))
        elif self._what in entry.uses:
            self._choose(self._path_of(entry))

    def _choose_current(self) -> None:
        listing, entry = self._shown, self.table.current()
        if listing is None:
            return
        if entry is None:
            self._choose(listing.folder)
        elif self._what in entry.uses:
            self._choose(self._path_of(entry))
        else:
            self._take(entry)

    def _choose(self, path: str) -> None:
        self.accept()
        self._on_chosen(path)

    def _path_of(self, entry: Entry) -> str:
        return self._shown.path_of(entry) if self._shown is not None else entry.name

    def _show_choice(self) -> None:
        listing, entry = self._shown, self.table.current()
        text, why = "Open", ""
        if listing is None:
            why = "Wait until the folder is listed."
        elif entry is None and self._what in listing.uses:
            text = f"Open this folder ({listing.kind})"
        elif entry is None:
            why = "Choose something in the list first."
        elif entry.is_folder and self._what not in entry.uses:
            text = "Look inside"
        elif self._what not in entry.uses:
            why = f"{entry.name} cannot be opened here."
        self.open.setText(text)
        say_why(self.open, why, "Open what is chosen (Enter)")
        if listing is not None:
            self.note.setText(self._said(listing, entry))

    def _said(self, listing: Listing, entry: Entry | None) -> str:
        if entry is not None and entry.is_folder and self._what in entry.uses and entry.kind in _ENTERED:
            return (
                f"{entry.name} holds {entry.kind} files: Open takes all as one recording, a double click looks inside."
            )
        if entry is None and self._what in listing.uses:
            return f"This folder is itself a recording ({listing.kind})."
        shown, total = self.table.count(), len(listing.entries)
        if not shown:
            return "Nothing here to open." if total else "This folder is empty."
        return f"{shown:,} of {total:,} on {self._whose()}" if shown != total else f"{total:,} on {self._whose()}"

    def _whose(self) -> str:
        if self._shown is not None and is_address(self._shown.folder):
            return self._shown.folder.split("/")[2]
        return self._connection.target if self._is_far() and not self._here else "this computer"


def _last_part(path: str) -> str:
    return path.rstrip("/\\").replace("\\", "/").rsplit("/", 1)[-1]


def _button(text: str, tip: str, do: Callable[[], object]) -> QPushButton:
    """One that Enter does not press from afar: Enter is for the list."""
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tip)
    button.clicked.connect(lambda: do())
    return button

"""Questions for a file, a folder or a yes, which never hold up the window: none begins an event loop of its own.

A dialog that does, as Qt's static functions do, goes on running in a window that is closed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget

Then = Callable[[str], Any]


def ask_for_file(parent: QWidget, title: str, filters: Sequence[str], then: Then) -> QFileDialog:
    """Let a person choose a file that is there; returns at once, and calls `then(path)` when one was chosen.

    Parameters
    ----------
    parent
        The dialog lies over its window, and goes with it.
    filters
        As Qt writes them: `"Tables (*.csv *.tsv)"`.
    """
    dialog = _dialog(parent, title, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    return _opened(dialog, lambda path, _: then(path))


def ask_for_folder(parent: QWidget, title: str, then: Then) -> QFileDialog:
    """Let a person choose a folder; returns at once."""
    dialog = _dialog(parent, title, ())
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    return _opened(dialog, lambda path, _: then(path))


def ask_where_to(parent: QWidget, title: str, name: str, filters: Sequence[str], then: Then) -> QFileDialog:
    """Let a person choose where to write; returns at once.

    A path with none of the filters' endings gets that of the one that is chosen; what is there is replaced only if the
    person says so.

    Parameters
    ----------
    name
        The path or name to begin with.
    """
    dialog = _dialog(parent, title, filters)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, True)
    if Path(name).parent != Path():
        dialog.setDirectory(str(Path(name).parent))
    dialog.selectFile(Path(name).name)

    def write(path: str, chosen: str) -> None:
        place = _with_ending(path, chosen, filters)
        if Path(place).exists():
            ask(parent, title, f"{Path(place).name} is there already. Replace it?", lambda: then(place))
        else:
            then(place)

    return _opened(dialog, write)


def ask(parent: QWidget, title: str, question: str, then: Callable[[], Any]) -> QMessageBox:
    """Ask whether to go on; returns at once, and calls `then` at a yes."""
    buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No
    box = QMessageBox(QMessageBox.Icon.Question, title, question, buttons, parent)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.button(QMessageBox.StandardButton.Yes).clicked.connect(lambda *_: then())
    box.open()
    return box


class _Dialog(QFileDialog):
    """Says by itself that a file is not there: Qt would begin an event loop for that."""

    def accept(self) -> None:
        missing = [path for path in self.selectedFiles() if not Path(path).exists()]
        if missing and self.acceptMode() == QFileDialog.AcceptMode.AcceptOpen:
            _tell(self, self.windowTitle(), f"There is no {missing[0]}.")
        else:
            super().accept()


def _tell(parent: QWidget, title: str, message: str) -> None:
    box = QMessageBox(QMessageBox.Icon.Warning, title, message, QMessageBox.StandardButton.Ok, parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()


def _dialog(parent: QWidget, title: str, filters: Sequence[str]) -> QFileDialog:
    dialog = _Dialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if filters:
        dialog.setNameFilters(list(filters))
    return dialog


def _opened(dialog: QFileDialog, then: Callable[[str, str], None]) -> QFileDialog:
    dialog.fileSelected.connect(lambda path: then(path, dialog.selectedNameFilter()))
    dialog.open()
    return dialog


def _with_ending(path: str, chosen: str, filters: Sequence[str]) -> str:
    """The path, with the first ending of the filter that is chosen if it has none of any."""
    known = [ending for each in filters for ending in _endings(each)]
    if path.lower().endswith(tuple(known)) or not _endings(chosen):
        return path
    return path + _endings(chosen)[0]


def _endings(of: str) -> list[str]:
    """`Tables (*.csv *.tsv)`: .csv and .tsv."""
    words = of.rpartition("(")[2].rstrip(")").split()
    return [word.removeprefix("*") for word in words if word.startswith("*.")]

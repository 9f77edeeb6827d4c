from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QEventLoop
from qtpy.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox, QWidget

from napari_thunder.widgets.file_dialog import ask, ask_for_file, ask_for_folder, ask_where_to

KINDS = ["Pictures (*.png *.svg)", "Tables (*.csv)"]


@pytest.fixture
def parent(qtbot: Any) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    return widget


def choose(dialog: QFileDialog, path: Path) -> None:
    dialog.fileSelected.emit(str(path))
    dialog.close()


def test_asking_returns_at_once_and_gives_the_path_later(parent: QWidget, tmp_path: Path):
    got: list[str] = []
    dialog = ask_for_file(parent, "Open", KINDS, got.append)
    assert dialog.isVisible()
    assert not got
    choose(dialog, tmp_path / "a.csv")
    dialog = ask_for_folder(parent, "Folder", got.append)
    choose(dialog, tmp_path)
    assert got == [str(tmp_path / "a.csv"), str(tmp_path)]


@pytest.mark.parametrize(
    ("typed", "written"), [("a", "a.png"), ("a.v2", "a.v2.png"), ("a.svg", "a.svg"), ("a.csv",) * 2]
)
def test_a_name_gets_the_ending_of_the_kind_chosen(parent: QWidget, tmp_path: Path, typed: str, written: str):
    got: list[str] = []
    choose(ask_where_to(parent, "Save", "view", KINDS, got.append), tmp_path / typed)
    assert got == [str(tmp_path / written)]


@pytest.mark.parametrize("says", [QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No])
def test_what_is_there_is_replaced_only_at_a_yes_even_if_the_ending_was_not_typed(
    parent: QWidget, tmp_path: Path, says: QMessageBox.StandardButton
):
    got: list[str] = []
    (tmp_path / "view.png").touch()
    choose(ask_where_to(parent, "Save", "view", KINDS, got.append), tmp_path / "view")
    assert not got
    box = parent.findChild(QMessageBox)
    assert "view.png" in box.text()
    box.button(says).click()
    assert got == ([str(tmp_path / "view.png")] if says == QMessageBox.StandardButton.Yes else [])


def test_a_file_that_is_not_there_is_told_of_and_another_may_be_chosen(parent: QWidget, tmp_path: Path, qtbot: Any):
    got: list[str] = []
    dialog = ask_for_file(parent, "Open", KINDS, got.append)
    dialog.findChild(QLineEdit).setText(str(tmp_path / "none.csv"))
    dialog.accept()
    assert "none.csv" in dialog.findChild(QMessageBox).text()
    assert dialog.isVisible()
    dialog.findChild(QMessageBox).close()
    (tmp_path / "some.csv").touch()
    dialog.findChild(QLineEdit).setText(str(tmp_path / "some.csv"))
    dialog.accept()
    assert got == [str(tmp_path / "some.csv")]


def test_a_question_goes_with_the_window_it_lies_in(qtbot: Any):
    parent, got = QWidget(), []
    parent.show()
    box = ask(parent, "Remove", "Sure?", lambda: got.append("yes"))
    gone: list[bool] = []
    box.destroyed.connect(lambda: gone.append(True))
    parent.deleteLater()
    qtbot.waitUntil(lambda: bool(gone))
    assert not got


@pytest.mark.parametrize("question", ["session", "open", "export", "regions", "mask"])
def test_a_window_closes_while_it_asks(make_dock: Callable[..., Any], qtbot: Any, question: str):
    """Nothing asks in an event loop of its own, which would go on in a window that is gone."""
    viewer, dock = make_dock()
    actions = dock.results.panel.actions_
    {
        "session": dock.session.save_as,
        "open": actions.open_file,
        "export": lambda: actions.save_view(1),
        "regions": dock.rois.regions._import,
        "mask": dock.analyze.target._browse,
    }[question]()
    asked = [w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog) and w.isVisible()]
    assert len(asked) == 1
    viewer.close()
    qtbot.waitUntil(lambda: not any(_visible(dialog) for dialog in asked))
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)


def _visible(dialog: QFileDialog) -> bool:
    try:
        return bool(dialog.isVisible())
    except RuntimeError:
        return False

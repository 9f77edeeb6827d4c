"""The browse dialog: the engine's folders, without waiting."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_thunder.io.folders import Entry, Listing, Use, list_folder
from napari_thunder.models.data.browser import Browser
from napari_thunder.widgets.data.browse_dialog import BrowseDialog
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import Heartbeat, wait_until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "movie.npy", np.zeros((4, 1, 2, 3), np.uint8))
    for name in (".hidden.npy", "notes.md", "events.csv"):
        (tmp_path / name).touch()
    return tmp_path


def opened(dock: ThunderDock, qtbot: Any, folder: Path, what: Use = Use.RECORDING) -> tuple[BrowseDialog, list[str]]:
    chosen: list[str] = []
    dialog = dock.data.browse_for(what, chosen.append)
    dialog.browser.go(str(folder))
    wait_until(qtbot, lambda: dialog.bar.path.text() == str(folder))
    return dialog, chosen


def names(dialog: BrowseDialog) -> list[str]:
    model = dialog.table.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_only_what_can_be_opened_is_shown_unless_asked(dock: ThunderDock, qtbot: Any, folder: Path) -> None:
    dialog, _ = opened(dock, qtbot, folder)
    assert names(dialog) == ["sub", "movie.npy"]
    dialog.filters.hidden.setChecked(True)
    dialog.filters.all_files.setChecked(True)
    assert set(names(dialog)) == {"sub", "movie.npy", ".hidden.npy", "notes.md", "events.csv"}
    dialog.filters.text.setText("MOV")
    assert names(dialog) == ["movie.npy"]
    dialog.reject()
    tables, _ = opened(dock, qtbot, folder, Use.TABLE)
    assert names(tables) == ["sub", "events.csv"]
    tables.reject()


def test_enter_looks_inside_and_chooses_and_backspace_goes_up(dock: ThunderDock, qtbot: Any, folder: Path) -> None:
    dialog, chosen = opened(dock, qtbot, folder)
    dialog.table.select("sub")
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    wait_until(qtbot, lambda: dialog.bar.path.text() == str(folder / "sub"))
    assert dialog.note.text() == "This folder is empty."
    assert not dialog.open.isEnabled()
    QTest.keyClick(dialog.table, Qt.Key.Key_Backspace)
    wait_until(qtbot, lambda: dialog.bar.path.text() == str(folder))
    assert dialog.table.current().name == "sub"
    dialog.table.select("movie.npy")
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert chosen == [str(folder / "movie.npy")]


def test_a_folder_that_is_a_recording_can_be_opened_from_inside(
    dock: ThunderDock, qtbot: Any, fish_folder: Path
) -> None:
    dialog, chosen = opened(dock, qtbot, fish_folder / "series")
    wait_until(qtbot, lambda: "Open this folder" in dialog.open.text())
    QTest.mouseClick(dialog.open, Qt.MouseButton.LeftButton)
    assert chosen == [str(fish_folder / "series")]


def test_a_folder_that_is_not_there_is_said_with_retry(dock: ThunderDock, qtbot: Any, folder: Path) -> None:
    dialog, _ = opened(dock, qtbot, folder)
    QTest.keyClick(dialog.bar.path, Qt.Key.Key_End)
    QTest.keyClicks(dialog.bar.path, "/gone")
    QTest.keyClick(dialog.bar.path, Qt.Key.Key_Return)
    wait_until(qtbot, lambda: "no such folder" in dialog.trouble.message)
    (folder / "gone").mkdir()
    QTest.mouseClick(dialog.again, Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: dialog.trouble.message == "" and dialog.note.text() == "This folder is empty.")
    dialog.reject()


def test_the_engine_is_asked_not_this_computer(dock: ThunderDock, qtbot: Any) -> None:
    wait_until(qtbot, lambda: dock.desk.connection.engine is not None)
    there = Listing("/cluster", "/", (Entry("only there.zarr", True, None, 0.0, "Zarr", (Use.RECORDING,)),), ())
    engine: Any = dock.desk.connection.engine
    engine.list_folder = lambda folder, job=None: there
    dialog, chosen = opened(dock, qtbot, Path("/cluster"))
    dialog.table.select("only there.zarr")
    QTest.keyClick(dialog.table, Qt.Key.Key_Return)
    assert chosen == ["/cluster/only there.zarr"]


def test_ten_thousand_files_stall_nothing(dock: ThunderDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_until(qtbot, lambda: dock.settled and dock.desk.connection.engine is not None)
    many = tuple(Entry(f"frame{n}.tif", False, n, 1e9 + n, "TIFF", (Use.RECORDING,)) for n in range(10_000))
    engine: Any = dock.desk.connection.engine
    engine.list_folder = lambda folder, job=None: Listing("/many", "/", many, ())
    dialog = dock.data.browse_for(Use.RECORDING, print)
    qtbot.wait(500)
    with Heartbeat() as heart:
        dialog.browser.go("/many")
        wait_until(qtbot, lambda: dialog.table.count() == 10_000)
        dialog.filters.text.setText("99")
        qtbot.wait(100)
    assert heart.longest < 0.25
    dialog.reject()


def test_a_disk_that_hangs_holds_up_neither_the_dialog_nor_its_end(dock: ThunderDock, qtbot: Any, folder: Path) -> None:
    wait_until(qtbot, lambda: dock.desk.connection.engine is not None)
    engine: Any = dock.desk.connection.engine
    engine.list_folder = lambda path, job=None: job.wait(20) if "dead" in path else list_folder(path)
    dialog, _ = opened(dock, qtbot, folder)
    dialog.browser.go("/dead")
    wait_until(qtbot, lambda: dialog.busy.isVisibleTo(dialog))
    dialog.browser.go(str(folder / "sub"))
    wait_until(qtbot, lambda: dialog.bar.path.text() == str(folder / "sub"))
    dialog.browser.go("/dead")
    start = time.monotonic()
    dialog.reject()
    assert time.monotonic() - start < 0.5
    assert isinstance(dialog.browser, Browser)

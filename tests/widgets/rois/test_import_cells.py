"""Cells of other programs are imported in the window, a pickle only after a yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QMessageBox

import napari_thunder as nt
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.io.regions.other_programs import write_suite2p
from tests.widgets.conftest import wait_until


@pytest.fixture
def panel(dock: ThunderDock, qtbot: Any) -> Any:
    dock.desk.datasets.add(nt.Recording.from_array(np.zeros((5, 2, 40, 50), np.uint8)))
    return dock.rois.regions


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    return write_suite2p(tmp_path, [[(5, 6), (20, 30)], [(6, 7)]])


def answer(panel: Any, qtbot: Any, button: Any) -> QMessageBox:
    wait_until(qtbot, lambda: panel._trust.box is not None)
    box: QMessageBox = panel._trust.box
    assert "is a pickle" in box.text()
    assert "stat.npy" in box.text()
    assert box.defaultButton() == box.button(QMessageBox.StandardButton.No)
    box.button(button).click()
    return box


def test_a_yes_brings_the_cells(panel: Any, dock: ThunderDock, qtbot: Any, cells: Path) -> None:
    panel.import_regions(str(cells))
    answer(panel, qtbot, QMessageBox.StandardButton.Yes)
    wait_until(qtbot, lambda: len(dock.desk.regions) == 3)
    wait_until(qtbot, lambda: not panel.note.isVisibleTo(panel))


def test_a_no_brings_none_and_is_said(panel: Any, dock: ThunderDock, qtbot: Any, cells: Path) -> None:
    panel.import_regions(str(cells / "plane0" / "stat.npy"))
    answer(panel, qtbot, QMessageBox.StandardButton.No)
    wait_until(qtbot, lambda: panel.note.text() == "stat.npy was not read.")
    assert len(dock.desk.regions) == 0
    assert not panel.trouble.message


def test_a_folder_without_cells_is_said(panel: Any, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    panel.import_regions(str(tmp_path / "empty"))
    wait_until(qtbot, lambda: "or give a suite2p folder" in panel.trouble.message)

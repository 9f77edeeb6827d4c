"""A session saved and restored with a window around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

import napari_thunder as nt
from napari_thunder.analysis.summary.images import SummaryImages
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


def close_dock(viewer: Any, dock: ThunderDock) -> None:
    viewer.window.remove_dock_widget(dock)
    dock.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_session_is_restored_after_one_of_two_docks_was_closed(
    make_dock: MakeDock, qtbot: Any, tmp_path: Path
) -> None:
    viewer, dock = make_dock()
    session = dock.desk.session
    second = ThunderDock(viewer)
    viewer.window.add_dock_widget(second, name="Thunder 2")
    close_dock(viewer, second)
    dock.workplace.caption.show(False)
    session.save(tmp_path / "desk")
    wait_until(qtbot, lambda: not session.busy)
    dock.workplace.caption.show(True)
    session.restore(tmp_path / "desk.thunder.json")
    wait_until(qtbot, lambda: not session.busy and not dock.workplace.caption.shown)


def test_what_could_not_be_restored_stays_said(make_dock: MakeDock, qtbot: Any, tmp_path: Path) -> None:
    _, dock = make_dock()
    session, panel = dock.desk.session, dock.session
    np.save(tmp_path / "movie.npy", np.zeros((6, 2, 8, 9), np.uint16))
    dock.desk.datasets.add(nt.open(tmp_path / "movie.npy"))
    session.save(tmp_path / "desk")
    wait_until(qtbot, lambda: not session.busy)
    (tmp_path / "movie.npy").unlink()
    session.restore(tmp_path / "desk.thunder.json")
    wait_until(qtbot, lambda: not session.busy and panel.status.text().startswith("Restored"))
    wait_until(qtbot, lambda: "movie.npy" in panel.trouble.message)


def test_tab_and_limits_that_come_from_the_map_are_as_they_were(
    make_dock: MakeDock, qtbot: Any, tmp_path: Path
) -> None:
    _, dock = make_dock()
    desk, session = dock.desk, dock.desk.session
    desk.results.add("mean", nt.run(SummaryImages(), slow_recording()[0]))
    wait_until(qtbot, lambda: dock.settled)
    dock.show_tab("results")
    session.save(tmp_path / "desk")
    wait_until(qtbot, lambda: not session.busy)
    desk.results.remove(next(iter(desk.results)).key)
    dock.show_tab("data")
    session.restore(tmp_path / "desk.thunder.json")
    wait_until(qtbot, lambda: dock.shown_tab == "results")
    qtbot.wait(50)
    (entry,) = desk.results
    assert desk.pictures.look(entry.key).limits is None


def test_a_session_that_cannot_be_saved_is_not_said_to_be_on_its_way(
    make_dock: MakeDock, qtbot: Any, tmp_path: Path
) -> None:
    _, dock = make_dock()
    (tmp_path / "file").touch()
    dock.desk.session.save(tmp_path / "file" / "desk")
    wait_until(qtbot, lambda: "not saved" in dock.session.trouble.message)
    assert dock.session.status.isHidden()

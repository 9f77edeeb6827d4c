"""The desk of a window is kept safe, however the window ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication

import napari_thunder as nt
from napari_thunder.models import Desk
from napari_thunder.models.session.autosave import Autosave
from napari_thunder.widgets.safekeeping import Safekeeping
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import wait_until

_begin = Safekeeping.begin


def test_what_a_closing_window_takes_away_is_kept(
    make_napari_viewer: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Safekeeping, "begin", _begin)
    viewer = make_napari_viewer(show=True)
    dock = ThunderDock(viewer, engine="")
    viewer.window.add_dock_widget(dock, name="Thunder")
    np.save(tmp_path / "movie.npy", np.zeros((6, 2, 8, 9), np.uint16))
    dock.desk.datasets.add(nt.open(tmp_path / "movie.npy"))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    wait_until(qtbot, lambda: dock.workplace.safekeeping.autosave._noted is not None)
    viewer.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    desk = Desk()
    other = Autosave(desk.session)
    wait_until(qtbot, lambda: [last.recordings for last in other.left()] == [1])
    (last,) = other.left()
    desk.close()
    assert last.clean

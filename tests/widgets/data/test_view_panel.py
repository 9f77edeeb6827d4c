from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_thunder.errors import ThunderError
from napari_thunder.volumes import ViewKind
from napari_thunder.widgets.data.view_panel import ViewPanel
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.canvas.test_recording_views import flickering, shown
from tests.widgets.conftest import wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


@pytest.fixture
def panel(make_dock: MakeDock, qtbot: Any) -> tuple[Any, ThunderDock, ViewPanel]:
    viewer, dock = make_dock()
    panel = ViewPanel(dock.workplace, dock.workplace.main_thread)
    qtbot.addWidget(panel)
    return viewer, dock, panel


def choose(panel: ViewPanel, kind: ViewKind) -> None:
    panel.kind.setCurrentIndex(panel.kind.findData(kind))
    panel.kind.activated.emit(panel.kind.currentIndex())


def test_without_a_recording_everything_says_what_is_missing(panel: Any) -> None:
    _, _, panel = panel
    for widget in (panel.kind, panel.half_width, panel.contrast):
        assert not widget.isEnabled()
        assert widget.toolTip() == "Open a recording first."


def test_a_view_is_chosen_and_its_numbers_are_edited(panel: Any, qtbot: Any) -> None:
    viewer, dock, panel = panel
    key = dock.desk.datasets.add(flickering()).key
    wait_until(qtbot, lambda: panel.kind.isEnabled() and len(viewer.layers) == 1)
    assert panel.half_width.toolTip() == "Choose ΔF/F or a mean first."
    choose(panel, ViewKind.MEAN)
    wait_until(qtbot, lambda: panel.half_width.value() == 2)
    viewer.dims.set_current_step(0, 20)
    panel.half_width.setValue(1)
    wait_until(qtbot, lambda: np.allclose(shown(viewer.layers[0]), 400 / 3))
    choose(panel, ViewKind.DFF)
    wait_until(qtbot, lambda: dock.desk.views.view(key).kind is ViewKind.DFF and panel.percentile.isEnabled())
    panel.percentile.setValue(50)
    wait_until(qtbot, lambda: dock.desk.views.view(key).baseline_percentile == 50)


def test_what_could_not_be_computed_is_said_with_a_way_on(panel: Any, qtbot: Any) -> None:
    _, dock, panel = panel
    computed = dock.desk.views._computed

    def fail(*_: Any) -> Any:
        raise ThunderError("the disk is gone")

    dock.desk.views._computed = fail
    dock.desk.datasets.add(flickering())
    wait_until(qtbot, lambda: panel.kind.isEnabled())
    choose(panel, ViewKind.DFF)
    wait_until(qtbot, lambda: "the disk is gone" in panel.trouble.message)
    dock.desk.views._computed = computed
    panel.retry.click()
    wait_until(qtbot, lambda: not panel.trouble.message)


def test_the_caption_is_switched_here_and_recordings_put_side_by_side(panel: Any, qtbot: Any) -> None:
    viewer, dock, panel = panel
    dock.desk.datasets.add(flickering())
    wait_until(qtbot, lambda: viewer.canvas.overlays.text.visible)
    panel.caption.setChecked(False)
    assert not viewer.canvas.overlays.text.visible
    assert panel.side_by_side.toolTip() == "Open a second recording first."
    dock.desk.datasets.add(flickering("other"))
    wait_until(qtbot, lambda: panel.side_by_side.isEnabled())
    panel.side_by_side.setChecked(True)
    assert viewer.canvas.grid.enabled
    wait_until(qtbot, lambda: panel.side_by_side.isChecked())
    viewer.canvas.grid.enabled = False
    wait_until(qtbot, lambda: not panel.side_by_side.isChecked())


def test_a_size_that_is_assumed_is_said(panel: Any, qtbot: Any) -> None:
    _, dock, panel = panel
    dock.desk.datasets.add(flickering("unknown"))
    assert panel.space.isHidden()
    dock.desk.datasets.add(flickering("known", voxel_size=(8, 2, 2)))
    dock.desk.datasets.make_current(next(iter(dock.desk.datasets)).key)
    wait_until(qtbot, lambda: not panel.space.isHidden())

"""The Prepare tab in a window: from nothing open to a store that is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from napari_thunder.io.storing.errands import draft_of
from napari_thunder.models.preparing import Keep, Motion
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from napari_thunder.registration import Shifts
from napari_thunder.widgets.prepare.place_dialog import PlaceDialog
from napari_thunder.widgets.prepare.prepare_tab import PrepareTab
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import wait_until

SHAPE = (20, 2, 16, 18)


@pytest.fixture
def tab(dock: ThunderDock, qtbot: Any, tmp_path: Path) -> PrepareTab:
    """The tab in sight, on a recording that shall be prepared into a folder of its own."""
    desk = dock.desk
    desk.connection.connect("threads")
    wait_until(qtbot, lambda: desk.connection.engine is not None)
    movie = np.random.default_rng(1).poisson(50, SHAPE).astype(np.uint16)
    movie[:, :, 4:12, 5:13] += 300
    desk.datasets.add(Recording.from_array(movie, name="fish", frame_rate=2.0))
    desk.preparing.configure(path=str(tmp_path / "fish"))
    dock.show_tab("prepare")
    desk.preparing.watch(True)
    wait_until(qtbot, lambda: desk.preparing.forecast is not None)
    wait_until(qtbot, lambda: dock.prepare.plan.run_button.isEnabled())
    return dock.prepare


def texts(combo: Any) -> list[str]:
    return [combo.itemText(at) for at in range(combo.count())]


def test_with_nothing_open_the_next_step_is_said(dock: ThunderDock) -> None:
    dock.show_tab("prepare")
    plan = dock.prepare.plan
    assert dock.shown_tab == "prepare"
    assert plan.status.text() == "Open a recording first."
    assert not plan.run_button.isEnabled()
    assert plan.run_button.toolTip() == "Open a recording first."
    assert not plan.data_button.isHidden()
    plan.data_button.click()
    dock.prepare.prepare()
    assert plan.cancel_button.isHidden()


def test_the_line_is_read_before_and_the_store_is_opened_after(tab: PrepareTab, qtbot: Any, tmp_path: Path) -> None:
    plan, preparing = tab.plan, tab.desk.preparing
    assert tab.place.path.text() == str(tmp_path / "fish.ome.zarr")
    assert plan.line.text().startswith("Writes about ")
    plan.more.click()
    assert not plan.table.isHidden()
    plan.run_button.click()
    wait_until(qtbot, lambda: preparing.made != "")
    wait_until(qtbot, lambda: not plan.open_button.isHidden())
    assert plan.status.text().startswith("The store is done in ")
    assert not plan.run_button.isEnabled()
    plan.open_button.click()
    wait_until(qtbot, lambda: len(tab.desk.datasets) == 2)
    wait_until(qtbot, lambda: tab.source.recording.currentText() == "fish.ome.zarr")
    assert tab.place.path.text() == str(tmp_path / "fish-prepared.ome.zarr")


def test_what_is_typed_wrong_is_marked_and_in_the_way(tab: PrepareTab, qtbot: Any) -> None:
    tab.settings.input("bin").editor.setText("1, 0, 1")
    tab.settings.commit()
    wait_until(qtbot, lambda: not tab.plan.run_button.isEnabled())
    assert "whole numbers" in tab.settings.form.marked["bin"]
    assert "whole numbers" in tab.plan.status.text()
    tab.settings.reset.click()
    wait_until(qtbot, lambda: tab.plan.run_button.isEnabled())
    assert tab.settings.form.marked == {}


def test_another_setting_makes_another_plan(tab: PrepareTab, qtbot: Any) -> None:
    tab.settings.input("bin").editor.setText("1, 2, 2")
    tab.settings.commit()
    wait_until(qtbot, lambda: not tab.desk.preparing.planner.busy and tab.desk.preparing.forecast is not None)
    forecast = tab.desk.preparing.forecast
    assert forecast is not None
    assert forecast.plan is not None
    assert forecast.plan.shape == (20, 2, 8, 9)


def test_a_folder_that_is_not_there_is_said(tab: PrepareTab, qtbot: Any, tmp_path: Path) -> None:
    tab.place.path.setText(str(tmp_path / "no" / "store"))
    tab.place.path.editingFinished.emit()
    wait_until(qtbot, lambda: "there is no such folder" in tab.plan.trouble.message)
    assert not tab.plan.run_button.isEnabled()


def test_regions_masks_and_registrations_can_be_chosen(tab: PrepareTab, qtbot: Any) -> None:
    desk, source = tab.desk, tab.source
    assert texts(source.keep) == ["everything", "brain, found when it runs"]
    assert texts(source.motion) == ["as seen now: as recorded"]
    mask = np.zeros(SHAPE[1:], bool)
    mask[:, :8] = True
    region = desk.regions.add(region_of_mask(mask, "front", "#ff0000"))
    desk.regions.add(region_of_mask(np.ones((1, 2, 3), bool), "of another volume", "#ff0000"))
    wait_until(qtbot, lambda: source.keep.count() == 3)
    source.keep.setCurrentIndex(2)
    source.keep.activated.emit(2)
    assert (desk.preparing.wish.keep, desk.preparing.wish.region) == (Keep.REGION, region.key)
    assert desk.datasets.current is not None
    shifts = Shifts.rigid(np.zeros((SHAPE[0], 3), np.float32), SHAPE[1:])
    desk.datasets.change(desk.datasets.current.key, lambda r: r.registered(shifts).without_frames([2]), print)
    wait_until(qtbot, lambda: texts(source.motion) == ["as seen now: registered", "as recorded"])
    source.motion.activated.emit(1)
    assert desk.preparing.wish.motion is Motion.RAW
    assert source.excluded.text() == "1 excluded frame stays excluded in the store."
    desk.regions.remove(region.key)
    wait_until(qtbot, lambda: source.keep.currentText() == "⚠ one that is gone")


def test_find_brain_puts_an_roi_on_the_canvas(tab: PrepareTab, qtbot: Any) -> None:
    tab.source.find.click()
    wait_until(qtbot, lambda: tab.source.keep.currentText() == "brain")
    wait_until(qtbot, lambda: any("ROIs" in layer.name for layer in tab.workplace.viewer.layers))
    wait_until(qtbot, lambda: tab.plan.run_button.isEnabled())


def test_what_was_begun_otherwise_is_begun_anew_after_a_question(tab: PrepareTab, qtbot: Any) -> None:
    plan, preparing = tab.plan, tab.desk.preparing
    plan.run_button.click()
    wait_until(qtbot, lambda: preparing.made != "")
    Path(preparing.made).rename(draft_of(preparing.made))
    preparing.configure(given={"dtype": "float32"})
    wait_until(qtbot, lambda: not plan.anew_button.isHidden())
    assert "begun before, but with other settings" in plan.status.text()
    plan.anew_button.click()
    (box,) = plan.findChildren(QMessageBox)
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Yes), Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: preparing.made != "")


def test_a_place_is_chosen_by_walking_there(tab: PrepareTab, qtbot: Any, tmp_path: Path) -> None:
    (tmp_path / "taken.ome.zarr").mkdir()
    (tmp_path / "inside").mkdir()
    dialog = tab.place.browse()
    assert isinstance(dialog, PlaceDialog)
    wait_until(qtbot, lambda: dialog.browser.listing is not None and dialog.open.isEnabled())
    assert dialog.name.text() == "fish.ome.zarr"
    dialog.name.setText("taken")
    assert not dialog.open.isEnabled()
    assert "is there already" in dialog.note.text()
    dialog.name.setText("a/b")
    assert "no slash" in dialog.note.text()
    dialog.name.setText("")
    assert not dialog.open.isEnabled()
    dialog.name.setText("other")
    dialog.browser.go(str(tmp_path / "inside"))
    wait_until(qtbot, lambda: dialog.browser.listing.folder == str(tmp_path / "inside") and dialog.open.isEnabled())
    dialog.open.click()
    wait_until(qtbot, lambda: tab.place.path.text() == str(tmp_path / "inside" / "other.ome.zarr"))


def test_every_input_has_a_name_and_a_tip(tab: PrepareTab) -> None:
    widgets = [tab.source.recording, tab.source.motion, tab.source.keep, tab.place.path]
    assert all(widget.accessibleName() and widget.toolTip() for widget in widgets)
    buttons = [
        tab.source.find,
        tab.plan.run_button,
        tab.plan.open_button,
        tab.plan.cancel_button,
        tab.place.browse_button,
    ]
    assert all(button.toolTip() for button in buttons)

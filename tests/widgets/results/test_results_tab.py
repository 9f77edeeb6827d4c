from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

import napari_thunder as nt
from napari_thunder.models.results.looks import Look
from napari_thunder.widgets.results import result_actions
from napari_thunder.widgets.results.results_model import NAME, STATE
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.canvas.test_layers import run_tuning
from tests.widgets.conftest import slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]
Window = tuple[Any, ThunderDock]


@pytest.fixture
def window(make_dock: MakeDock, qtbot: Any) -> Iterator[Window]:
    """A viewer with a recording and two direction maps, and its dock."""
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    entry = next(iter(dock.desk.results))
    dock.desk.results.add("second", entry.dataset)
    wait_until(qtbot, lambda: dock.settled)
    return viewer, dock


def keys(dock: ThunderDock) -> list[int]:
    return [entry.key for entry in dock.desk.results]


def cell(dock: ThunderDock, row: int, column: int, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
    return dock.results.panel.model.index(row, column).data(role)


def test_without_results_the_next_step_is_said(dock: ThunderDock) -> None:
    panel = dock.results.panel
    assert not panel._none.isHidden()
    assert panel.table.isHidden()
    assert "Analyze" in panel._none.text()
    assert panel.actions_.save.toolTip() == "Choose a result first."


def test_the_table_lists_the_topmost_first_and_renames_the_layer_too(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    model = dock.results.panel.model
    assert [cell(dock, row, NAME) for row in range(2)] == ["second", "slow movie · Direction tuning"]
    assert cell(dock, 0, STATE) == "done"
    model.setData(model.index(0, NAME), "mine")
    wait_until(qtbot, lambda: viewer.layers[-1].name == "mine")
    viewer.layers[-1].name = "yours"
    wait_until(qtbot, lambda: cell(dock, 0, NAME) == "yours")


def test_boxes_and_eyes_stay_in_step(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    model = dock.results.panel.model
    assert [layer.visible for layer in viewer.layers] == [True, False, True]
    model.setData(model.index(1, NAME), Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)
    wait_until(qtbot, lambda: viewer.layers[1].visible)
    viewer.layers[-1].visible = False
    box = Qt.ItemDataRole.CheckStateRole
    wait_until(qtbot, lambda: Qt.CheckState(cell(dock, 0, NAME, box)) == Qt.CheckState.Unchecked)


def test_the_order_of_layers_is_the_order_of_the_table(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    viewer.layers.move(2, 1)
    wait_until(qtbot, lambda: cell(dock, 0, NAME) == "slow movie · Direction tuning")
    dock.desk.results.arrange(keys(dock)[::-1])
    wait_until(qtbot, lambda: viewer.layers[-1].name == "second")


def test_a_layer_removed_in_napari_can_be_brought_back(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    viewer.layers.pop()
    wait_until(qtbot, lambda: dock.results.panel.model.rowCount() == 1)
    dock.results.panel.actions_.undo.trigger()
    wait_until(qtbot, lambda: len(viewer.layers) == 3)
    assert viewer.layers[-1].name == "second"


def test_maps_are_shown_one_after_the_other_and_all_are_hidden_at_once(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    dock.results.next_map()
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [True, True, False])
    dock.results.toggle_overlay()
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [True, False, False])
    dock.results.toggle_overlay()
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [True, True, False])


def test_two_are_compared_over_the_same_anatomy_and_the_view_comes_back(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    before = ([(layer.name, layer.visible) for layer in viewer.layers], viewer.scene.camera.zoom)
    left, right = keys(dock)
    dock.results.panel.choose(left, right)
    dock.results.compare()
    wait_until(qtbot, lambda: all(layer.visible for layer in viewer.layers))
    grid = viewer.canvas.grid
    cells = {at: {viewer.layers[i].name for i in inside} for at, inside in grid.iter_viewboxes(viewer.layers)}
    assert cells == {
        (0, 0): {"second", "slow movie"},
        (0, 1): {"slow movie · Direction tuning", "slow movie (right)"},
    }
    assert len(dock.desk.datasets) == 1
    next(x for x in viewer.layers if x.name == "slow movie").contrast_limits = (1, 30)
    assert tuple(next(x for x in viewer.layers if x.name == "slow movie (right)").contrast_limits) == (1, 30)
    assert viewer.canvas.overlays["thunder_legend"].position == "bottom_left"
    dock.results.compare()
    assert not grid.enabled
    wait_until(qtbot, lambda: before[0] == [(layer.name, layer.visible) for layer in viewer.layers])
    assert viewer.scene.camera.zoom == before[1]


def test_another_choice_of_maps_ends_a_comparison(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    dock.results.panel.choose(*keys(dock))
    dock.results.compare()
    dock.results.next_map()
    wait_until(qtbot, lambda: not viewer.canvas.grid.enabled)
    wait_until(qtbot, lambda: sum(layer.visible for layer in viewer.layers) == 2)
    assert len(viewer.layers) == 3


def test_a_comparison_ended_in_3d_leaves_the_plane(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    viewer.dims.set_point(1, 16.0)
    dock.results.panel.choose(*keys(dock))
    dock.results.compare()
    wait_until(qtbot, lambda: viewer.canvas.grid.enabled)
    viewer.dims.ndisplay = 3
    dock.results.compare()
    viewer.dims.ndisplay = 2
    assert viewer.dims.point[1] == 16.0


def test_a_disabled_button_says_why(window: Window, qtbot: Any) -> None:
    _, dock = window
    actions = dock.results.panel.actions_
    assert not actions.compare.isEnabled()
    assert "Ctrl+click" in actions.compare.toolTip()
    dock.results.panel.choose(*keys(dock))
    assert actions.compare.isEnabled()
    assert actions.subtract.isEnabled()


def test_a_difference_arrives_as_a_map(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    dock.results.panel.choose(*keys(dock))
    dock.results.subtract()
    wait_until(qtbot, lambda: len(dock.desk.results) == 3 and dock.settled)
    assert not viewer.layers[-1].rgb
    assert dock.results.panel.current.dataset.attrs["analysis"] == "difference"
    assert "difference is made of two" in dock.results.panel.actions_.rerun.toolTip()


def test_what_is_set_in_naparis_own_controls_becomes_the_look(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    key = keys(dock)[-1]
    dock.desk.pictures.show(key, Look(nt.MapChoice("r_squared")))
    wait_until(qtbot, lambda: not viewer.layers[-1].rgb)
    viewer.layers[-1].contrast_limits = (0.1, 0.2)
    viewer.layers[-1].opacity = 0.3
    look = dock.desk.pictures.look(key)
    assert (look.limits, look.opacity) == (pytest.approx((0.1, 0.2)), pytest.approx(0.3))
    dock.results.panel.look.threshold.setValue(0.05)
    wait_until(qtbot, lambda: dock.settled and dock.desk.pictures.spec(key).thunder.get("threshold") is not None)
    assert tuple(viewer.layers[-1].contrast_limits) == pytest.approx((0.1, 0.2))
    assert viewer.layers[-1].opacity == pytest.approx(0.3)


def test_limits_are_typed_and_given_back_to_the_map(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    key = keys(dock)[-1]
    dock.desk.pictures.show(key, Look(nt.MapChoice("r_squared")))
    field = dock.results.panel.look.limits
    wait_until(qtbot, lambda: not viewer.layers[-1].rgb and not field.isHidden())
    found = tuple(viewer.layers[-1].contrast_limits)
    field.high.setValue(0.5)
    wait_until(qtbot, lambda: viewer.layers[-1].contrast_limits[1] == 0.5)
    field.auto.click()
    wait_until(qtbot, lambda: tuple(viewer.layers[-1].contrast_limits) == pytest.approx(found))


def test_parameters_are_taken_over_to_analyze(window: Window, qtbot: Any) -> None:
    _, dock = window
    dock.desk.draft.choose("summary_images")
    dock.results.panel.actions_.change.trigger()
    assert dock.desk.draft.analysis == "direction_tuning"
    wait_until(qtbot, lambda: dock.shown_tab == "analyze")


def test_a_result_is_computed_again_as_it_was(window: Window, qtbot: Any) -> None:
    _, dock = window
    dock.results.panel.choose(keys(dock)[0])
    dock.results.panel.actions_.rerun.trigger()
    wait_until(qtbot, lambda: len(dock.desk.results) == 3 and all(e.finished for e in dock.desk.results))
    first, *_, last = (entry.dataset for entry in dock.desk.results)
    for name in first.data_vars:
        np.testing.assert_array_equal(first[name].values, last[name].values)


def test_the_view_is_saved_as_a_picture_twice_as_fine(
    window: Window, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imagecodecs import imread

    _, dock = window
    monkeypatch.setattr(result_actions, "ask_where_to", lambda *given: given[-1](str(tmp_path / "view")))
    dock.results.panel.actions_.save_view(1)
    wait_until(qtbot, lambda: (tmp_path / "view.png").exists())
    once = imread(str(tmp_path / "view.png")).shape
    (tmp_path / "view.png").unlink()
    dock.results.panel.actions_.save_view(2)
    wait_until(qtbot, lambda: (tmp_path / "view.png").exists())
    assert imread(str(tmp_path / "view.png")).shape[:2] == (2 * once[0], 2 * once[1])


def test_what_went_wrong_with_one_choice_is_not_said_of_the_next(window: Window, qtbot: Any) -> None:
    _, dock = window
    dock.results.subtract()
    wait_until(qtbot, lambda: "Choose two" in dock.results.panel.trouble.message)
    dock.results.panel.choose(keys(dock)[0])
    wait_until(qtbot, lambda: not dock.results.panel.trouble.message)


def test_a_movie_in_memory_has_no_program_and_says_so(window: Window, qtbot: Any) -> None:
    _, dock = window
    QGuiApplication.clipboard().setText("before")
    dock.results.panel.actions_.copy_python.trigger()
    wait_until(qtbot, lambda: "memory" in dock.results.panel.trouble.message)
    assert QGuiApplication.clipboard().text() == "before"


def test_a_result_dropped_on_the_window_comes_onto_the_desk(window: Window, qtbot: Any, tmp_path: Path) -> None:
    viewer, dock = window
    nt.save_result(dock.results.panel.current.dataset, tmp_path / "tuning.zarr")
    viewer.open(tmp_path / "tuning.zarr", plugin="napari-thunder")
    wait_until(qtbot, lambda: len(dock.desk.results) == 3 and dock.settled)
    layer = viewer.layers[-1]
    assert dock.results.panel.current.name == layer.name
    look = dock.results.panel.look
    look.threshold.setValue(look.threshold.maximum())
    wait_until(qtbot, lambda: layer.metadata["thunder"]["threshold"] == look.threshold.value())
    assert dock.results.panel.current.state == "saved"


def test_what_a_closed_dock_left_is_taken_up_by_the_next(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    viewer.window.remove_dock_widget(dock)
    dock.deleteLater()
    qtbot.wait(300)
    again = ThunderDock(viewer)
    viewer.window.add_dock_widget(again, name="Thunder again")
    wait_until(qtbot, lambda: len(again.desk.results) == 2 and again.settled)
    assert [entry.name for entry in again.desk.results] == ["slow movie · Direction tuning", "second"]
    assert [layer.visible for layer in viewer.layers] == [True, False, True]
    assert len(viewer.layers) == 3

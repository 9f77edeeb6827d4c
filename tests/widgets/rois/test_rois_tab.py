"""The ROIs tab: tools, table, files, regions of maps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_thunder.regions import Outline, Region, region_of_mask, region_of_outline
from napari_thunder.widgets.rois.map_source import MapSource, map_in_front
from napari_thunder.widgets.rois.region_table import NAME, PLANES, SIZE, VISIBLE, VOXELS
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.canvas.region_hand import Hand
from tests.widgets.canvas.test_layers import run_tuning
from tests.widgets.conftest import slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]
VOLUME = (3, 24, 32)


def square(name: str, corner: tuple[int, int, int] = (1, 4, 5), size: int = 4) -> Region:
    z, y, x = corner
    mask = np.zeros(VOLUME, bool)
    mask[z, y : y + size, x : x + size] = True
    return region_of_mask(mask, name, "#56b4e9")


@pytest.fixture
def opened(make_dock: MakeDock, qtbot: Any) -> tuple[Any, ThunderDock]:
    """A viewer with a recording of voxels 8 × 2 × 2 µm, and its dock on the ROIs tab."""
    viewer, dock = make_dock()
    dock._traces_shown = True
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    dock.show_tab("rois")
    return viewer, dock


def text(dock: ThunderDock, row: int, column: int) -> str:
    table = dock.rois.regions.table
    return str(table.data(table.index(row, column), Qt.ItemDataRole.DisplayRole))


def settle(dock: ThunderDock, qtbot: Any) -> None:
    wait_until(qtbot, lambda: dock.workplace.region_layers.settled)
    qtbot.wait(60)


def test_without_a_recording_every_tool_says_the_next_step(dock: ThunderDock) -> None:
    for button in dock.rois.draw.buttons.values():
        assert not button.isEnabled()
        assert button.toolTip().startswith("Open a recording first")
    assert "No regions yet" in dock.rois.regions.none.text()
    assert "Run an analysis first" in dock.rois.from_map.pick.toolTip()
    dock.rois.new_region("polygon")
    assert dock.workplace.region_layers.tool is None


def test_the_button_of_the_tool_in_hand_is_down(opened: tuple[Any, ThunderDock]) -> None:
    viewer, dock = opened
    dock.rois.draw.buttons["ellipse"].click()
    assert [name for name, button in dock.rois.draw.buttons.items() if button.isChecked()] == ["ellipse"]
    assert viewer.layers.selection.active.mode == "add_ellipse"
    viewer.layers.selection.active.mode = "add_rectangle"
    assert [name for name, button in dock.rois.draw.buttons.items() if button.isChecked()] == ["rectangle"]
    dock.rois.draw.buttons["rectangle"].click()
    assert dock.workplace.region_layers.tool is None
    assert not any(button.isChecked() for button in dock.rois.draw.buttons.values())


def test_tools_say_their_keys_and_have_names(opened: tuple[Any, ThunderDock]) -> None:
    _, dock = opened
    assert "(Shift+G)" in dock.rois.draw.buttons["polygon"].toolTip()
    assert all(button.accessibleName() for button in dock.rois.draw.buttons.values())
    assert not any(button.icon().isNull() for button in dock.rois.draw.buttons.values())


def test_the_table_says_voxels_size_and_planes(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    dock.desk.regions.add(square("tectum"))
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 1)
    assert [text(dock, 0, column) for column in (NAME, VOXELS, SIZE, PLANES)] == ["tectum", "16", "512", "1"]
    outline = Outline("rectangle", np.array([(2, 2), (2, 6), (6, 6), (6, 2.0)]), (0, 2))
    dock.desk.regions.add(region_of_outline(outline, VOLUME, "column", "#e69f00"))
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 2)
    assert text(dock, 1, PLANES) == "0–2"
    dock.desk.datasets.amend(dock.desk.datasets.current, voxel_size=(1, 1, 1))
    wait_until(qtbot, lambda: text(dock, 0, SIZE) == "16")


def test_regions_are_renamed_and_hidden_in_the_table(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    region = dock.desk.regions.add(square("a"))
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 1)
    table = dock.rois.regions.table
    assert table.setData(table.index(0, NAME), " hindbrain ")
    assert not table.setData(table.index(0, NAME), "  ")
    table.setData(table.index(0, VISIBLE), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    changed = dock.desk.regions.get(region.key)
    assert (changed.name, changed.visible) == ("hindbrain", False)


def test_a_region_of_another_recording_says_so(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    dock.desk.regions.add(region_of_mask(np.ones((2, 5, 5), bool), "other fish", "#56b4e9"))
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 1)
    table = dock.rois.regions.table
    tip = table.data(table.index(0, NAME), Qt.ItemDataRole.ToolTipRole)
    assert "volume of 2 × 5 × 5 voxels" in tip
    assert "not drawn" in tip


def test_rows_and_shapes_are_chosen_together(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    outline = Outline("rectangle", np.array([(2, 2), (2, 6), (6, 6), (6, 2.0)]), (1, 1))
    first, second = dock.desk.regions.add_all(
        region_of_outline(outline, VOLUME, name, "#e69f00") for name in ("one", "two")
    )
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 2)
    settle(dock, qtbot)
    layers = dock.workplace.region_layers
    dock.rois.regions.list.selectRow(1)
    keys = list(layers.outlines.layer.features["key"])
    assert layers.outlines.layer.selected_data == {keys.index(second.key)}
    assert dock.desk.regions.selection == second.key
    layers.outlines.layer.selected_data = {keys.index(first.key)}
    assert dock.rois.regions.list.keys == [first.key]
    dock.rois.regions.list.selectAll()
    assert layers.outlines.layer.selected_data == {0, 1}
    dock.desk.regions.select(second.key)
    qtbot.wait(50)
    assert set(dock.rois.regions.list.keys) == {first.key, second.key}


def test_sorting_keeps_rows_and_regions_together(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    small, large = dock.desk.regions.add_all([square("b", size=2), square("a", size=6)])
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 2)
    view = dock.rois.regions.list
    view.sortByColumn(VOXELS, Qt.SortOrder.DescendingOrder)
    view.selectRow(0)
    assert view.keys == [large.key]
    view.sortByColumn(VOXELS, Qt.SortOrder.AscendingOrder)
    view.selectRow(0)
    assert view.keys == [small.key]


def test_delete_duplicate_undo_and_redo_by_button(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    dock.desk.regions.add_all([square("a"), square("b")])
    buttons, regions = dock.rois.regions.buttons, dock.desk.regions
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 2)
    dock.rois.regions.list.clearSelection()
    wait_until(qtbot, lambda: buttons["delete"].toolTip() == "Choose a region in the table first.")
    dock.rois.regions.list.selectAll()
    buttons["duplicate"].click()
    assert len(regions) == 4
    dock.rois.regions.list.selectAll()
    dock.rois.delete_selected()
    wait_until(qtbot, lambda: len(regions) == 2)
    buttons["undo"].click()
    wait_until(qtbot, lambda: len(regions) == 4)
    wait_until(qtbot, lambda: buttons["redo"].isEnabled())
    dock.rois.undo()
    wait_until(qtbot, lambda: len(regions) == 2)
    dock.rois.redo()
    wait_until(qtbot, lambda: len(regions) == 4)


def test_a_region_becomes_the_mask_of_the_analysis(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = opened
    region = dock.desk.regions.add(square("a"))
    wait_until(qtbot, lambda: dock.rois.regions.table.rowCount() == 1)
    dock.rois.regions.list.selectRow(0)
    dock.rois.regions.buttons["analyze"].click()
    assert dock.desk.draft.region == region.key
    wait_until(qtbot, lambda: dock.shown_tab == "analyze")


@pytest.mark.parametrize("ending", [".geojson", ".zip", ".tif", ".zarr"])
def test_regions_go_to_a_file_and_come_back(
    opened: tuple[Any, ThunderDock], qtbot: Any, tmp_path: Path, ending: str
) -> None:
    _, dock = opened
    before = dock.desk.regions.add(square("a"))
    path = tmp_path / f"regions{ending}"
    dock.rois.export_regions(str(path))
    wait_until(qtbot, lambda: str(path) in dock.rois.regions.note.text())
    dock.desk.regions.remove(before.key)
    dock.rois.import_regions(str(path))
    wait_until(qtbot, lambda: len(dock.desk.regions) == 1)
    (back,) = dock.desk.regions
    np.testing.assert_array_equal(back.full_mask(), before.full_mask())


def test_a_file_that_is_none_is_said(opened: tuple[Any, ThunderDock], qtbot: Any, tmp_path: Path) -> None:
    _, dock = opened
    path = tmp_path / "broken.geojson"
    path.write_text("no JSON")
    dock.rois.import_regions(str(path))
    wait_until(qtbot, lambda: "broken.geojson" in dock.rois.regions.trouble.message)
    assert len(dock.desk.regions) == 0


@pytest.fixture
def mapped(opened: tuple[Any, ThunderDock], qtbot: Any) -> tuple[Any, ThunderDock, MapSource]:
    """With a map in front."""
    viewer, dock = opened
    run_tuning(dock, qtbot)
    wait_until(qtbot, lambda: isinstance(map_in_front(dock.desk), MapSource))
    dock.rois.from_map.show_map()
    source = map_in_front(dock.desk)
    assert isinstance(source, MapSource)
    return viewer, dock, source


def test_a_voxel_of_the_map_becomes_a_region_of_what_is_connected(
    mapped: tuple[Any, ThunderDock, MapSource], qtbot: Any
) -> None:
    _, dock, source = mapped
    panel = dock.rois.from_map
    panel.threshold.setValue(float(np.nanmin(source.values[np.isfinite(source.values)])) - 1)
    panel.cut_out((1, 10, 12))
    wait_until(qtbot, lambda: len(dock.desk.regions) == 1)
    (region,) = dock.desk.regions
    assert region.n_voxels == np.isfinite(source.values).sum()
    wait_until(qtbot, lambda: dock.desk.regions.selection == region.key)


def test_a_voxel_below_the_threshold_is_said(mapped: tuple[Any, ThunderDock, MapSource], qtbot: Any) -> None:
    _, dock, _ = mapped
    panel = dock.rois.from_map
    panel.threshold.setValue(1e6)
    panel.cut_out((1, 10, 12))
    wait_until(qtbot, lambda: "Voxel z 1, y 10, x 12" in panel.trouble.message)
    assert "threshold" in panel.trouble.message
    assert len(dock.desk.regions) == 0
    wait_until(qtbot, panel.pick.isEnabled)


def test_a_click_on_the_canvas_picks_the_voxel(mapped: tuple[Any, ThunderDock, MapSource], qtbot: Any) -> None:
    viewer, dock, source = mapped
    panel = dock.rois.from_map
    panel.threshold.setValue(float(np.nanmin(source.values[np.isfinite(source.values)])) - 1)
    viewer.window._qt_window.resize(1100, 800)
    qtbot.wait(200)
    viewer.reset_view()
    qtbot.wait(50)
    panel.pick.click()
    assert panel.pick.text() == "Click on the map…"
    Hand(viewer, dock, qtbot).click((10, 12))
    wait_until(qtbot, lambda: len(dock.desk.regions) == 1)
    assert next(iter(dock.desk.regions)).full_mask()[1, 10, 12]
    assert panel.pick.text() == "Pick a voxel…"
    panel.pick.click()
    panel.pick.click()
    assert len(viewer.mouse_drag_callbacks) == len(set(viewer.mouse_drag_callbacks))
    Hand(viewer, dock, qtbot).click((10, 12))
    qtbot.wait(100)
    assert len(dock.desk.regions) == 1


def test_all_blobs_become_regions_in_one_step(mapped: tuple[Any, ThunderDock, MapSource], qtbot: Any) -> None:
    _, dock, source = mapped
    panel = dock.rois.from_map
    panel.threshold.setValue(float(np.nanmin(source.values[np.isfinite(source.values)])) - 1)
    panel.minimum.setValue(5)
    panel.blobs.click()
    wait_until(qtbot, lambda: len(dock.desk.regions) > 0)
    assert next(iter(dock.desk.regions)).name == "Blob 1"
    dock.rois.undo()
    wait_until(qtbot, lambda: len(dock.desk.regions) == 0)


def test_the_tab_follows_the_theme(opened: tuple[Any, ThunderDock]) -> None:
    viewer, dock = opened
    button = dock.rois.draw.buttons["rectangle"]

    def lightness() -> int:
        image = button.icon().pixmap(48, 48).toImage()
        colors = [image.pixelColor(x, y) for x in range(48) for y in range(48)]
        return max((color for color in colors), key=lambda color: color.alpha()).lightness()

    viewer.theme = "dark"
    dark = lightness()
    viewer.theme = "light"
    assert lightness() < 100 < dark


def test_a_tab_that_goes_lets_go_of_everything(opened: tuple[Any, ThunderDock], qtbot: Any) -> None:
    from napari_thunder.widgets.rois.rois_tab import RoisTab

    viewer, dock = opened
    tab = RoisTab(viewer)
    layers = dock.workplace.region_layers
    connected = len(layers.tooled)
    tab.deleteLater()
    QApplication.sendPostedEvents(None, 52)
    wait_until(qtbot, lambda: len(layers.tooled) == connected - 1)
    viewer.theme = "light"
    layers.use("polygon")


def test_voxels_are_counted_once_for_the_whole_table(
    opened: tuple[Any, ThunderDock], qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, dock = opened
    counted: list[int] = []
    count = Region.n_voxels.fget
    monkeypatch.setattr(Region, "n_voxels", property(lambda region: counted.append(region.key) or count(region)))
    mask = np.zeros((3, 24, 32), bool)
    mask[1, 4:12, 4:20] = True
    made = dock.desk.regions.add(region_of_mask(mask, "a", "#56b4e9"))
    settle(dock, qtbot)
    assert text(dock, 0, VOXELS) == str(mask.sum())
    counted.clear()
    for column in range(6):
        text(dock, 0, column)
    assert not counted
    mask[1, 4] = False
    dock.desk.regions.reshape(made.key, region_of_mask(mask, "a", "#56b4e9"))
    settle(dock, qtbot)
    assert text(dock, 0, VOXELS) == str(mask.sum())

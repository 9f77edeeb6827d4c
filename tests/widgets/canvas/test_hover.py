from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from napari_thunder import save_result
from napari_thunder.display import status_text
from napari_thunder.widgets.canvas.hover import numbers_under_mouse, voxel_under_mouse
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.canvas.test_layers import run_tuning
from tests.widgets.conftest import slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]
VOXEL = (1, 10, 12)


@pytest.fixture
def tuned(make_dock: MakeDock, qtbot: Any) -> tuple[Any, ThunderDock]:
    """A viewer with a direction map, and its dock."""
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    viewer.mouse_over_canvas = True
    return viewer, dock


def point_at(viewer: Any, voxel: tuple[int, int, int]) -> None:
    """Put the mouse on a voxel of the topmost layer, as napari's canvas does."""
    place = viewer.layers[-1].data_to_world(voxel)
    viewer.cursor.position = (viewer.dims.point[0], *place)
    viewer.update_status_from_cursor()


def numbers(dock: ThunderDock) -> str:
    return status_text(dock.results.panel.current.dataset, VOXEL)


def test_the_numbers_under_the_mouse_are_said_instead_of_a_colour(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, dock = tuned
    point_at(viewer, VOXEL)
    assert numbers(dock)
    assert viewer.status["coordinates"] == f"{viewer.status['coords']}: {numbers(dock)}"


def test_numbers_under_a_mouse_that_rests_are_renewed_as_a_map_fills(
    tuned: tuple[Any, ThunderDock], qtbot: Any
) -> None:
    viewer, dock = tuned
    point_at(viewer, VOXEL)
    before = viewer.status["coordinates"]
    entry = dock.results.panel.current
    filled = entry.dataset.copy(deep=True)
    for name in filled.data_vars:
        if filled[name].dims == ("z", "y", "x"):
            filled[name][VOXEL] = 0.25
    dock.desk.results.update(entry.key, filled, finished=True)
    wait_until(qtbot, lambda: viewer.status["coordinates"] != before)
    assert "R² 0.25" in viewer.status["coordinates"]


def test_they_stand_beside_the_value_of_the_recording(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, dock = tuned
    viewer.dims.set_current_step(0, 0)
    viewer.layers.selection.active = viewer.layers[0]
    point_at(viewer, VOXEL)
    assert viewer.status["coordinates"].endswith(f" · {numbers(dock)}")


def test_a_map_that_is_hidden_says_nothing(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, dock = tuned
    viewer.layers[-1].visible = False
    point_at(viewer, VOXEL)
    assert numbers(dock) not in str(viewer.status)


def test_outside_the_volume_nothing_is_added(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, _ = tuned
    point_at(viewer, (1, -50, 12))
    assert "R²" not in str(viewer.status)
    assert "estimated" not in str(viewer.status)


def test_what_others_say_in_the_status_bar_stays(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, _ = tuned
    viewer.status = "Saved."
    assert viewer.status == "Saved."


def test_in_3d_it_is_the_strongest_voxel_in_the_line_of_sight(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, _ = tuned
    viewer.dims.ndisplay = 3
    layer = viewer.layers[-1]
    layer.data = np.zeros_like(layer.data)
    layer.data[2, 10, 12] = 255
    point_at(viewer, (0, 10, 12))
    assert voxel_under_mouse(viewer, layer) == (2, 10, 12)
    assert viewer.status["coordinates"].startswith("[2, 10, 12]: ")
    point_at(viewer, (0, 10, 20))
    assert voxel_under_mouse(viewer, layer) is None


def test_a_result_opened_by_napari_says_its_numbers_without_the_dock(
    tuned: tuple[Any, ThunderDock], make_napari_viewer: Any, tmp_path: Path
) -> None:
    save_result(tuned[1].results.panel.current.dataset, tmp_path / "tuning.zarr")
    viewer = make_napari_viewer()
    viewer.open(tmp_path / "tuning.zarr", plugin="napari-thunder")
    viewer.mouse_over_canvas = True
    viewer.dims.set_current_step(0, VOXEL[0])
    viewer.cursor.position = tuple(viewer.layers[-1].data_to_world(VOXEL))
    viewer.update_status_from_cursor()
    assert set(numbers(tuned[1]).split(", ")) <= set(viewer.status["coordinates"].split(": ")[1].split(", "))


def test_several_maps_in_sight_are_named_and_kept_short(tuned: tuple[Any, ThunderDock], qtbot: Any) -> None:
    viewer, dock = tuned
    first = dock.results.panel.current
    second = dock.desk.results.add("second", first.dataset)
    dock.desk.pictures.switch([first.key], on=True)
    wait_until(qtbot, lambda: len(viewer.layers) == 3 and all(layer.visible for layer in viewer.layers))
    point_at(viewer, VOXEL)
    said = viewer.status["coordinates"]
    assert f"{second.name}: " in said
    assert f"|  {first.name}: " in said
    assert "selectivity" not in said


def test_the_numbers_of_many_maps_are_there_within_3_ms(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    shape = (40, 20, 64, 64)
    dims = ("regressor", "z", "y", "x")
    values = np.random.default_rng(0).random(shape, np.float32)
    maps = {f"map_{n}": (dims, values, {"role": "signed"}) for n in range(8)}
    plain = {f"plain_{n}": (dims[1:], values[n], {"role": "fraction"}) for n in range(32)}
    dock.desk.results.add("many", xr.Dataset({**plain, **maps}))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    numbers_under_mouse(viewer)
    viewer.cursor.position = (3, 10, 12)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        _, text = numbers_under_mouse(viewer)
        times.append(time.perf_counter() - began)
    assert "plain 31" in text
    assert sorted(times)[10] < 0.003


def test_a_voxel_without_numbers_says_so(tuned: tuple[Any, ThunderDock]) -> None:
    viewer, dock = tuned
    for name in dock.results.panel.current.dataset.data_vars:
        values = dock.results.panel.current.dataset[name]
        if set("zyx") <= set(values.dims):
            values.values[(..., *VOXEL)] = np.nan
    point_at(viewer, VOXEL)
    assert viewer.status["coordinates"].endswith("not estimable")

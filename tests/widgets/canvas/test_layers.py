from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_thunder.io.array import ArraySource
from napari_thunder.models.pointer import Place
from napari_thunder.recording import from_source
from napari_thunder.regions import region_of_mask
from napari_thunder.widgets.canvas import wheel
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.canvas.wheel import show_picture
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import moving_movie, slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]
PICTURE = np.full((20, 20, 4), 255, np.uint8)


def run_tuning(dock: ThunderDock, qtbot: Any) -> None:
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    n = len(dock.desk.results)
    dock.analyze.analysis.choose("direction_tuning")
    dock.run()
    wait_until(qtbot, lambda: len(dock.desk.results) == n + 1 and all(r.finished for r in dock.desk.results))
    wait_until(qtbot, lambda: dock.settled)


def test_a_recording_opened_through_napari_comes_onto_the_desk(make_dock: MakeDock, qtbot: Any, tmp_path: Any) -> None:
    np.save(tmp_path / "movie.npy", np.array(moving_movie()))
    viewer, dock = make_dock()
    viewer.open(tmp_path / "movie.npy", plugin="napari-thunder")
    wait_until(qtbot, lambda: dock.desk.datasets.current is not None)
    assert dock.desk.datasets.current.name == "movie.npy"
    assert len(viewer.layers) == 1


def test_a_duplicated_layer_streams_too_and_the_stream_ends_with_the_last(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    viewer.layers.append(viewer.layers[0].__copy__())
    array = array_of(viewer.layers[0])
    assert array_of(viewer.layers[1]) is array
    viewer.dims.set_current_step(0, 50)
    for layer in viewer.layers:
        wait_until(qtbot, lambda layer=layer: (np.asarray(layer._slice.image.raw) == 50).all())
    assert len(dock.desk.datasets) == 1


def test_maps_lie_where_the_recording_lies(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    movie, tuning = viewer.layers
    assert tuple(tuning.scale) == tuple(movie.scale[1:]) == (8, 2, 2)
    assert viewer.layers.units is not None


def test_only_the_map_in_front_is_shown(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    run_tuning(dock, qtbot)
    assert [layer.visible for layer in viewer.layers] == [True, False, True]
    dock.results.panel.choose(next(iter(dock.desk.results)).key)
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [True, True, False])


def test_the_wheel_comes_and_goes_with_direction_maps(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    assert viewer.canvas.overlays["thunder_legend"].visible
    dock.results.panel.actions_.remove_chosen()
    wait_until(qtbot, lambda: not viewer.canvas.overlays["thunder_legend"].visible)


def test_a_napari_without_the_private_table_only_lacks_the_wheel_on_the_canvas(
    make_napari_viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Any:
        raise ImportError("overlay_to_visual has moved")

    viewer = make_napari_viewer()
    monkeypatch.setattr(wheel, "_overlay_class", missing)
    assert not show_picture(viewer, "thunder_legend", PICTURE)
    monkeypatch.undo()
    assert show_picture(viewer, "thunder_legend", PICTURE)


def test_maps_are_named_after_their_recording(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    wait_until(qtbot, lambda: viewer.layers[-1].name == dock.results.panel.current.name)


def test_a_voxel_size_given_late_moves_the_maps_too(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dataset = dock.desk.datasets.add(slow_recording()[0].with_known(voxel_size=None))
    run_tuning(dock, qtbot)
    assert tuple(viewer.layers[-1].scale) == (1, 1, 1)
    dock.desk.datasets.amend(dataset, voxel_size=(5, 1, 1))
    wait_until(qtbot, lambda: tuple(viewer.layers[-1].scale) == (5, 1, 1))
    wait_until(qtbot, lambda: viewer.layers[-1].units == viewer.layers[0].units[1:])
    dock.results.panel.look.picture.setCurrentIndex(1)
    dock.results.panel.look.picture.activated.emit(1)
    wait_until(qtbot, lambda: not viewer.layers[-1].rgb)
    assert tuple(viewer.layers[-1].scale) == (5, 1, 1)


def test_a_map_that_comes_later_does_not_cover_the_pinned_voxels(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dataset = dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    dock.desk.pointer.pin(Place(dataset.key, (1, 2, 3)))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    run_tuning(dock, qtbot)
    wait_until(qtbot, lambda: [layer.name for layer in viewer.layers][-1] == "Pinned voxels")


def test_what_is_shown_stays_when_its_voxel_size_is_given(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dataset = dock.desk.datasets.add(slow_recording()[0].with_known(voxel_size=None, frame_rate=None, frame_times=None))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    dock.desk.datasets.amend(dataset, voxel_size=(1, 1, 1))
    layer = viewer.layers[0]
    wait_until(qtbot, lambda: str(layer.units[-1]) == "micrometer")
    wait_until(qtbot, lambda: layer._slice.image.raw.max() == viewer.dims.current_step[0])


def test_frame_plane_and_camera_stay_at_the_voxels_when_rate_and_voxel_size_are_given(
    make_dock: MakeDock, qtbot: Any
) -> None:
    viewer, dock = make_dock()
    dataset = dock.desk.datasets.add(slow_recording()[0].with_known(voxel_size=None, frame_rate=None, frame_times=None))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    viewer.dims.current_step = (40, 2, 0, 0)
    camera = viewer.scene.camera
    camera.center, camera.zoom = (0.0, 6.0, 20.0), 9.0
    mask = np.zeros((3, 24, 32), bool)
    mask[2, 5:8, 5:8] = True
    dock.desk.regions.add(region_of_mask(mask, "spot", "#ff0000"))
    wait_until(qtbot, lambda: dock.workplace.region_layers.settled and len(viewer.layers) == 2)
    dock.desk.datasets.amend(dataset, voxel_size=(5, 0.5, 0.5), frame_rate=0.5)
    wait_until(qtbot, lambda: all(tuple(layer.scale[-3:]) == (5, 0.5, 0.5) for layer in viewer.layers))
    wait_until(qtbot, lambda: viewer.dims.current_step[:2] == (40, 2))
    assert camera.zoom == pytest.approx(18)
    assert camera.center[-2:] == pytest.approx((3, 10))
    wait_until(qtbot, lambda: viewer.layers[0]._slice.image.raw.max() == 40 and dock.desk.pointer.frame == 40)
    assert viewer.layers[1]._slice.image.raw.max() > 0


def test_a_recording_of_another_size_is_in_sight_when_it_is_turned_to(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    movies = {"large": np.ones((60, 30, 24, 32), np.uint8), "small": np.ones((9, 3, 300, 200), np.uint8)}
    sources = {name: ArraySource(movie, name) for name, movie in movies.items()}
    large = dock.desk.datasets.add(from_source(sources["large"], voxel_size=(5, 1, 1)))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    viewer.dims.current_step = (40, 20, 0, 0)
    camera = viewer.scene.camera
    camera.center, camera.zoom = (0.0, 6.0, 20.0), 9.0
    dock.desk.datasets.add(from_source(sources["small"]))
    wait_until(qtbot, lambda: dock.settled and [layer.visible for layer in viewer.layers] == [False, True])
    wait_until(qtbot, lambda: viewer.layers[1]._slice.image.raw.shape == (300, 200))
    wait_until(qtbot, lambda: (dock.desk.pointer.frame, viewer.dims.point[1]) == (8, 1))
    assert camera.center[-2:] == pytest.approx((149.5, 99.5), abs=1)
    dock.desk.datasets.make_current(large.key)
    wait_until(qtbot, lambda: viewer.layers[0].visible and viewer.dims.point[:2] == (40, 100))
    wait_until(qtbot, lambda: (camera.center[-2:], camera.zoom) == ((6.0, 20.0), 9.0))


def test_units_agree_before_napari_looks_at_them(
    make_dock: MakeDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("napari._vispy.canvas.show_warning", said.append)
    _, dock = make_dock()
    unknown = slow_recording()[0].with_known(voxel_size=None, frame_rate=None, frame_times=None)
    dock.desk.datasets.add(unknown)
    wait_until(qtbot, lambda: dock.settled)
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: dock.settled)
    assert said == []


def test_the_words_around_the_wheel_can_be_read_in_every_theme(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    wheel = viewer.canvas.overlays["thunder_legend"]
    for theme, bright in (("dark", True), ("light", False)):
        viewer.theme = theme
        words = wheel.picture.pixels[:18, 20:170]
        seen = words[words[..., 3] > 200, :3]
        assert seen.size
        assert (seen.mean() > 128) == bright


def test_strengths_are_called_what_they_are_drawn_as(make_dock: MakeDock, qtbot: Any) -> None:
    _, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    run_tuning(dock, qtbot)
    combo = dock.results.panel.look.strength
    wait_until(qtbot, lambda: combo.count() > 0)
    assert [combo.itemText(i) for i in range(combo.count())] == [
        "R²",
        "selectivity",
        "F",
        "−log10 p (FDR)",
        "−log10 p",
        "DSI",
    ]

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_thunder.display.space import space_of_recording
from napari_thunder.io.array import ArraySource
from napari_thunder.recording import Recording, from_source
from napari_thunder.volumes import ViewKind
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import SlowSource, moving_movie, slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


def shown(layer: Any) -> np.ndarray[Any, Any]:
    return np.asarray(layer._slice.image.raw)


def flickering(name: str = "flicker", **known: Any) -> Recording:
    """Every other frame is 50 % brighter."""
    movie = np.full((40, 3, 24, 32), 100, np.uint16)
    movie[1::2] = 150
    return from_source(ArraySource(movie, name), frame_rate=2.0, **known)


@pytest.fixture
def opened(make_dock: MakeDock, qtbot: Any) -> tuple[Any, ThunderDock, Any, int]:
    viewer, dock = make_dock()
    key = dock.desk.datasets.add(flickering(voxel_size=(8, 2, 2))).key
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and dock.settled)
    wait_until(qtbot, lambda: viewer.layers[0].contrast_limits[1] < 1000)
    return viewer, dock, viewer.layers[0], key


def test_dff_is_shown_at_the_same_frame_and_the_old_contrast_comes_back(opened: Any, qtbot: Any) -> None:
    viewer, dock, layer, key = opened
    viewer.dims.set_current_step(0, 21)
    layer.contrast_limits = (90, 170)
    dock.desk.views.show(key, kind=ViewKind.DFF)
    wait_until(qtbot, lambda: np.allclose(shown(layer), 0.5))
    wait_until(qtbot, lambda: tuple(layer.contrast_limits) == pytest.approx((0, 0.5)))
    assert viewer.dims.current_step[0] == 21
    assert layer.colormap.name == "magma"
    layer.contrast_limits = (0, 0.3)
    dock.desk.views.show(key, kind=ViewKind.RAW)
    wait_until(qtbot, lambda: (shown(layer) == 150).all())
    assert tuple(layer.contrast_limits) == (90, 170)
    assert layer.colormap.name == "gray"
    dock.desk.views.show(key, kind=ViewKind.DFF)
    wait_until(qtbot, lambda: np.allclose(shown(layer), 0.5))
    assert tuple(layer.contrast_limits) == pytest.approx((0, 0.3))


def test_means_are_shown_in_the_contrast_of_the_voxels(opened: Any, qtbot: Any) -> None:
    viewer, dock, layer, key = opened
    limits = tuple(layer.contrast_limits)
    viewer.dims.set_current_step(0, 20)
    dock.desk.views.show(key, kind=ViewKind.MEAN, half_width=1)
    wait_until(qtbot, lambda: np.allclose(shown(layer), 400 / 3))
    assert tuple(layer.contrast_limits) == limits
    dock.desk.views.show(key, half_width=2)
    wait_until(qtbot, lambda: np.allclose(shown(layer), 120))


def test_the_view_works_in_3d_too(opened: Any, qtbot: Any) -> None:
    viewer, dock, layer, key = opened
    viewer.dims.ndisplay = 3
    dock.desk.views.show(key, kind=ViewKind.DFF)
    viewer.dims.set_current_step(0, 7)
    wait_until(qtbot, lambda: shown(layer).shape == (3, 24, 32) and np.allclose(shown(layer), 0.5))
    viewer.screenshot()


def test_auto_contrast_spans_what_is_shown(opened: Any, qtbot: Any) -> None:
    _, dock, layer, _ = opened
    layer.contrast_limits_range = (0, 60_000)
    layer.contrast_limits = (0, 60_000)
    dock.workplace.recording_views.auto_contrast()
    wait_until(qtbot, lambda: layer.contrast_limits[1] < 1000)


def test_arrays_close_with_the_layer_whatever_it_shows(opened: Any, qtbot: Any) -> None:
    viewer, dock, layer, key = opened
    raw = array_of(layer)
    dock.desk.views.show(key, kind=ViewKind.DFF)
    wait_until(qtbot, lambda: array_of(layer) is not raw)
    seen = array_of(layer)
    viewer.layers.remove(layer)
    assert raw._stream.closed
    assert seen._stream.closed
    wait_until(qtbot, lambda: dock.desk.views.state() == {})


def test_only_the_current_of_several_recordings_is_shown(opened: Any, qtbot: Any) -> None:
    viewer, dock, _, key = opened
    second = dock.desk.datasets.add(flickering("other", voxel_size=(8, 2, 2))).key
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [False, True])
    dock.desk.datasets.make_current(key)
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [True, False])
    viewer.layers[1].visible = True
    dock.desk.datasets.changed.emit()
    qtbot.wait(50)
    assert [layer.visible for layer in viewer.layers] == [True, True]
    dock.desk.datasets.make_current(second)
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [False, True])


def test_recordings_stand_side_by_side_when_asked_to(opened: Any, qtbot: Any) -> None:
    viewer, dock, *_ = opened
    dock.desk.datasets.add(flickering("other", voxel_size=(8, 2, 2)))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    dock.workplace.layers.show_side_by_side()
    assert viewer.canvas.grid.enabled
    assert all(layer.visible for layer in viewer.layers)
    dock.workplace.layers.show_side_by_side(False)
    assert [layer.visible for layer in viewer.layers] == [False, True]


def test_recordings_of_which_one_knows_its_voxel_size_agree_on_units(opened: Any, qtbot: Any) -> None:
    viewer, dock, first, _ = opened
    dataset = dock.desk.datasets.add(from_source(ArraySource(np.array(moving_movie()), "unknown")))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    assert viewer.layers.extent.units is not None
    assert viewer.layers[1].units == first.units
    dock.desk.datasets.amend(dataset, voxel_size=(4, 1, 1))
    wait_until(qtbot, lambda: tuple(viewer.layers[1].scale) == (1, 4, 1, 1))
    assert viewer.layers.extent.units is not None
    assert space_of_recording(dataset.recording).units == ("pixel",) * 4


def test_two_recordings_stream_without_waiting_for_each_other(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    stuck, source = slow_recording()
    source.hangs.set()
    dock.desk.datasets.add(stuck)
    dock.desk.datasets.add(flickering(voxel_size=(8, 2, 2)))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    for layer in viewer.layers:
        layer.visible = True
    viewer.dims.set_current_step(0, 11)
    wait_until(qtbot, lambda: (shown(viewer.layers[1]) == 150).all() or (shown(viewer.layers[1]) == 100).all())
    source.release.set()


def test_the_caption_says_time_frame_and_stimulus(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    text = viewer.canvas.overlays.text
    viewer.dims.set_current_step(0, 22)
    wait_until(qtbot, lambda: text.text == "22.0 s · frame 22 · direction 90")
    assert text.visible
    dock.workplace.caption.show(False)
    assert not text.visible
    dock.workplace.caption.show()
    dock.desk.datasets.add(flickering("other"))
    wait_until(qtbot, lambda: text.text.endswith("\nother"))


def test_the_caption_says_that_a_picture_is_loading_and_which_view_it_is(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    recording, source = slow_recording()
    key = dock.desk.datasets.add(recording).key
    wait_until(qtbot, lambda: dock.settled)
    text = viewer.canvas.overlays.text
    source.hangs.set()
    viewer.dims.set_current_step(0, 55)
    wait_until(qtbot, lambda: "loading…" in text.text)
    source.hangs.clear()
    source.release.set()
    wait_until(qtbot, lambda: "loading…" not in text.text)
    dock.desk.views.show(key, kind=ViewKind.MEAN)
    wait_until(qtbot, lambda: "mean of ±2 frames" in text.text)


def test_the_caption_takes_less_than_two_milliseconds_a_step(opened: Any, qtbot: Any) -> None:
    _, dock, *_ = opened
    caption, taken = dock.workplace.caption, []
    for frame in range(40):
        dock.desk.pointer.frame = frame
        begun = time.perf_counter()
        caption.renew()
        taken.append(time.perf_counter() - begun)
    assert np.median(taken) < 0.002


def test_a_recording_left_by_a_closed_dock_in_another_view_comes_back_as_it_is(
    make_dock: MakeDock, qtbot: Any, opened: Any
) -> None:
    _, dock, layer, key = opened
    dock.desk.views.show(key, kind=ViewKind.MEAN)
    raw = array_of(layer)
    wait_until(qtbot, lambda: array_of(layer) is not raw)
    dock.workplace.layers.close()
    dock.workplace.layers._recordings.clear()
    dock.workplace.layers.adopt_all()
    assert array_of(layer) is raw
    assert dock.desk.datasets.current.recording.dtype == np.uint16


def test_a_slow_source_is_never_waited_for(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    source = SlowSource(ArraySource(moving_movie()), 0.3)
    key = dock.desk.datasets.add(from_source(source, frame_rate=1.0)).key
    wait_until(qtbot, lambda: dock.settled)
    begun = time.perf_counter()
    dock.desk.views.show(key, kind=ViewKind.MEAN)
    viewer.dims.set_current_step(0, 50)
    assert time.perf_counter() - begun < 0.25
    wait_until(qtbot, lambda: np.allclose(shown(viewer.layers[0]), 50))

"""Frames before and after registration on the canvas; afterwards everything is as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_thunder.models.registration.pair import Pair, pair_of
from napari_thunder.models.registration.quality_views import Subject
from napari_thunder.models.registration.scenes import Layout
from napari_thunder.recording import from_source
from napari_thunder.registration import Shifts
from napari_thunder.widgets.actions import ACTIONS, perform
from napari_thunder.widgets.canvas.streaming import array_of
from tests.models.registration.moving import moving_recording, quality, registration, true_shifts
from tests.widgets.conftest import Heartbeat, slow_recording, wait_until

Window = tuple[Any, Any]


@pytest.fixture
def window(make_dock: Callable[..., Window], qtbot: Any) -> Window:
    """A window on the moving brain, registered."""
    viewer, dock = make_dock()
    dataset = dock.desk.datasets.add(moving_recording())
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    dock.desk.quality_views.take(pair_of(dataset, true_shifts(), registration(), quality()))
    return viewer, dock


def state(viewer: Any) -> Any:
    grid = viewer.canvas.grid
    layers = [(layer.name, layer.visible, layer.opacity) for layer in viewer.layers]
    camera = viewer.scene.camera
    return (
        layers,
        [layer.name for layer in viewer.layers.selection],
        (grid.enabled, grid.stride, grid.shape),
        camera.zoom,
    )


def compare(window: Window, qtbot: Any, layout: Layout | None, subject: Subject = Subject.FRAMES) -> list[Any]:
    """Show it, and wait until it is on the canvas; gives the layers."""
    _, dock = window
    before_after = dock.workplace.before_after
    dock.desk.quality_views.show(layout, subject)
    wait_until(qtbot, lambda: bool(before_after.layers) == (layout is not None) and before_after.settled)
    wait_until(qtbot, lambda: dock.desk.quality_views.job is None)
    return list(before_after.layers)


def test_leaving_a_comparison_leaves_no_trace(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    space = {"scale": (4, 2, 2), "units": ("um",) * 3, "axis_labels": ("z", "y", "x")}
    viewer.add_points(np.zeros((1, 3)), name="mine", visible=False, **space)
    viewer.layers.selection = {viewer.layers[0]}
    before = state(viewer)
    for layout in (Layout.FLICKER, Layout.OVERLAY):
        compare(window, qtbot, layout)
    compare(window, qtbot, None)
    assert state(viewer) == before
    assert len(dock.desk.datasets) == 1


def test_side_by_side_shows_both_frames_with_one_contrast(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    raw, registered = compare(window, qtbot, Layout.SIDE_BY_SIDE)
    assert viewer.canvas.grid.enabled
    assert (raw.name, registered.name) == ("Raw", "Registered")
    dock.desk.pointer.ask(5)
    wait_until(qtbot, lambda: array_of(registered).shown_frame == 5 and array_of(raw).shown_frame == 5)
    pair: Pair = dock.desk.quality_views.pair
    np.testing.assert_array_equal(array_of(raw).shown_values, pair.raw.read_volume(5))
    np.testing.assert_array_equal(array_of(registered).shown_values, pair.registered.read_volume(5))
    raw.contrast_limits = (120, 300)
    assert tuple(registered.contrast_limits) == (120, 300)
    cells = [viewer.canvas.grid.position(viewer.layers.index(layer), viewer.layers) for layer in (raw, registered)]
    assert cells[0] < cells[1]


def test_what_is_drawn_meanwhile_does_not_change_places(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    raw, registered = compare(window, qtbot, Layout.SIDE_BY_SIDE)
    dock.workplace.drawn_line.draw()
    wait_until(qtbot, lambda: viewer.layers[-1] == raw)
    cells = [viewer.canvas.grid.position(viewer.layers.index(layer), viewer.layers) for layer in (raw, registered)]
    assert cells[0] < cells[1]
    assert dock.workplace.drawn_line.drawing


def test_a_flicker_turns_by_itself_and_stops_when_asked(window: Window, qtbot: Any) -> None:
    raw, registered = compare(window, qtbot, Layout.FLICKER)
    views = window[1].desk.quality_views
    views.set(rate=10.0)
    for shown in ((1.0, 0.0), (0.0, 1.0), (1.0, 0.0)):
        wait_until(qtbot, lambda shown=shown: (raw.opacity, registered.opacity) == shown)
    views.set(playing=False)
    qtbot.wait(150)
    now = raw.opacity
    qtbot.wait(250)
    assert raw.opacity == now
    views.flip()
    wait_until(qtbot, lambda: raw.opacity == 1 - now)


def test_differences_find_their_limits_around_zero(window: Window, qtbot: Any) -> None:
    viewer, _ = window
    raw, registered = compare(window, qtbot, Layout.DIFFERENCE)
    wait_until(qtbot, lambda: raw.contrast_limits[1] > 40)
    assert raw.contrast_limits[0] == -raw.contrast_limits[1]
    assert tuple(raw.contrast_limits) == tuple(registered.contrast_limits)
    viewer.dims.ndisplay = 3
    assert not np.isnan(np.asarray(registered._slice.image.raw)).any()


def test_planes_of_every_direction_and_volumes_can_be_compared(window: Window, qtbot: Any) -> None:
    viewer, _ = window
    compare(window, qtbot, Layout.DIFFERENCE)
    for order in ((0, 2, 1, 3), (0, 3, 1, 2), (0, 1, 2, 3)):
        viewer.dims.order = order
        qtbot.wait(20)
    viewer.dims.ndisplay = 3
    compare(window, qtbot, Layout.FLICKER)
    viewer.dims.ndisplay = 2
    compare(window, qtbot, None)
    assert len(viewer.layers) == 1
    assert viewer.layers[0].visible


def test_pictures_that_stay_keep_what_they_have_fetched(window: Window, qtbot: Any) -> None:
    flickering = compare(window, qtbot, Layout.FLICKER)
    beside = compare(window, qtbot, Layout.SIDE_BY_SIDE)
    assert beside == flickering
    assert [layer.opacity for layer in beside] == [1, 1]


def test_taking_a_layer_away_or_napari_s_grid_button_ends_the_comparison(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    compare(window, qtbot, Layout.SIDE_BY_SIDE)
    viewer.canvas.grid.enabled = False
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and viewer.layers[0].visible)
    raw, _ = compare(window, qtbot, Layout.SIDE_BY_SIDE)
    raw.locked = False
    viewer.layers.remove(raw)
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and viewer.layers[0].visible)
    assert dock.desk.quality_views.wish.layout is None


def test_a_comparison_of_results_takes_the_canvas_as_it_was(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    compare(window, qtbot, Layout.SIDE_BY_SIDE)
    dock.workplace.comparison.beginning.emit()
    assert [layer.visible for layer in viewer.layers] == [True]
    assert not viewer.canvas.grid.enabled
    assert dock.desk.quality_views.wish.layout is None


def test_another_recording_ends_the_comparison(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    compare(window, qtbot, Layout.FLICKER)
    dock.desk.datasets.add(moving_recording())
    wait_until(qtbot, lambda: not dock.workplace.before_after.layers)
    wait_until(qtbot, lambda: [layer.visible for layer in viewer.layers] == [False, True])


def test_closing_the_recording_ends_the_comparison(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    compare(window, qtbot, Layout.SIDE_BY_SIDE)
    dock.desk.datasets.remove(dock.desk.datasets.current.key)
    wait_until(qtbot, lambda: not len(viewer.layers))
    assert not viewer.canvas.grid.enabled


def test_keys_compare_flip_and_end(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    before_after = dock.workplace.before_after
    perform(ACTIONS["difference_to_template"], viewer)
    wait_until(qtbot, lambda: len(before_after.layers) == 2)
    perform(ACTIONS["flip_before_after"], viewer)
    wait_until(qtbot, lambda: before_after.layers[0].name == "Raw" and before_after.layers[0].opacity == 1)
    perform(ACTIONS["end_before_after"], viewer)
    wait_until(qtbot, lambda: not before_after.layers)


def test_a_key_without_a_registration_says_why_nothing_happens(make_dock: Callable[..., Window]) -> None:
    viewer, _ = make_dock()
    perform(ACTIONS["overlay_on_template"], viewer)
    assert "Register" in str(viewer.status)


def test_slow_storage_never_holds_up_the_window(make_dock: Callable[..., Window], qtbot: Any) -> None:
    viewer, dock = make_dock()
    _, source = slow_recording(0.3)
    dataset = dock.desk.datasets.add(from_source(source, frame_rate=1.0))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    shifts = Shifts.rigid(np.full((60, 3), [0, 1.5, 0]), (3, 24, 32))
    dock.desk.quality_views.take(pair_of(dataset, shifts, None))
    dock.desk.quality_views.show(Layout.SIDE_BY_SIDE)
    wait_until(qtbot, lambda: len(dock.workplace.before_after.layers) == 2)
    qtbot.wait(300)
    with Heartbeat() as heart:
        for frame in range(5, 15):
            dock.desk.pointer.ask(frame)
            qtbot.wait(15)
    assert heart.longest < 0.25
    wait_until(qtbot, lambda: all(array_of(la).shown_frame == 14 for la in dock.workplace.before_after.layers))


def test_closing_the_window_during_a_comparison_closes_its_streams(window: Window, qtbot: Any) -> None:
    viewer, _ = window
    layers = compare(window, qtbot, Layout.SIDE_BY_SIDE)
    streams = [array_of(layer) for layer in layers]
    viewer.close()
    wait_until(qtbot, lambda: all(stream._stream._closed for stream in streams))

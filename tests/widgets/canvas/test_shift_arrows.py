"""Arrows of shifts, the template, and the line of a kymograph on the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_thunder.models.registration.pair import pair_of
from tests.models.registration.moving import SPACE, brain_at_rest, moves, moving_recording, registration, true_shifts
from tests.widgets.conftest import wait_until

Window = tuple[Any, Any]


@pytest.fixture
def window(make_dock: Callable[..., Window], qtbot: Any) -> Window:
    viewer, dock = make_dock()
    dataset = dock.desk.datasets.add(moving_recording())
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    dock.desk.quality_views.take(pair_of(dataset, true_shifts(), registration()))
    return viewer, dock


def test_arrows_follow_time_plane_and_length(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    steps = viewer.dims.nsteps[:2]
    dock.desk.quality_views.set(arrows=True)
    wait_until(qtbot, lambda: dock.workplace.shift_arrows.arrows is not None)
    arrows = dock.workplace.shift_arrows.arrows
    for frame in (5, 7):
        dock.desk.pointer.ask(frame)
        wait_until(qtbot, lambda frame=frame: (arrows.data[0, 1, 1:] == moves()[frame, 1:]).all())
    dock.workplace.shown_plane.go_to(3)
    wait_until(qtbot, lambda: arrows.data[0, 0, 0] == 3)
    assert viewer.dims.nsteps[:2] == steps
    dock.desk.quality_views.set(arrow_length=12.0)
    wait_until(qtbot, lambda: arrows.length == 12)
    dock.desk.quality_views.set(arrows=False)
    wait_until(qtbot, lambda: len(viewer.layers) == 1)


def test_arrows_taken_away_by_hand_are_no_longer_wanted(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    dock.desk.quality_views.set(arrows=True, template=True)
    wait_until(qtbot, lambda: len(viewer.layers) == 3)
    viewer.layers.remove(dock.workplace.shift_arrows.arrows)
    viewer.layers.remove(dock.workplace.shift_arrows.template)
    wish = dock.desk.quality_views.wish
    assert not wish.arrows
    assert not wish.template


def test_the_template_lies_above_its_recording_and_goes_with_the_registration(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    dock.desk.quality_views.set(template=True)
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    np.testing.assert_array_equal(viewer.layers[1].data, brain_at_rest())
    assert tuple(viewer.layers[1].scale) == (4, 2, 2)
    dock.desk.quality_views.take(None)
    wait_until(qtbot, lambda: len(viewer.layers) == 1)


def test_a_drawn_line_becomes_a_kymograph_and_the_newest_line_counts(window: Window, qtbot: Any) -> None:
    _, dock = window
    line, kymographs = dock.workplace.drawn_line, dock.desk.kymographs
    line.draw()
    assert line.drawing
    line.layer.add(np.array([[1, 10, 5], [1, 10, 20]]), shape_type="line")
    wait_until(qtbot, lambda: kymographs.profiles is not None and kymographs.job is None)
    assert not line.drawing
    assert len(kymographs.profiles.distance) == 16
    line.draw()
    line.layer.add(np.array([[1, 4, 5], [1, 14, 5]]), shape_type="line")
    wait_until(qtbot, lambda: kymographs.profiles is not None and len(kymographs.profiles.distance) == 11)
    assert len(line.layer.data) == 1


def test_a_line_that_is_taken_away_takes_its_kymograph_with_it(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    line, kymographs = dock.workplace.drawn_line, dock.desk.kymographs
    line.draw()
    line.layer.add(np.array([[1, 10, 5], [1, 10, 20]]), shape_type="line")
    wait_until(qtbot, lambda: kymographs.drawn is not None)
    viewer.layers.remove(line.layer)
    wait_until(qtbot, lambda: kymographs.drawn is None and kymographs.profiles is None)
    assert line.layer is None


def test_drawing_begins_on_a_plane_and_without_a_recording_not_at_all(window: Window, qtbot: Any) -> None:
    viewer, dock = window
    viewer.dims.ndisplay = 3
    dock.workplace.drawn_line.draw()
    assert viewer.dims.ndisplay == 2
    dock.desk.datasets.remove(dock.desk.datasets.current.key)
    dock.desk.quality_views.take(None)
    dock.workplace.drawn_line.lay_down()
    wait_until(qtbot, lambda: dock.workplace.drawn_line.layer is None)
    dock.workplace.drawn_line.draw()
    assert dock.workplace.drawn_line.layer is None


def test_the_plane_is_known_and_gone_to(window: Window, qtbot: Any) -> None:
    _, dock = window
    shown = dock.workplace.shown_plane
    seen: list[int] = []
    shown.moved.connect(seen.append)
    shown.go_to(SPACE[0] - 1)
    wait_until(qtbot, lambda: seen == [SPACE[0] - 1])
    assert shown.plane == SPACE[0] - 1

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_thunder.models.pointer import Place
from napari_thunder.recording import Recording
from napari_thunder.widgets.canvas.pin_marks import NAME, SYMBOLS
from napari_thunder.widgets.traces.traces_dock import TracesDock
from tests.widgets.conftest import slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, TracesDock]]
VOXEL = (1, 10, 12)


def moving_noise(seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(100, 1000, (40, 3, 24, 32)).astype(np.uint16)


def recording(name: str = "noise", seed: int = 0, **known: Any) -> Recording:
    given = {"frame_rate": 2.0, "voxel_size": (8, 2, 2)} | known
    return Recording.from_array(moving_noise(seed), name=name, **given)


class Mouse:
    """A real mouse over the real canvas."""

    def __init__(self, viewer: Any, qtbot: Any) -> None:
        self.viewer = viewer
        self.canvas = viewer.window._qt_viewer.canvas
        self.native = self.canvas.native
        self.qtbot = qtbot

    def pixel_of(self, layer: Any, voxel: tuple[int, int, int]) -> QPoint:
        """Where the middle of a voxel is drawn, in 2-D."""
        wanted = np.asarray(layer.data_to_world((0, *voxel))[-2:])
        zero, far = (
            np.asarray(self.canvas._map_canvas2world(at, self.canvas.view)[-2:]) for at in ((0, 0), (100, 100))
        )
        y, x = (wanted - zero) / (far - zero) * 100
        return QPoint(round(x), round(y))

    def move(self, to: QPoint, modifier: Any = Qt.KeyboardModifier.NoModifier, button: Any = None) -> None:
        from qtpy.QtCore import QEvent, QPointF
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        none = Qt.MouseButton.NoButton
        place, everywhere = QPointF(to), QPointF(self.native.mapToGlobal(to))
        event = QMouseEvent(QEvent.Type.MouseMove, place, everywhere, none, button or none, modifier)
        self.viewer.mouse_over_canvas = True
        QApplication.sendEvent(self.native, event)

    def click(self, at: QPoint, modifier: Any) -> None:
        self.viewer.mouse_over_canvas = True
        QTest.mouseClick(self.native, Qt.MouseButton.LeftButton, modifier, at)


@pytest.fixture
def shown(make_traces: MakeDock, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, TracesDock, Any, Mouse]:
    """A viewer that shows a recording, its dock, the recording's layer and a mouse; Shift is held."""
    viewer, dock = make_traces()
    dock.desk.datasets.add(recording())
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and dock.workplace.settled)
    viewer.dims.set_current_step(1, VOXEL[0])
    monkeypatch.setattr(
        "napari_thunder.widgets.canvas.pointing.QApplication.keyboardModifiers",
        lambda: Qt.KeyboardModifier.ShiftModifier,
    )
    return viewer, dock, viewer.layers[0], Mouse(viewer, qtbot)


def test_the_pointer_follows_the_slider_and_the_slider_what_is_asked(shown: Any, qtbot: Any) -> None:
    viewer, dock, _, _ = shown
    moved: list[int] = []
    dock.desk.pointer.moved.connect(moved.append)
    viewer.dims.set_current_step(0, 7)
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 7)
    dock.desk.pointer.ask(23)
    wait_until(qtbot, lambda: viewer.dims.current_step[0] == 23 and dock.desk.pointer.frame == 23)
    qtbot.wait(50)
    assert moved == [7, 23]


def test_several_steps_in_one_go_are_said_once(shown: Any, qtbot: Any) -> None:
    viewer, dock, _, _ = shown
    wait_until(qtbot, lambda: dock.desk.pointer.frame == viewer.dims.current_step[0])
    moved: list[int] = []
    dock.desk.pointer.moved.connect(moved.append)
    for frame in (1, 2, 3):
        viewer.dims.set_current_step(0, frame)
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 3)
    assert moved == [3]


def test_a_recording_that_begins_elsewhere_in_time_is_found_at_its_own_frames(shown: Any, qtbot: Any) -> None:
    viewer, dock, layer, _ = shown
    layer.translate = (5.0, 0, 0, 0)
    viewer.dims.set_point(0, 5.0 + 0.5 * 11)
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 11)
    dock.desk.pointer.ask(3)
    wait_until(qtbot, lambda: abs(viewer.dims.point[0] - (5.0 + 1.5)) < 1e-9)


def test_shift_and_the_mouse_point_at_the_voxel_under_it(shown: Any, qtbot: Any) -> None:
    _, dock, layer, mouse = shown
    hovered: list[Place | None] = []
    dock.desk.pointer.hovered.connect(hovered.append)
    mouse.move(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    wait_until(qtbot, lambda: dock.desk.pointer.place == Place(dock.desk.datasets.current.key, VOXEL))
    mouse.move(mouse.pixel_of(layer, (1, 11, 12)))
    wait_until(qtbot, lambda: hovered[-1] is None)


def test_the_mouse_alone_points_at_nothing(shown: Any, qtbot: Any) -> None:
    _, dock, layer, mouse = shown
    mouse.move(mouse.pixel_of(layer, VOXEL))
    qtbot.wait(200)
    assert dock.desk.pointer.place is None


def test_letting_go_of_shift_or_leaving_ends_the_pointing(
    shown: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, dock, layer, mouse = shown
    mouse.move(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    wait_until(qtbot, lambda: dock.desk.pointer.place is not None)
    viewer.mouse_over_canvas = False
    wait_until(qtbot, lambda: dock.desk.pointer.place is None)
    mouse.move(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    wait_until(qtbot, lambda: dock.desk.pointer.place is not None)
    monkeypatch.setattr(
        "napari_thunder.widgets.canvas.pointing.QApplication.keyboardModifiers", lambda: Qt.KeyboardModifier.NoModifier
    )
    wait_until(qtbot, lambda: dock.desk.pointer.place is None)


def test_hovering_reads_the_trace_of_just_that_voxel(shown: Any, qtbot: Any) -> None:
    _, dock, layer, mouse = shown
    mouse.move(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    wait_until(qtbot, lambda: dock.desk.traces.get("hover") is not None)
    np.testing.assert_array_equal(dock.desk.traces.get("hover").raw, moving_noise()[:, *VOXEL])


def test_shift_and_a_click_keep_the_voxel_and_move_nothing(shown: Any, qtbot: Any) -> None:
    viewer, dock, layer, mouse = shown
    before = viewer.scene.camera.center
    pinned: list[Place] = []
    dock.desk.pointer.pinned.connect(pinned.append)
    mouse.click(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    assert pinned == [Place(dock.desk.datasets.current.key, VOXEL)]
    assert viewer.scene.camera.center == before
    assert viewer.scene.camera.mouse_pan
    mouse.click(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.NoModifier)
    assert len(pinned) == 1


def test_shift_and_a_drag_keep_nothing(shown: Any, qtbot: Any) -> None:
    viewer, dock, layer, mouse = shown
    pinned: list[Place] = []
    dock.desk.pointer.pinned.connect(pinned.append)
    start = mouse.pixel_of(layer, VOXEL)
    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    QTest.mousePress(mouse.native, left, shift, start)
    for step in (10, 20, 30):
        mouse.move(start + QPoint(step, 0), shift, left)
    QTest.mouseRelease(mouse.native, left, shift, start + QPoint(30, 0))
    assert pinned == []
    assert viewer.scene.camera.mouse_pan


def test_a_drawing_tool_has_shift_for_itself(shown: Any, qtbot: Any) -> None:
    viewer, dock, layer, mouse = shown
    shapes = viewer.add_shapes(ndim=3, scale=(8, 2, 2))
    shapes.mode = "add_rectangle"
    pinned: list[Place] = []
    dock.desk.pointer.pinned.connect(pinned.append)
    mouse.move(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    mouse.click(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(150)
    assert pinned == []
    assert dock.desk.pointer.place is None


def test_outside_the_brain_there_is_nothing(shown: Any) -> None:
    _, dock, layer, _ = shown
    assert dock.workplace.pointing.place_at(layer.data_to_world((0, 1, -5, 3))) is None
    assert dock.workplace.pointing.place_at(layer.data_to_world((0, 1, 3, 3))).voxel == (1, 3, 3)


def test_in_3d_it_is_the_brightest_voxel_in_the_line_of_sight(make_traces: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_traces()
    movie = np.full((5, 6, 24, 32), 10, np.uint16)
    movie[:, 4, 10, 12] = 500
    dock.desk.datasets.add(Recording.from_array(movie, name="spot", frame_rate=1.0))
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and dock.workplace.settled)
    viewer.dims.ndisplay = 3
    wait_until(qtbot, lambda: dock.workplace.settled)
    place = dock.workplace.pointing.place_at(viewer.layers[0].data_to_world((2, 0, 10, 12)))
    assert place.voxel == (4, 10, 12)


def test_in_3d_a_map_on_top_says_which_voxel_is_seen(make_traces: MakeDock, qtbot: Any) -> None:
    from napari_thunder import SummaryImages, run

    viewer, dock = make_traces()
    movie = np.full((5, 6, 24, 32), 10, np.uint16)
    movie[:, 4, 10, 12] = 500
    movie[0, 2, 10, 12] = 90
    spot = Recording.from_array(movie, name="spot", frame_rate=1.0)
    dock.desk.datasets.add(spot)
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and dock.workplace.settled)
    dock.desk.results.add("deviation", run(SummaryImages(), spot)[["std"]])
    wait_until(qtbot, lambda: len(viewer.layers) == 2 and dock.workplace.settled)
    viewer.dims.ndisplay = 3
    wait_until(qtbot, lambda: dock.workplace.settled)
    look = viewer.layers[0].data_to_world((2, 0, 10, 12))
    assert dock.workplace.pointing.place_at(look).voxel == (2, 10, 12)
    viewer.layers[1].visible = False
    assert dock.workplace.pointing.place_at(look).voxel == (4, 10, 12)


def test_of_several_recordings_it_is_the_current_one_in_sight(shown: Any, qtbot: Any) -> None:
    viewer, dock, first, _ = shown
    one = dock.desk.datasets.current.key
    dock.desk.datasets.add(recording("other", 1))
    wait_until(qtbot, lambda: len(viewer.layers) == 2 and dock.workplace.settled)
    two = dock.desk.datasets.current.key
    place = first.data_to_world((0, *VOXEL))
    assert dock.workplace.pointing.place_at(place) == Place(two, VOXEL)
    first.visible = True
    dock.workplace.layers.of_recording(two).visible = False
    assert dock.workplace.pointing.place_at(place) == Place(one, VOXEL)


def test_pinned_voxels_are_marked_where_they_lie_and_do_not_take_the_mouse(shown: Any, qtbot: Any) -> None:
    viewer, dock, layer, mouse = shown
    key = dock.desk.datasets.current.key
    mouse.click(mouse.pixel_of(layer, VOXEL), Qt.KeyboardModifier.ShiftModifier)
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    marks = viewer.layers[1]
    np.testing.assert_array_equal(marks.data, [VOXEL])
    np.testing.assert_array_equal(marks.data_to_world(VOXEL), layer.data_to_world((0, *VOXEL))[1:])
    assert viewer.layers.selection.active == layer
    assert not marks.editable
    dock.desk.pointer.pin(Place(key, (0, 3, 4)))
    wait_until(qtbot, lambda: len(marks.data) == 2)
    assert len({tuple(color) for color in marks.face_color}) == 2
    dock.desk.traces.clear_pins()
    wait_until(qtbot, lambda: NAME not in [layer.name for layer in viewer.layers])


def test_marks_move_with_a_voxel_size_given_late(make_traces: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_traces()
    dataset = dock.desk.datasets.add(slow_recording()[0].with_known(voxel_size=None))
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    dock.desk.pointer.pin(Place(dataset.key, VOXEL))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    dock.desk.datasets.amend(dataset, voxel_size=(5, 1, 1))
    wait_until(qtbot, lambda: tuple(viewer.layers[1].scale) == (5, 1, 1))


def test_who_removes_the_marks_lets_go_of_the_voxels(shown: Any, qtbot: Any) -> None:
    viewer, dock, _, _ = shown
    dock.desk.pointer.pin(Place(dock.desk.datasets.current.key, VOXEL))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    viewer.layers.remove(viewer.layers[1])
    wait_until(qtbot, lambda: dock.desk.traces.subjects == ())


def test_one_more_pin_draws_the_marks_once_and_keeps_each_in_its_look(make_traces: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_traces()
    dataset = dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    for y in (4, 8):
        dock.desk.pointer.pin(Place(dataset.key, (1, y, 9)))
    wait_until(qtbot, lambda: NAME in viewer.layers and len(viewer.layers[NAME].data) == 2)
    marks = viewer.layers[NAME]
    drawn: list[str] = []
    for name in ("data", "size", "symbol", "border_color", "scale", "reload"):
        getattr(marks.events, name).connect(lambda _, name=name: drawn.append(name))
    dock.desk.pointer.pin(Place(dataset.key, (1, 12, 9)))
    wait_until(qtbot, lambda: len(marks.data) == 3)
    assert set(drawn) == {"data"}
    subjects = dock.traces.subjects
    colors = [tuple(round(255 * float(part)) for part in color[:3]) for color in marks.face_color]
    assert colors == [tuple(bytes.fromhex(subject.color[1:])) for subject in subjects]
    assert [str(symbol) for symbol in marks.symbol] == list(SYMBOLS[:3])
    dock.desk.traces.unpin(subjects[0].key)
    wait_until(qtbot, lambda: len(marks.data) == 2)
    colors = [tuple(round(255 * float(part)) for part in color[:3]) for color in marks.face_color]
    assert colors == [tuple(bytes.fromhex(subject.color[1:])) for subject in dock.traces.subjects]


def test_marks_of_pins_are_seen_inside_the_brain_in_3d(shown: Any, qtbot: Any) -> None:
    viewer, dock, _, _ = shown
    dock.desk.pointer.pin(Place(dock.desk.datasets.current.key, VOXEL))
    wait_until(qtbot, lambda: len(viewer.layers) == 2)
    assert viewer.layers[1].blending == "translucent_no_depth"

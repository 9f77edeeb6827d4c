"""The Registration tab and the Motion dock as a person uses them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from napari_thunder.judging import judge
from napari_thunder.models.registration import Reference, ReferenceKind
from napari_thunder.models.registration.work import quality_path
from napari_thunder.recording import Recording
from napari_thunder.registering import register
from napari_thunder.result import save_result
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.registration.frame_marks import spans_of
from napari_thunder.widgets.registration.motion_dock import MotionDock
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.models.registration.wandering import N_FRAMES, moving
from tests.widgets.conftest import Heartbeat, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


def click(button: Any) -> None:
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture(scope="module")
def saved_registration(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A registration of `moving` that was judged."""
    path = tmp_path_factory.mktemp("registration") / "moving.zarr"
    made = register(moving())
    save_result(made, path)
    save_result(judge(moving(), made), quality_path(path))
    return str(path)


@pytest.fixture
def ready(make_dock: MakeDock, qtbot: Any) -> tuple[Any, ThunderDock]:
    viewer, dock = make_dock()
    dock.desk.datasets.add(moving())
    dock.show_tab("registration")
    wait_until(qtbot, lambda: dock.registration.run_panel.run_button.isEnabled() and dock.settled)
    return viewer, dock


@pytest.fixture
def judged(ready: tuple[Any, ThunderDock], qtbot: Any, saved_registration: str) -> tuple[Any, ThunderDock, MotionDock]:
    """With a judged registration that was loaded, and the Motion dock."""
    viewer, dock = ready
    dock.registration.run_panel.load(saved_registration)
    wait_until(qtbot, lambda: dock.registration.entries.verdict.text() != "")
    motion = dock.registration.show_motion()
    wait_until(qtbot, lambda: len(motion.plot.after.values) == N_FRAMES)
    return viewer, dock, motion


def test_the_empty_tab_says_the_next_step_and_why_buttons_are_grey(dock: ThunderDock, qtbot: Any) -> None:
    dock.show_tab("registration")
    tab = dock.registration
    assert tab.run_panel.status.text() == "Open a recording first."
    assert not tab.run_panel.data_button.isHidden()
    for button in (tab.run_panel.try_button, tab.run_panel.run_button, tab.run_panel.load_button):
        assert not button.isEnabled()
        assert button.toolTip() == "Open a recording first."
    assert "press Register" in tab.entries.none.text()
    assert tab.entries.use_button.toolTip() == "Register the recording first."
    click(tab.run_panel.data_button)
    wait_until(qtbot, lambda: dock.shown_tab == "data")


def test_from_a_try_to_a_verdict_by_clicks(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    dock = ready[1]
    tab = dock.registration
    click(tab.run_panel.try_button)
    wait_until(qtbot, lambda: "better" in tab.run_panel.trial.text())
    click(tab.run_panel.run_button)
    wait_until(qtbot, lambda: dock.workplace.held(MotionDock) is not None)
    wait_until(qtbot, lambda: any(word in tab.entries.verdict.text() for word in ("good", "fair", "bad")))
    assert tab.entries.reasons.text()
    assert "rigid 3-D to a robust template" in tab.entries.choice.currentText()
    assert not tab.run_panel.bar.isVisible()


def test_the_layer_shows_the_registered_movie_and_the_raw_one_again(
    judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any
) -> None:
    viewer, dock, _ = judged
    layer, entries = viewer.layers[0], dock.registration.entries
    click(entries.use_button)
    wait_until(qtbot, lambda: array_of(layer).recording.shifts is not None)
    wait_until(qtbot, lambda: entries.use_button.text() == "Use raw")
    wait_until(qtbot, lambda: dock.settled and np.isnan(np.asarray(array_of(layer).shown_values)).any())
    assert "use this registration" in entries.use_line.text()
    click(entries.use_button)
    wait_until(qtbot, lambda: array_of(layer).recording.shifts is None)
    wait_until(qtbot, lambda: dock.settled and np.isfinite(array_of(layer).shown_values).all())
    wait_until(qtbot, lambda: entries.use_button.text() == "Use registered")


def test_other_views_of_a_recording_follow_what_is_in_use(
    judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any
) -> None:
    viewer, dock, _ = judged
    key, layer = dock.desk.datasets.current.key, viewer.layers[0]
    dock.desk.views.show(key, kind="mean")
    wait_until(qtbot, lambda: dock.workplace.recording_views.shown(key).kind == "mean")
    dock.desk.registration.use()
    wait_until(qtbot, lambda: array_of(layer).recording.shifts is not None)
    dock.desk.views.show(key, kind="raw")
    wait_until(qtbot, lambda: dock.workplace.recording_views.shown(key).kind == "raw")
    assert array_of(layer).recording.shifts is not None


def test_frames_are_excluded_by_rule_by_hand_and_restored(
    judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any
) -> None:
    _, dock, motion = judged
    tab, frames = dock.registration, dock.desk.registration.frames
    outliers = tuple(outlier.frame for outlier in dock.desk.registration.outliers)
    assert 30 in outliers
    wait_until(qtbot, lambda: tab.frames.list.topLevelItemCount() == len(outliers))
    click(tab.frames.rule_button)
    wait_until(qtbot, lambda: frames.excluded == outliers and not tab.frames.rule_button.isEnabled())
    wait_until(qtbot, lambda: f"{len(outliers)} of {N_FRAMES} frames are excluded" in tab.frames.summary.text())
    click(tab.frames.undo_button)
    wait_until(qtbot, lambda: frames.excluded == () and tab.frames.rule_button.isEnabled())
    item = tab.frames.list.topLevelItem(outliers.index(30))
    tab.frames.list.scrollToItem(item)
    QTest.mouseClick(
        tab.frames.list.viewport(), Qt.MouseButton.LeftButton, pos=tab.frames.list.visualItemRect(item).center()
    )
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 30)
    wait_until(qtbot, lambda: tab.frames.chosen == (30,))
    QTest.keyClick(tab.frames.list, Qt.Key.Key_Delete)
    wait_until(qtbot, lambda: frames.excluded == (30,))
    wait_until(qtbot, lambda: motion.bar.frame.text() == "Restore frame")
    click(motion.bar.frame)
    wait_until(qtbot, lambda: frames.excluded == ())


def test_frames_excluded_by_hand_share_a_row(judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any) -> None:
    dock = judged[1]
    outliers = {outlier.frame for outlier in dock.desk.registration.outliers}
    first = next(t for t in range(N_FRAMES) if not outliers & set(range(t, t + 4)))
    dock.desk.registration.frames.exclude(range(first, first + 4))
    wait_until(qtbot, lambda: dock.registration.frames.list.topLevelItemCount() == len(outliers) + 1)
    items = [dock.registration.frames.list.topLevelItem(at) for at in range(len(outliers) + 1)]
    item = next(item for item in items if item.text(0) == f"{first}–{first + 3}")
    assert [item.text(1), item.text(2)] == ["excluded", "excluded by hand"]
    item.setSelected(True)
    assert dock.registration.frames.chosen == tuple(range(first, first + 4))
    click(dock.registration.frames.restore_button)
    wait_until(qtbot, lambda: dock.desk.registration.frames.excluded == ())


def test_a_click_in_the_motion_goes_to_the_frame_and_the_cursor_follows(
    judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any
) -> None:
    viewer, dock, motion = judged
    viewer.window._qt_window.resize(1400, 900)
    viewer.show()
    box = motion.plot.plots[0].getViewBox()
    wait_until(qtbot, lambda: box.width() > 200)
    place = motion.plot.mapFromScene(box.mapViewToScene(QPointF(10.0, 0.0)))
    QTest.mouseClick(motion.plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place.x(), place.y()))
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 20)
    dock.desk.pointer.ask(44)
    wait_until(qtbot, lambda: motion.plot.cursor_line.time == pytest.approx(22.0))
    assert "frame 44" in motion.bar.moment.text()
    assert "µm" in motion.bar.moment.text()
    motion.plot.setFocus()
    QTest.keyClick(motion.plot, Qt.Key.Key_Right)
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 45)


def test_a_stretch_is_excluded_and_restored(judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any) -> None:
    _, dock, motion = judged
    frames = dock.desk.registration.frames
    click(motion.bar.stretch)
    motion.plot.stretch.place(5.0, 10.0)
    assert motion.plot.stretch.frames == (10, 20)
    assert motion.plot.stretch.boxes[1].getRegion() == motion.plot.stretch.boxes[0].getRegion()
    click(motion.bar.exclude)
    wait_until(qtbot, lambda: frames.excluded == tuple(range(10, 20)))
    click(motion.bar.restore)
    wait_until(qtbot, lambda: frames.excluded == ())
    click(motion.bar.try_on)
    wait_until(qtbot, lambda: dock.desk.registration.trial is not None)
    assert dock.desk.registration.trial.frames == tuple(range(10, 20))


def test_the_motion_is_drawn_as_drift_jitter_or_spread_in_either_unit(
    judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any
) -> None:
    motion = judged[2]
    um = motion.plot.shifts[1].values.copy()
    motion.bar.unit.setCurrentIndex(1)
    motion.bar.unit.activated.emit(1)
    wait_until(qtbot, lambda: np.allclose(motion.plot.shifts[1].values * 2, um))
    for at, dashed in ((1, 0), (2, 0), (3, 0), (0, N_FRAMES)):
        motion.bar.what.setCurrentIndex(at)
        motion.bar.what.activated.emit(at)
        wait_until(qtbot, lambda dashed=dashed: len(motion.plot.drifts[0].values) == dashed)
    motion.bar.axes[0].click()
    wait_until(qtbot, lambda: not motion.plot.shifts[0].isVisible())


def test_the_reference_and_settings_reach_the_desk(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    dock = ready[1]
    tab, found = dock.registration, dock.desk.registration
    at = tab.reference.kind.findData(ReferenceKind.FRAMES)
    tab.reference.kind.setCurrentIndex(at)
    tab.reference.kind.activated.emit(at)
    wait_until(qtbot, lambda: not tab.reference.first.isHidden())
    tab.reference.first.setValue(4)
    tab.reference.last.setValue(9)
    assert found.reference == Reference(ReferenceKind.FRAMES, (4, 10))
    click(tab.settings.more)
    tab.settings.input("upsampling").editor.setValue(20)
    assert found.given == {"upsampling": 20}
    found.configure({})
    wait_until(qtbot, lambda: tab.settings.given()["upsampling"] == 10)


def test_what_was_set_on_the_desk_is_not_overwritten_by_a_form_that_lags(ready: tuple[Any, ThunderDock]) -> None:
    dock = ready[1]
    found = dock.desk.registration
    found.configure({"upsampling": 7})
    found.refer(Reference(ReferenceKind.FRAMES, (1, 5)))
    dock.registration._commit()
    assert found.given == {"upsampling": 7}
    assert found.reference == Reference(ReferenceKind.FRAMES, (1, 5))
    found.runs.cancel()


def test_a_wrong_file_is_said_in_the_tab(ready: tuple[Any, ThunderDock], qtbot: Any, tmp_path: Path) -> None:
    panel = ready[1].registration.run_panel
    panel.load(str(tmp_path / "gone.zarr"))
    wait_until(qtbot, lambda: "there is no such result" in panel.trouble.message)


def test_another_recording_shows_its_own_registrations(judged: tuple[Any, ThunderDock, MotionDock], qtbot: Any) -> None:
    _, dock, motion = judged
    dock.desk.datasets.add(Recording.from_array(np.random.default_rng(0).normal(0, 1, (12, 2, 20, 20)), name="other"))
    wait_until(qtbot, lambda: dock.registration.entries.choice.count() == 0)
    wait_until(qtbot, lambda: "Register the recording" in motion.hint.text())
    assert not motion.bar.unit.isEnabled()


def test_every_control_has_a_name_and_a_tooltip(judged: tuple[Any, ThunderDock, MotionDock]) -> None:
    from qtpy.QtWidgets import QAbstractButton, QComboBox

    _, dock, motion = judged
    parts = (dock.registration.run_panel, dock.registration.entries, dock.registration.frames,
             dock.registration.reference, motion.bar)  # fmt: skip
    for part in parts:
        for kind in (QAbstractButton, QComboBox):
            for control in part.findChildren(kind):
                named = control.accessibleName() or getattr(control, "text", str)()
                assert named, control
                if not isinstance(control.parent(), QLabel) and control.isVisibleTo(part):
                    assert control.toolTip(), named


def test_the_window_stays_free_while_it_registers(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    dock = ready[1]
    dock.registration.show_motion()
    with Heartbeat() as heart:
        dock.registration.register()
        wait_until(qtbot, lambda: dock.desk.registration.current is not None)
        wait_until(qtbot, lambda: dock.desk.registration.runs.running is None)
    assert heart.longest < 1.0


def test_runs_of_frames_become_spans() -> None:
    assert spans_of([5, 1, 2, 3, 9]) == [(1, 3), (5, 5), (9, 9)]
    assert spans_of([]) == []

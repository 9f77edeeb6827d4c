from __future__ import annotations

import gc
import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_thunder.models.pointer import Place
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from napari_thunder.widgets.traces.traces_dock import TracesDock
from tests.widgets.conftest import wait_until

MakeTraces = Callable[[], tuple[Any, TracesDock]]
FRAMES = 120
LEFT = Qt.MouseButton.LeftButton


def movie() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(100, 1000, (FRAMES, 3, 24, 32)).astype(np.uint16)


def recording(**known: Any) -> Recording:
    starts = np.arange(8) * 7.0 + 2
    events = pd.DataFrame(
        {"start_time": starts, "stop_time": starts + 3, "direction": [0, 90, 180, 270] * 2, "sound": ["a", "b"] * 4}
    )
    signals = pd.DataFrame({"swim": np.sin(np.arange(FRAMES)), "gain": np.arange(FRAMES) * 1.0})
    return Recording.from_array(
        movie(), name="noise", **({"frame_rate": 2.0, "events": events, "signals": signals} | known)
    )


@pytest.fixture
def shown(make_traces: MakeTraces, qtbot: Any) -> tuple[Any, TracesDock]:
    """A viewer with a recording, a region and a pinned voxel, and the dock."""
    viewer, dock = make_traces()
    dataset = dock.desk.datasets.add(recording())
    mask = np.zeros((3, 24, 32), bool)
    mask[1, 5:8, 5:9] = True
    dock.desk.regions.add(region_of_mask(mask, "tectum", "#56b4e9"))
    dock.desk.pointer.pin(Place(dataset.key, (1, 10, 12)))
    wait_until(qtbot, lambda: len(dock.plot.curves) == 2)
    return viewer, dock


def send_mouse(dock: TracesDock, kind: Any, time: float, buttons: Any = Qt.MouseButton.NoButton) -> None:
    """A real mouse event over the middle of the plot, at a time."""
    view = dock.plot.plot.getViewBox()
    low, high = view.viewRange()[1]
    place = QPointF(dock.plot.mapFromScene(view.mapViewToScene(QPointF(time, (low + high) / 2))))
    everywhere = QPointF(dock.plot.viewport().mapToGlobal(place.toPoint()))
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
    event = QMouseEvent(kind, place, everywhere, button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(dock.plot.viewport(), event)


def show_window(viewer: Any, qtbot: Any) -> None:
    viewer.window._qt_window.show()
    qtbot.wait(100)


def key_of(dock: TracesDock, kind: str) -> str:
    return next(subject.key for subject in dock.traces.subjects if subject.kind == kind)


def test_an_empty_dock_says_the_next_step(make_traces: MakeTraces, qtbot: Any) -> None:
    _, dock = make_traces()
    assert dock.hint.text() == "Open a recording under Data to see its activity here."
    assert "There is no trace yet" in dock.toolbar.export.toolTip()
    assert not dock.toolbar.export.isEnabled()
    dock.desk.datasets.add(recording())
    wait_until(qtbot, lambda: dock.hint.text().startswith("Draw an ROI, or hold Shift over the brain"))


def test_lines_are_the_traces_of_exactly_the_voxels(shown: tuple[Any, TracesDock]) -> None:
    _, dock = shown
    dock.traces.configure(measure="raw")
    QApplication.processEvents()
    QTest.qWait(100)
    np.testing.assert_array_equal(dock.plot.curves[key_of(dock, "voxel")].values, movie()[:, 1, 10, 12])
    expected = movie()[:, 1, 5:8, 5:9].reshape(FRAMES, -1).mean(axis=1)
    np.testing.assert_allclose(dock.plot.curves[key_of(dock, "region")].values, expected)
    np.testing.assert_array_equal(dock.plot.curves[key_of(dock, "region")].times, np.arange(FRAMES) / 2)


def test_hovering_adds_a_line_and_takes_it_away(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    dock.traces.configure(measure="raw")
    key = dock.desk.datasets.current.key
    dock.desk.pointer.hover(Place(key, (2, 3, 4)))
    wait_until(qtbot, lambda: "hover" in dock.plot.curves)
    np.testing.assert_array_equal(dock.plot.curves["hover"].values, movie()[:, 2, 3, 4])
    dock.desk.pointer.hover(None)
    wait_until(
        qtbot, lambda: list(dock.plot.curves) == [s.key for s in dock.traces.subjects] and dock.list.count() == 2
    )


def test_measure_and_neuropil_are_chosen_in_the_bar(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    dock.toolbar.measure.setCurrentIndex(2)
    dock.toolbar.measure.activated.emit(2)
    wait_until(qtbot, lambda: abs(float(np.std(dock.plot.curves[key_of(dock, "voxel")].values)) - 1) < 0.01)
    assert dock.plot.plot.getAxis("left").labelText == "z"
    QTest.mouseClick(dock.toolbar.neuropil, LEFT, pos=dock.toolbar.neuropil.rect().center())
    dock.toolbar.neuropil.setChecked(True)
    assert dock.traces.settings.neuropil


def test_the_cursor_follows_the_slider(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    viewer, dock = shown
    viewer.dims.set_current_step(0, 33)
    wait_until(qtbot, lambda: dock.plot.cursor_line.time == 16.5)
    assert [line.value() for line in dock.plot.cursor_line.lines] == [16.5, 16.5]
    assert dock.toolbar.moment.text() == "16.5 s · frame 33"


def test_dragging_the_cursor_moves_the_slider(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    viewer, dock = shown
    show_window(viewer, qtbot)
    viewer.dims.set_current_step(0, 20)
    wait_until(qtbot, lambda: dock.plot.cursor_line.time == 10)
    send_mouse(dock, QEvent.Type.MouseMove, 10)
    send_mouse(dock, QEvent.Type.MouseButtonPress, 10, LEFT)
    for time in (12, 20, 30, 40):
        send_mouse(dock, QEvent.Type.MouseMove, time, LEFT)
        qtbot.wait(30)
    wait_until(qtbot, lambda: abs(viewer.dims.current_step[0] - 80) <= 1)
    send_mouse(dock, QEvent.Type.MouseButtonRelease, 40)
    wait_until(qtbot, lambda: dock.desk.pointer.frame == viewer.dims.current_step[0])


def test_a_click_in_the_plot_goes_to_that_moment(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    viewer, dock = shown
    show_window(viewer, qtbot)
    viewer.dims.set_current_step(0, 5)
    qtbot.wait(50)
    send_mouse(dock, QEvent.Type.MouseButtonPress, 30, LEFT)
    send_mouse(dock, QEvent.Type.MouseButtonRelease, 30)
    wait_until(qtbot, lambda: abs(viewer.dims.current_step[0] - 60) <= 1)


def test_arrow_keys_step_frames_and_home_shows_all(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    viewer, dock = shown
    viewer.dims.set_current_step(0, 30)
    wait_until(qtbot, lambda: dock.desk.pointer.frame == 30)
    QTest.keyClick(dock.plot, Qt.Key.Key_Right)
    wait_until(qtbot, lambda: viewer.dims.current_step[0] == 31 and dock.desk.pointer.frame == 31)
    QTest.keyClick(dock.plot, Qt.Key.Key_Left)
    wait_until(qtbot, lambda: viewer.dims.current_step[0] == 30)
    dock.plot.plot.setXRange(10, 20, padding=0)
    QTest.keyClick(dock.plot, Qt.Key.Key_Home)
    assert dock.plot.plot.viewRange()[0] == [0, 60]


def test_events_are_shaded_by_condition_and_answered(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    wait_until(qtbot, lambda: dock.traces.settings.group_by == "direction")
    wait_until(qtbot, lambda: dock.plot.bands._conditions.labels == ("0°", "90°", "180°", "270°"))
    wait_until(
        qtbot, lambda: dock.traces.response() is not None and dock.panel.pages.currentWidget() is not dock.panel.hint
    )
    wait_until(qtbot, lambda: sum(line.isVisible() for line in dock.panel.response.lines) == 4)
    assert len({line.opts["pen"].color().name() for line in dock.panel.response.lines}) == 4
    np.testing.assert_allclose(dock.panel.response.lines[1].yData, dock.traces.response().mean[1])
    assert dock.panel.tuning.titleLabel.text.startswith("direction: ")
    dock.panel.group.setCurrentIndex(dock.panel.group.findData("sound"))
    dock.panel.group.activated.emit(0)
    wait_until(qtbot, lambda: dock.plot.bands._conditions.labels == ("a", "b"))
    wait_until(qtbot, lambda: sum(line.isVisible() for line in dock.panel.response.lines) == 2)


def test_without_events_the_panel_says_what_to_do(make_traces: MakeTraces, qtbot: Any) -> None:
    _, dock = make_traces()
    dataset = dock.desk.datasets.add(recording(events=None))
    dock.desk.pointer.pin(Place(dataset.key, (1, 10, 12)))
    wait_until(qtbot, lambda: dock.panel.hint.text().startswith("Attach events under Data"))
    assert not dock.panel.group.isEnabled()


def test_without_frame_times_the_axis_counts_frames(make_traces: MakeTraces, qtbot: Any) -> None:
    _, dock = make_traces()
    dataset = dock.desk.datasets.add(recording(frame_rate=None, events=None))
    dock.desk.pointer.pin(Place(dataset.key, (1, 10, 12)))
    wait_until(qtbot, lambda: len(dock.plot.curves) == 1)
    assert dock.plot.signal_plots["swim"].getAxis("bottom").labelText == "frame"
    assert dock.plot.plot.viewRange()[0] == [0, FRAMES]
    assert "frame rate" not in dock.toolbar.signals.toolTip()


def test_behaviour_is_drawn_below_on_the_same_time(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    assert list(dock.plot.signal_plots) == ["swim"]
    gain = next(action for action in dock.toolbar.signals.menu().actions() if action.text() == "gain")
    gain.trigger()
    assert list(dock.plot.signal_plots) == ["swim", "gain"]
    dock.plot.plot.setXRange(10, 20, padding=0)
    for row in dock.plot.signal_plots.values():
        np.testing.assert_allclose(row.viewRange()[0], [10, 20], atol=1e-6)
    np.testing.assert_array_equal(dock.plot.signal_plots["gain"].curve.values, np.arange(FRAMES))
    for action in dock.toolbar.signals.menu().actions():
        action.trigger()
    assert not dock.plot.signal_plots


def test_a_row_selects_unpins_and_hides(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    region, voxel = key_of(dock, "region"), key_of(dock, "voxel")
    wait_until(qtbot, lambda: dock.list.count() == 2)
    dock.list.setCurrentRow(0)
    wait_until(qtbot, lambda: dock.traces.selection == region)
    wait_until(qtbot, lambda: dock.plot.curves[region].zValue() > dock.plot.curves[voxel].zValue())
    dock.list.menu_for(voxel).actions()[0].trigger()
    wait_until(qtbot, lambda: list(dock.plot.curves) == [region])
    QTest.keyClick(dock.list, Qt.Key.Key_Delete)
    wait_until(qtbot, lambda: not dock.plot.curves)
    assert not next(iter(dock.desk.regions)).visible


def test_lines_differ_in_more_than_colour(shown: tuple[Any, TracesDock]) -> None:
    _, dock = shown
    assert len({curve.mark for curve in dock.plot.curves.values()}) == 2


def test_stacked_lines_do_not_overlap(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    dock.toggle_stack()
    spans = [(c.span[0] + c.offset, c.span[1] + c.offset) for c in dock.plot.curves.values()]
    assert spans[0][0] >= spans[1][1]
    assert dock.plot.plot.viewRange()[1][1] >= spans[0][1]
    dock.toggle_stack()
    assert all(curve.offset == 0 for curve in dock.plot.curves.values())


def test_the_plot_follows_the_theme(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    viewer, dock = shown
    show_window(viewer, qtbot)
    viewer.theme = "light"
    wait_until(qtbot, lambda: dock.plot.backgroundBrush().color().lightness() > 180)
    assert dock.plot.plot.getAxis("bottom").textPen().color().lightness() < 80
    viewer.theme = "dark"
    wait_until(qtbot, lambda: dock.plot.backgroundBrush().color().lightness() < 80)


def test_pictures_and_numbers_hold_what_is_shown(shown: tuple[Any, TracesDock], qtbot: Any, tmp_path: Path) -> None:
    viewer, dock = shown
    show_window(viewer, qtbot)
    dock.export("traces", tmp_path / "traces.svg")
    dock.export("traces", tmp_path / "traces.png")
    dock.export("csv", tmp_path / "traces.csv")
    wait_until(qtbot, lambda: len(list(tmp_path.glob("traces.*"))) == 3)
    table = pd.read_csv(tmp_path / "traces.csv", comment="#")
    np.testing.assert_allclose(table["tectum"], dock.plot.curves[key_of(dock, "region")].values)
    svg = (tmp_path / "traces.svg").read_text()
    longest = max(len(points.split()) for points in re.findall(r"(?:d|points)=\"([^\"]*)\"", svg))
    assert longest >= FRAMES
    for curve in dock.plot.curves.values():
        assert curve.look[0] in svg
    assert "time (s)" in svg
    from qtpy.QtGui import QImage

    image = QImage(str(tmp_path / "traces.png"))
    assert image.width() == 2 * dock.plot.viewport().width()
    assert sorted(path.name for path in tmp_path.glob("traces*")) == ["traces.csv", "traces.png", "traces.svg"]


def test_a_picture_that_cannot_be_saved_is_said(shown: tuple[Any, TracesDock], qtbot: Any, tmp_path: Path) -> None:
    _, dock = shown
    dock.export("traces", tmp_path / "nowhere" / "traces.png")
    wait_until(qtbot, lambda: "nowhere" in dock.trouble.label.message)
    assert not dock.trouble.isHidden()


def test_numbers_are_copied_with_tabs_between(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    QApplication.clipboard().setText("")
    dock.copy("numbers")
    wait_until(qtbot, lambda: QApplication.clipboard().text().startswith("time\ttectum\t"))
    assert len(QApplication.clipboard().text().splitlines()) == FRAMES + 1
    dock.copy("traces")
    assert QApplication.clipboard().mimeData().hasImage()


def test_state_comes_back(shown: tuple[Any, TracesDock]) -> None:
    _, dock = shown
    dock.toggle_stack()
    dock.toolbar.signals_chosen.emit(["gain"])
    kept = dock.state()
    dock.restore({"stacked": False, "signals": [], "sizes": "nonsense"})
    assert not dock.plot.signal_plots
    dock.restore(kept)
    assert dock.toolbar.stack.isChecked()
    assert list(dock.plot.signal_plots) == ["gain"]


def test_the_dock_leaves_nothing_behind(make_traces: MakeTraces, qtbot: Any) -> None:
    viewer, parts = _used_dock(make_traces, qtbot)
    viewer.window.remove_dock_widget(parts[0]())
    parts[0]().deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    wait_until(qtbot, lambda: gc.collect() >= 0 and [part() for part in parts] == [None, None, None])


def _used_dock(make_traces: MakeTraces, qtbot: Any) -> tuple[Any, list[Any]]:
    viewer, dock = make_traces()
    dataset = dock.desk.datasets.add(recording())
    wait_until(qtbot, lambda: dock.workplace.settled and len(viewer.layers) == 1)
    dock.desk.pointer.hover(Place(dataset.key, (2, 3, 4)))
    wait_until(qtbot, lambda: len(dock.plot.curves) == 1)
    return viewer, [weakref.ref(dock), weakref.ref(dock.desk), weakref.ref(dock.plot)]


def test_neuropil_factor_and_baselines_are_set_from_the_toolbar(shown: tuple[Any, TracesDock], qtbot: Any) -> None:
    _, dock = shown
    dock.toolbar.settings.click()
    fine, traces = dock.toolbar.fine, dock.traces
    assert fine.isVisible()
    percentile = fine.form.input("baseline_percentile").editor
    percentile.setFocus()
    percentile.selectAll()
    QTest.keyClicks(percentile, "50")
    QTest.keyClick(percentile, Qt.Key.Key_Return)
    assert traces.settings.baseline_percentile == 50
    assert fine.isVisible()
    region = next(subject for subject in traces.subjects if subject.kind == "region")
    wait_until(qtbot, lambda: traces.get(region.key) is not None)
    raw = movie()[:, 1, 5:8, 5:9].astype(float).mean((1, 2))
    baseline = np.percentile(raw, 50)
    np.testing.assert_allclose(traces.get(region.key).values, (raw - baseline) / baseline)
    factor = fine.form.input("neuropil_factor").editor
    factor.selectAll()
    QTest.keyClicks(factor, "0.3")
    QTest.keyClick(fine, Qt.Key.Key_Escape)
    assert not fine.isVisible()
    assert traces.settings.neuropil_factor == 0.3
    wait_until(qtbot, lambda: "times 0.3" in dock.toolbar.neuropil.toolTip())
    fine.defaults.click()
    assert (traces.settings.neuropil_factor, traces.settings.baseline_percentile) == (0.7, 20)

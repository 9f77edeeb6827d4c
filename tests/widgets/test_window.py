from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QEvent, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox

from napari_thunder import DirectionTuning, SummaryImages, run
from napari_thunder.display import layer_for_direction
from napari_thunder.recording import open as open_recording
from napari_thunder.regions import region_of_mask
from napari_thunder.widgets.analyze.analyze_tab import AnalyzeTab
from napari_thunder.widgets.canvas.streaming import array_of
from napari_thunder.widgets.thunder_dock import ThunderDock
from napari_thunder.widgets.workplace import Workplace
from tests.widgets.conftest import Heartbeat, look_at_every_tab, slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


def type_into(field: Any, text: str) -> None:
    (field.lineEdit() if isinstance(field, QComboBox) else field).selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def click(button: Any) -> None:
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_from_a_path_to_a_direction_map(make_dock: MakeDock, qtbot: Any, fish_folder: Path, fish_events: Path) -> None:
    viewer, dock = make_dock()
    type_into(dock.data.recording.path, str(fish_folder / "series"))
    wait_until(qtbot, lambda: dock.desk.datasets.current is not None)
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    facts = dock.data.recording.facts
    type_into(facts.rate, "1")
    wait_until(qtbot, lambda: dock.desk.datasets.current.recording.frame_rate == 1)
    facts.given.emit({"events": str(fish_events)})
    wait_until(qtbot, lambda: dock.desk.datasets.current.recording.events is not None)
    wait_until(qtbot, lambda: dock.analyze.run_panel.run_button.isEnabled())
    dock.analyze.analysis.choose("direction_tuning")
    click(dock.analyze.run_panel.run_button)
    wait_until(qtbot, lambda: any(r.finished for r in dock.desk.results) and dock.settled, timeout=30_000)

    recording = open_recording(fish_folder / "series", frame_rate=1.0, events=fish_events)
    expected = layer_for_direction(run(DirectionTuning(), recording))
    shown = viewer.layers[-1]
    wait_until(qtbot, lambda: np.array_equal(shown.data, expected.data))
    assert shown.rgb
    assert "done in" in dock.analyze.jobs.row(dock.desk.jobs.runs[-1]).status.text()


def test_the_map_fills_in_while_it_is_computed(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    recording, _ = slow_recording(0.8)
    dock.desk.datasets.add(recording)
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    dock.analyze.analysis.choose("summary_images")
    dock.run()
    wait_until(qtbot, lambda: len(viewer.layers) == 2, timeout=10_000)
    layer, filled = viewer.layers[-1], []
    while not any(r.finished for r in dock.desk.results):
        filled.append(float(np.isfinite(layer.data).mean()))
        qtbot.wait(20)
    wait_until(qtbot, lambda: bool(np.isfinite(layer.data).all()))
    assert any(0 < f < 1 for f in filled), filled
    assert viewer.layers[-1] is layer
    np.testing.assert_allclose(layer.data, 29.5)


def test_the_threshold_acts_at_once_and_computes_nothing(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    recording, source = slow_recording()
    dock.desk.datasets.add(recording)
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    dock.analyze.analysis.choose("direction_tuning")
    dock.run()
    wait_until(qtbot, lambda: any(r.finished for r in dock.desk.results) and dock.settled, timeout=20_000)
    overlay = dock.desk.pictures.spec(dock.results.panel.current.key).thunder["overlay"]
    top = overlay.span[1]
    source.hangs.set()
    dock.results.panel.look.threshold.setValue(top)
    expected = overlay.rgba(dock.results.panel.look.threshold.value())
    wait_until(qtbot, lambda: np.array_equal(viewer.layers[-1].data, expected), timeout=1000)
    source.release.set()


def test_scrubbing_never_makes_the_window_wait(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    recording, _ = slow_recording(0.5)
    dock.desk.datasets.add(recording)
    wait_until(qtbot, lambda: len(viewer.layers) == 1 and viewer.layers[0].visible)
    qtbot.wait(200)
    with Heartbeat() as heart:
        for t in range(5, 45):
            viewer.dims.set_current_step(0, t)
            qtbot.wait(10)
        array = array_of(viewer.layers[0])
        wait_until(qtbot, lambda: array.shown_frame == 44 and not array.loading, timeout=5000)
    assert heart.longest < 0.25
    wait_until(qtbot, lambda: float(viewer.layers[0]._slice.image.raw.max()) == 44)


def test_the_window_closes_at_once_while_reads_hang(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    recording, source = slow_recording()
    dock.desk.datasets.add(recording)
    wait_until(qtbot, lambda: not dock.desk.why_not_run() and len(viewer.layers) == 1)
    source.hangs.set()
    dock.analyze.analysis.choose("summary_images")
    dock.run()
    viewer.dims.set_current_step(0, 3)
    qtbot.wait(100)
    start = time.monotonic()
    viewer.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert time.monotonic() - start < 8
    source.release.set()


def test_the_dock_leaves_nothing_behind(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, parts = _used_dock(make_dock, qtbot)
    viewer.window.remove_dock_widget(parts[0]())
    parts[0]().deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(viewer.layers) == 1
    wait_until(qtbot, lambda: gc.collect() >= 0 and [part() for part in parts] == [None, None])


def _used_dock(make_dock: MakeDock, qtbot: Any) -> tuple[Any, list[Any]]:
    viewer, dock = make_dock()
    look_at_every_tab(dock)
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) == 1)
    return viewer, [weakref.ref(dock), weakref.ref(dock.desk)]


def test_a_tab_that_is_looked_at_late_shows_what_is_on_the_desk(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    recording, desk = slow_recording()[0], dock.desk
    desk.datasets.add(recording)
    desk.results.add("mean", run(SummaryImages(), recording))
    desk.regions.add(region_of_mask(np.ones(recording.shape[1:], bool), "all", "#56b4e9"))
    wait_until(qtbot, lambda: dock.settled and len(viewer.layers) > 1)
    assert Workplace.of(viewer).held(AnalyzeTab) is None
    assert dock.analyze.run_panel.run_button.isEnabled()
    assert dock.results.panel.model.rowCount() == 1
    assert dock.results.panel.current is not None
    assert dock.rois.regions.table.rowCount() == 1
    assert dock.registration.run_panel.run_button.isEnabled()
    assert dock.prepare.source.recording.currentText() == desk.datasets.current.name


def test_removing_a_layer_takes_it_off_the_desk(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    viewer.layers.clear()
    wait_until(qtbot, lambda: len(dock.desk.datasets) == 0)
    wait_until(qtbot, lambda: not dock.analyze.run_panel.run_button.isEnabled())
    assert dock.analyze.run_panel.run_button.toolTip() == "Open a recording first."


def test_a_run_that_cannot_be_done_says_why(dock: ThunderDock, qtbot: Any) -> None:
    dock.desk.datasets.add(slow_recording()[0].with_known(events=None))
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    dock.analyze.analysis.choose("direction_tuning")
    dock.run()
    wait_until(qtbot, lambda: "needs events" in dock.analyze.trouble_message)
    assert len(dock.desk.results) == 0


def test_cancel_stops_a_run_and_takes_its_half_map_away(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording(0.5)[0])
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    dock.analyze.analysis.choose("summary_images")
    dock.run()
    wait_until(qtbot, lambda: len(viewer.layers) == 2, timeout=10_000)
    click(dock.analyze.jobs.row(dock.desk.jobs.running).cancel_button)
    wait_until(qtbot, lambda: len(viewer.layers) == 1)
    assert "cancelled" in dock.analyze.jobs.row(dock.desk.jobs.runs[-1]).status.text()


def test_every_analysis_has_a_form_that_gives_its_defaults(dock: ThunderDock) -> None:
    from napari_thunder.analysis.registry import analyses, make_analysis, make_step, steps
    from napari_thunder.parameters import values

    for name, cls in analyses().items():
        dock.analyze.analysis.choose(name)
        assert values(make_analysis(name, dock.analyze.analysis.given())) == values(cls())
    for name in steps():
        row = dock.analyze.analysis.chain.add(name)
        assert values(make_step(name, row.form.given())) == values(steps()[name]())

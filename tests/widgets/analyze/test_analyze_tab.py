"""The Analyze tab as a person uses it: search, fill in, preview, run, queue, cancel, go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_thunder.analysis.registry import analyses
from napari_thunder.engine.job import JobState
from napari_thunder.recording import Recording
from napari_thunder.regions import region_of_mask
from napari_thunder.widgets.analyze.analyze_tab import AnalyzeTab
from napari_thunder.widgets.analyze.docs_dialog import DocsDialog
from napari_thunder.widgets.analyze.inputs import NamesInput
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import Heartbeat, slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


def click(button: Any) -> None:
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def ready(make_dock: MakeDock, qtbot: Any) -> tuple[Any, ThunderDock]:
    viewer, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    dock.show_tab("analyze")
    wait_until(qtbot, lambda: not dock.desk.why_not_run() and dock.analyze.run_panel.run_button.isEnabled())
    return viewer, dock


def test_an_analysis_is_chosen_by_typing_arrows_and_enter(dock: ThunderDock) -> None:
    finder = dock.analyze.analysis.finder
    dock.analyze.focus_search()
    QTest.keyClicks(finder.search, "svd decomposition")
    assert finder.shown() == ("pca",)
    QTest.keyClick(finder.search, Qt.Key.Key_Return)
    assert dock.desk.draft.analysis == "pca"
    assert finder.search.text() == ""
    QTest.keyClick(finder.search, Qt.Key.Key_Down)
    assert dock.desk.draft.analysis == finder.shown()[finder.shown().index("pca") + 1]
    assert dock.analyze.analysis.summary.text() == analyses()[dock.desk.draft.analysis].summary


def test_two_docks_of_a_viewer_stay_in_step(make_dock: MakeDock, qtbot: Any) -> None:
    viewer, dock = make_dock()
    other = AnalyzeTab(viewer)
    qtbot.addWidget(other)
    dock.analyze.analysis.choose("pca")
    dock.analyze.analysis.form.input("n_components").editor.setValue(7)
    dock.analyze.analysis.chain.add("delta_f_over_f")
    wait_until(qtbot, lambda: other.analysis.given() == {"n_components": 7, "standardize": False})
    wait_until(qtbot, lambda: [row.name for row in other.analysis.chain.rows()] == ["delta_f_over_f"])
    other.analysis.chain.rows()[0].on.click()
    wait_until(qtbot, lambda: not dock.analyze.analysis.chain.rows()[0].on.isChecked())
    assert dock.desk.draft.chain == ()


def test_what_was_run_before_is_taken_over_to_be_changed(dock: ThunderDock, qtbot: Any) -> None:
    dock.desk.draft.take("event_average", {"by": ["direction"], "before": 3.0}, [("detrend", {"order": 2})])
    panel = dock.analyze.analysis
    wait_until(qtbot, lambda: panel.finder.name == "event_average" and panel.given()["before"] == 3.0)
    assert panel.chain.rows()[0].form.given()["order"] == 2


def test_steps_are_moved_edited_and_taken_out(dock: ThunderDock) -> None:
    chain, draft = dock.analyze.analysis.chain, dock.desk.draft
    chain.add("detrend")
    row = chain.add("delta_f_over_f")
    row.form.input("percentile").editor.setValue(8)
    click(row.up)
    assert [(link.name, dict(link.parameters)) for link in draft.links] == [
        ("delta_f_over_f", {"percentile": 8.0}),
        ("detrend", {}),
    ]
    assert row.head.text() == "1. ΔF/F (percentile 8)"
    chain.remove(row)
    assert [link.name for link in draft.links] == ["detrend"]


def test_wrong_values_are_marked_with_the_reason_and_reset(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    dock = ready[1]
    panel = dock.analyze.analysis
    dock.desk.draft.take("regression", {"signals": ["tail"], "events_by": ["colour"]})
    wait_until(qtbot, lambda: len(panel.form.marked) == 2)
    assert panel.form.marked["events_by"] == "⚠ This recording has no event column 'colour'."
    click(panel.reset_button)
    assert panel.form.marked == {}
    assert dock.desk.draft.parameters == {}


def test_limits_and_units_are_said_where_a_number_is_given(dock: ThunderDock) -> None:
    row = dock.analyze.analysis.chain.add("delta_f_over_f")
    percentile = row.form.input("percentile")
    assert percentile.field.label == "Percentile (%)"
    assert "0 to 100 %" in percentile.toolTip()
    percentile.editor.setValue(400)
    assert percentile.value() == 100


def test_a_preview_comes_first_and_the_full_map_replaces_it(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    viewer, dock = ready
    tab = dock.analyze
    QTest.keyClick(tab, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    wait_until(qtbot, lambda: [entry.preview for entry in dock.desk.results] == [True] and dock.settled)
    assert "(preview)" in viewer.layers[-1].name
    looked = tab.jobs.row(dock.desk.jobs.runs[0])
    wait_until(qtbot, lambda: "2 304 of 2 304 voxels" in looked.status.text())
    QTest.keyClick(tab, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(qtbot, lambda: [entry.preview for entry in dock.desk.results] == [False] and dock.settled)
    wait_until(qtbot, lambda: len(viewer.layers) == 2 and "(preview)" not in viewer.layers[-1].name)
    row = tab.jobs.row(dock.desk.jobs.runs[1])
    wait_until(qtbot, lambda: "done in" in row.status.text())
    wait_until(qtbot, lambda: not looked.show_button.isEnabled())
    click(row.show_button)
    wait_until(qtbot, lambda: dock.shown_tab == "results")


def test_the_queue_shows_what_waits_and_is_cancelled_one_by_one_or_at_once(make_dock: MakeDock, qtbot: Any) -> None:
    _, dock = make_dock()
    dock.desk.datasets.add(slow_recording(1.5)[0])
    dock.show_tab("analyze")
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    runs = [dock.desk.run_draft() for _ in range(3)]
    jobs = dock.analyze.jobs
    wait_until(qtbot, lambda: all(jobs.row(run) for run in runs) and "%" in jobs.row(runs[0]).status.text())
    assert [jobs.row(run).status.text() for run in runs[1:]] == ["waits", "waits"]
    click(jobs.row(runs[1]).cancel_button)
    wait_until(qtbot, lambda: jobs.row(runs[1]).status.text() == "cancelled")
    QTest.keyClick(dock.analyze, Qt.Key.Key_Escape)
    wait_until(qtbot, lambda: jobs.row(runs[0]).status.text() == "cancelled")
    wait_until(qtbot, lambda: runs[2].job.state is JobState.RUNNING)
    click(jobs.cancel_all_button)
    wait_until(qtbot, lambda: all(run.ended for run in runs))
    wait_until(qtbot, lambda: jobs.clear_button.isEnabled())
    click(jobs.clear_button)
    wait_until(qtbot, lambda: dock.desk.jobs.runs == () and jobs.row(runs[0]) is None)
    wait_until(qtbot, lambda: len(dock.desk.results) == 0)


def test_what_is_missing_leads_to_the_data_tab_in_the_windows_words(make_dock: MakeDock, qtbot: Any) -> None:
    _, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0].with_known(events=None))
    dock.show_tab("analyze")
    wait_until(qtbot, lambda: not dock.desk.why_not_run())
    dock.analyze.analysis.choose("direction_tuning")
    dock.run()
    wait_until(qtbot, lambda: "needs events" in dock.analyze.trouble_message)
    rows = dock.analyze.jobs
    wait_until(qtbot, lambda: (row := rows.row(dock.desk.jobs.runs[0])) is not None and row.trouble is not None)
    row = rows.row(dock.desk.jobs.runs[0])
    assert "Give “Events”, a CSV" in row.trouble.message
    click(row.data_button)
    wait_until(qtbot, lambda: dock.shown_tab == "data")


def test_a_region_is_chosen_to_compute_in(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = ready
    mask = np.zeros((3, 24, 32), bool)
    mask[:, 5:9, 6:12] = True
    region = dock.desk.regions.add(region_of_mask(mask, "tectum", "#56b4e9"))
    place = dock.analyze.target.place
    wait_until(qtbot, lambda: place.findText("tectum") > 0)
    place.setCurrentIndex(place.findText("tectum"))
    place.activated.emit(place.currentIndex())
    assert dock.desk.draft.region == region.key
    dock.run()
    wait_until(qtbot, lambda: any(entry.finished for entry in dock.desk.results))
    (entry,) = dock.desk.results
    np.testing.assert_array_equal(np.isfinite(entry.dataset["mean"].values), mask)
    assert entry.name.endswith("in tectum")


def test_one_press_runs_on_all_recordings(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    _, dock = ready
    dock.desk.datasets.add(Recording.from_array(np.random.default_rng(0).random((20, 2, 5, 5)), name="other"))
    wait_until(
        qtbot,
        lambda: (
            dock.analyze.target.recording.findText("other") >= 0 and not dock.analyze.run_panel.more_button.isHidden()
        ),
    )
    assert dock.analyze.target.recording.currentText() == "other"
    dock.analyze.run_on_all()
    wait_until(qtbot, lambda: sum(entry.finished for entry in dock.desk.results) == 2)
    assert {entry.name.partition(" ")[0] for entry in dock.desk.results} == {"slow", "other"}


def test_what_is_still_being_typed_counts_when_run_is_pressed(ready: tuple[Any, ThunderDock]) -> None:
    _, dock = ready
    dock.analyze.analysis.choose("pca")
    spin = dock.analyze.analysis.form.input("n_components").editor
    spin.lineEdit().setText("2")
    dock.run()
    assert dock.desk.jobs.runs[0].request.analysis.n_components == 2


def test_the_docs_are_there_without_a_network(dock: ThunderDock, qtbot: Any) -> None:
    dock.analyze.analysis.choose("regression")
    click(dock.analyze.analysis.docs_button)
    dialog = next(w for w in dock.analyze.analysis.children() if isinstance(w, DocsDialog))
    assert "Linear regression" in dialog.text.toPlainText()
    dialog.close()


def test_events_together_are_ticked_as_such(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    dock = ready[1]
    dock.desk.draft.take("regression", {"events_by": ()})
    panel = dock.analyze.analysis
    wait_until(qtbot, lambda: panel.name == "regression" and "events_by" in panel.given())
    names = panel.form.input("events_by")
    assert isinstance(names, NamesInput)
    assert names.value() == ()
    names.show_value(None)
    assert names.value() is None


def test_choosing_and_editing_never_makes_the_window_wait(ready: tuple[Any, ThunderDock], qtbot: Any) -> None:
    dock = ready[1]
    names = dock.analyze.analysis.finder.shown()
    with Heartbeat() as heart:
        for name in names * 2:
            dock.analyze.analysis.choose(name)
            qtbot.wait(10)
    assert heart.longest < 0.25

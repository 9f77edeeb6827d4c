"""Under Analyze: a model of one's own, maps of a result, regions, and what to know before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDialogButtonBox

from napari_thunder.regions import region_of_mask
from napari_thunder.widgets.analyze.maps_dialog import MapsDialog
from napari_thunder.widgets.analyze.regions_dialog import RegionsDialog
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import slow_recording, wait_until


def click(button: Any) -> None:
    assert button.isEnabled(), button.toolTip()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture
def dock(make_dock: Any, qtbot: Any) -> ThunderDock:
    _, dock = make_dock()
    dock.desk.datasets.add(slow_recording()[0])
    dock.show_tab("analyze")
    wait_until(qtbot, lambda: not dock.desk.why_not_run() and dock.analyze.run_panel.run_button.isEnabled())
    return dock


def finished(dock: ThunderDock, qtbot: Any) -> Any:
    wait_until(qtbot, lambda: any(entry.finished for entry in dock.desk.results) and dock.settled)
    return next(entry for entry in dock.desk.results if entry.finished)


def test_families_are_listed_in_order_and_headings_cannot_be_chosen(dock: ThunderDock) -> None:
    tree = dock.analyze.analysis.finder.tree
    families = [tree.topLevelItem(i).text(0) for i in range(tree.topLevelItemCount())]
    assert families[:3] == ["Summary", "Events", "Tuning"]
    assert families[-1] == "Own models"
    assert not tree.topLevelItem(0).flags() & Qt.ItemFlag.ItemIsSelectable
    dock.analyze.analysis.finder.search.setText("python")
    assert dock.analyze.analysis.finder.shown() == ("own_model",)
    assert [tree.topLevelItem(i).text(0) for i in range(len(families)) if not tree.topLevelItem(i).isHidden()] == [
        "Own models"
    ]


def test_a_file_of_a_model_becomes_a_form_and_its_mistakes_are_shown(
    dock: ThunderDock, qtbot: Any, tmp_path: Path
) -> None:
    panel, models = dock.analyze.analysis, dock.desk.own_models
    panel.choose("own_model")
    wait_until(qtbot, lambda: not panel.model.isHidden() and not dock.analyze.run_panel.run_button.isEnabled())
    assert "Save the example" in panel.model.file.text()
    file = tmp_path / "model.py"
    file.write_text("def f(block, lag: int = 3):\n    return {'m': block[lag]}\n")
    models.choose(str(file))
    wait_until(qtbot, lambda: panel.given() == {"lag": 3})
    panel.form.input("lag").editor.setValue(5)
    assert dock.desk.draft.parameters == {"lag": 5}
    file.write_text("def f(block, lag: int = 3):\n    return {'m': block[lag}\n")
    models.look()
    wait_until(qtbot, lambda: "model.py:2: not valid Python" in panel.model.trouble.message)
    assert panel.given() == {}
    assert not dock.analyze.run_panel.run_button.isEnabled()
    file.write_text("def f(block, lag: int = 3):\n    return {'m': block[lag] / missing}\n")
    models.look()
    wait_until(qtbot, lambda: panel.given() == {"lag": 5})
    dock.analyze.run()
    run = dock.desk.jobs.runs[-1]
    wait_until(qtbot, lambda: run.trouble is not None)
    row = dock.analyze.jobs.row(run)
    wait_until(qtbot, lambda: row.trouble is not None)
    assert row.trouble.message.startswith(f"⚠ {file}:2: NameError: name 'missing' is not defined\n    return")
    assert "Traceback" not in row.trouble.message
    assert "Traceback" in run.trouble.details


def test_the_example_is_saved_and_runs_as_it_is(dock: ThunderDock, qtbot: Any, tmp_path: Path) -> None:
    panel = dock.analyze.analysis
    panel.choose("own_model")
    panel.model._write_example(str(tmp_path / "mine.py"))
    wait_until(qtbot, lambda: panel.given() == {"lag": 0.0, "baseline": "median"})
    panel.model._write_example(str(tmp_path / "no folder" / "mine.py"))
    assert "cannot be written: No such file" in panel.model.trouble.message


def test_maps_of_a_result_are_chosen_for_the_input(dock: ThunderDock, qtbot: Any) -> None:
    target = dock.analyze.target
    combo = target.recording
    assert combo.itemText(combo.count() - 1) == "maps of a result…"
    assert not combo.model().item(combo.count() - 1).isEnabled()
    dock.analyze.run()
    entry = finished(dock, qtbot)
    wait_until(qtbot, lambda: combo.model().item(combo.count() - 1).isEnabled())
    dialog = MapsDialog(dock.desk.draft, dock.desk.results, dock)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    assert ok.toolTip() == "Tick one map or more."
    dialog.maps.tick_all(True)
    click(ok)
    assert dock.desk.draft.maps is not None
    assert dock.desk.draft.maps.result == entry.key
    wait_until(qtbot, lambda: combo.currentText().startswith(f"maps of {entry.name}: mean"))
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    assert dock.desk.draft.maps is None


def test_regions_are_asked_for_only_where_they_are_needed(dock: ThunderDock, qtbot: Any) -> None:
    target, panel = dock.analyze.target, dock.analyze.analysis
    assert target.asked.isHidden()
    panel.choose("correlation_matrix")
    wait_until(qtbot, lambda: not target.asked.isHidden())
    assert target.asked.text() == "none drawn yet: go to ROIs"
    wanted: list[str] = []
    dock.desk.attend.connect(wanted.append)
    click(target.asked)
    assert wanted == ["rois"]
    volume = dock.desk.datasets.current.recording.shape[1:]
    for i in range(3):
        mask = np.zeros(volume, bool)
        mask[0, i] = True
        dock.desk.regions.add(region_of_mask(mask, f"region {i}", "#ff0000"))
    wait_until(qtbot, lambda: target.asked.text() == "all 3 drawn (choose…)")
    dialog = RegionsDialog(dock.desk.draft, dock.desk.regions, dock)
    dialog.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    click(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok))
    wait_until(qtbot, lambda: target.asked.text() == "2 of 3 drawn (choose…)")


def test_what_makes_numbers_doubtful_is_said_before_and_beside_the_result(dock: ThunderDock, qtbot: Any) -> None:
    panel = dock.analyze.analysis
    panel.choose("regression")
    wait_until(qtbot, lambda: "p counts frames as independent" in dock.analyze.run_panel.cautions.texts)
    panel.choose("summary_images")
    wait_until(qtbot, dock.analyze.run_panel.cautions.isHidden)
    dock.analyze.run()
    entry = finished(dock, qtbot)
    warned = entry.dataset.assign_attrs(warnings=["These numbers are made up."])
    dock.desk.results.update(entry.key, warned, finished=True)
    dock.show_tab("results")
    wait_until(qtbot, lambda: dock.results.panel.warnings.texts == "⚠ These numbers are made up.")
    assert not dock.results.panel.warnings.isHidden()

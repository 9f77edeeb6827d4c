"""Tabs opened by themselves from napari's menu, without the Thunder dock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_thunder.models import Desk
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.models.data.history import History
from napari_thunder.widgets.analyze.analyze_tab import AnalyzeTab
from napari_thunder.widgets.data.data_tab import DataTab
from napari_thunder.widgets.workplace import Workplace
from tests.widgets.conftest import slow_recording, wait_until


def test_a_tab_alone_connects_runs_and_leads_to_what_is_missing(
    make_napari_viewer: Any, qtbot: Any, tmp_path: Path
) -> None:
    viewer = make_napari_viewer(show=True)
    workplace = Workplace.of(viewer, Desk(), History(tmp_path / "history.json"))
    tab = AnalyzeTab(viewer)
    viewer.window.add_dock_widget(tab, name="Analyze")
    wait_until(qtbot, lambda: workplace.desk.connection.state is ConnectionState.CONNECTED)
    wait_until(qtbot, tab.run_panel.data_button.isVisible)
    assert workplace.held(DataTab) is None
    tab.run_panel.data_button.click()
    wait_until(qtbot, lambda: workplace.held(DataTab) is not None)
    workplace.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: tab.run_panel.run_button.isEnabled() and not tab.run_panel.data_button.isVisible())
    tab.run()
    wait_until(qtbot, lambda: any(entry.finished for entry in workplace.desk.results))


def test_jobs_are_listed_without_scrolling_while_they_are_few(make_napari_viewer: Any, qtbot: Any) -> None:
    viewer = make_napari_viewer(show=True)
    tab = AnalyzeTab(viewer)
    viewer.window.add_dock_widget(tab, name="Analyze")
    tab.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: not tab.desk.why_not_run())
    for _ in range(2):
        tab.run()
    wait_until(qtbot, lambda: len(tab.jobs._rows) == 2 and not tab.desk.jobs.busy)
    wait_until(qtbot, lambda: tab.jobs._list_area.verticalScrollBar().maximum() == 0)

"""The Data tab: recordings, their tables, the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLineEdit

import napari_thunder as nt
from napari_thunder.engine import CacheUse, EngineFacts
from napari_thunder.errors import EngineError
from napari_thunder.models import Desk
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.registration import Shifts
from napari_thunder.widgets.thunder_dock import ThunderDock
from tests.widgets.conftest import Heartbeat, slow_recording, wait_until

MakeDock = Callable[..., tuple[Any, ThunderDock]]


def type_into(field: Any, text: str) -> None:
    (field.lineEdit() if isinstance(field, QComboBox) else field).selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def with_recording(dock: ThunderDock, qtbot: Any) -> None:
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: "60 frames" in dock.data.recording.facts._size.text())


class Cluster:
    """An engine that can be lost."""

    name = "sc://far:1"
    there = True

    def facts(self) -> EngineFacts:
        return EngineFacts(self.name, 8, 10**9, {"python": "3.11"}, "2 computers")

    def check(self) -> None:
        if not self.there:
            raise EngineError("sc://far:1: the server does not answer.")

    def cache_use(self) -> CacheUse:
        return CacheUse(250_000_000, 1_000_000_000)

    def close(self) -> None:
        pass


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def far(make_dock: MakeDock, cluster: Cluster, qtbot: Any) -> ThunderDock:
    """A dock connected to a cluster."""
    _, dock = make_dock(desk=Desk(connect=lambda name, job: cluster), engine="sc://far:1")
    wait_until(qtbot, lambda: dock.data.engine.button.text() == "Disconnect")
    return dock


def test_a_path_that_is_not_there_is_said_in_the_dock(dock: ThunderDock, qtbot: Any) -> None:
    type_into(dock.data.recording.path, "/no/such/movie.tif")
    wait_until(qtbot, lambda: "there is no such file or folder" in dock.data.recording.trouble.message)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("rate", "fast", "'fast' was not understood"),
        ("rate", "-2", "it takes a positive number in Hz"),
        ("voxel", "4, 2", "it takes 3 positive numbers (z, y, x) in µm"),
        ("voxel", "4, 2, 0", "it takes 3 positive numbers (z, y, x) in µm"),
        ("frames", "0-x", "such as 0-9, 57"),
        ("frames", "0-99", "frames run from 0 to 59"),
    ],
)
def test_wrong_metadata_are_said_beside_their_field(
    dock: ThunderDock, qtbot: Any, field: str, text: str, message: str
) -> None:
    with_recording(dock, qtbot)
    given = dock.data.recording.facts.fields[field]
    type_into(given.edit, text)
    wait_until(qtbot, lambda: message in given.trouble.message)
    assert given.edit.text() == text
    assert dock.desk.datasets.current.recording.frame_rate == 1
    QTest.keyClicks(given.edit, "1")
    QTest.keyClick(given.edit, Qt.Key.Key_Escape)
    assert given.trouble.message == ""


def test_what_is_known_can_be_changed(dock: ThunderDock, qtbot: Any) -> None:
    with_recording(dock, qtbot)
    facts = dock.data.recording.facts
    type_into(facts.excluded, "0-1, 59")
    wait_until(qtbot, lambda: dock.desk.datasets.current.recording.exclude_frames == (0, 1, 59))
    type_into(facts.voxel, "5 1 1")
    wait_until(qtbot, lambda: dock.desk.datasets.current.recording.voxel_size == (5, 1, 1))
    wait_until(qtbot, lambda: facts.voxel.text() == "5, 1, 1" and facts.excluded.text() == "0-1, 59")


def test_an_events_file_that_does_not_fit_is_said(dock: ThunderDock, qtbot: Any, tmp_path: Path) -> None:
    with_recording(dock, qtbot)
    table = tmp_path / "events.csv"
    table.write_text("start_time,stop_time\n4,3\n")
    dock.data.events.attach(str(table))
    wait_until(qtbot, lambda: "events.csv: row 2: stop_time 3 is before" in dock.data.events.trouble.message)
    assert dock.data.recording.trouble.message == ""


def test_columns_of_other_names_are_asked_about_and_attached(dock: ThunderDock, qtbot: Any, tmp_path: Path) -> None:
    with_recording(dock, qtbot)
    table = tmp_path / "stimuli.csv"
    table.write_text("t_on,t_off,side\n1000,2000,left\n9000,9500,right\n")
    panel = dock.data.events
    panel.attach(str(table))
    wait_until(qtbot, lambda: panel.question.isVisibleTo(panel))
    assert "stimuli.csv" in panel.question.why.text()
    assert not panel.question.take.isEnabled() or panel.question.columns().start == "t_on"
    panel.question.start.setCurrentText("t_on")
    panel.question.stop.setCurrentText("t_off")
    panel.question.unit.setCurrentText("milliseconds")
    QTest.mouseClick(panel.question.take, Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: list(dock.desk.datasets.current.recording.events["stop_time"]) == [2.0, 9.5])
    wait_until(qtbot, lambda: not panel.question.isVisibleTo(panel) and "2 events by side" in panel.said.text())
    assert "left&nbsp;×&nbsp;1" in panel.preview.counts.text()
    QTest.mouseClick(panel.detach_button, Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: dock.desk.datasets.current.recording.events is None)
    wait_until(qtbot, lambda: not panel.preview.isVisibleTo(panel))


def test_the_recording_that_is_clicked_becomes_the_current_one(dock: ThunderDock, qtbot: Any) -> None:
    datasets, table = dock.desk.datasets, dock.data.recording.table
    first = datasets.add(slow_recording()[0])
    second = datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: table.model().rowCount() == 2)
    wait_until(qtbot, lambda: table.currentIndex().row() == 1)
    table.selectRow(0)
    wait_until(qtbot, lambda: datasets.current.key == first.key)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    wait_until(qtbot, lambda: [d.key for d in datasets] == [second.key])


def test_an_open_that_hangs_is_shown_and_given_up(dock: ThunderDock, qtbot: Any) -> None:
    release = Event()
    panel = dock.data.recording
    dock.desk.datasets.make("/dead/movie.zarr", lambda: release.wait(30) and slow_recording()[0])
    wait_until(qtbot, lambda: panel.close_button.text() == "Give up")
    assert "opening" in panel.table.model().index(0, 1).data()
    QTest.mouseClick(panel.close_button, Qt.MouseButton.LeftButton)
    assert dock.desk.datasets.opening == ()
    release.set()
    qtbot.wait(100)
    assert len(dock.desk.datasets) == 0


def test_an_engine_that_is_not_there_is_said(make_dock: MakeDock, qtbot: Any) -> None:
    def refuse(name: str, job: Any) -> Any:
        raise EngineError(f"{name}: nothing answers there. Is the server running?")

    _, dock = make_dock(desk=Desk(connect=refuse), engine="")
    type_into(dock.data.engine.target, "sc://nowhere:1")
    wait_until(qtbot, lambda: "Is the server running?" in dock.data.engine.trouble.message)
    dock.desk.datasets.add(slow_recording()[0])
    wait_until(qtbot, lambda: dock.analyze.run_panel.run_button.toolTip() == "Connect to an engine first.")


def test_a_token_is_used_once_and_kept_nowhere(make_dock: MakeDock, cluster: Cluster, qtbot: Any) -> None:
    asked: list[str] = []

    def reach(name: str, job: Any) -> Any:
        asked.append(name)
        return cluster

    _, dock = make_dock(desk=Desk(connect=reach), engine="")
    panel = dock.data.engine
    panel.target.setCurrentText("sc://far:1")
    panel.chooser.token.setText("secret")
    assert panel.chooser.token.echoMode() == QLineEdit.EchoMode.Password
    panel.connect_engine()
    wait_until(qtbot, lambda: panel.button.text() == "Disconnect")
    assert asked == ["sc://far:1;token=secret"]
    assert panel.chooser.token.text() == ""
    assert dock.workplace.history.addresses() == ("sc://far:1",)
    assert "secret" not in dock.desk.connection.target + panel.status.text() + panel.target.currentText()


def test_the_engine_shows_what_it_is_and_how_full_its_cache_is(far: ThunderDock, qtbot: Any) -> None:
    panel = far.data.engine
    assert panel.cores.text() == "8 on 2 computers"
    assert "python 3.11" in panel.cores.toolTip()
    far.desk.connection.look()
    wait_until(qtbot, lambda: panel.cache.text() == "250 MB of 1 GB")
    assert panel.fill.value() == 250


def test_a_lost_engine_is_a_banner_with_retry(far: ThunderDock, cluster: Cluster, qtbot: Any) -> None:
    assert not far.banner.isVisibleTo(far)
    cluster.there = False
    far.desk.connection.look()
    wait_until(qtbot, lambda: far.banner.isVisibleTo(far))
    assert "Lost sc://far:1" in far.banner.text.text()
    assert "does not answer" in far.banner.text.text()
    cluster.there = True
    QTest.mouseClick(far.banner.retry, Qt.MouseButton.LeftButton)
    wait_until(qtbot, lambda: not far.banner.isVisibleTo(far))
    assert far.desk.connection.state is ConnectionState.CONNECTED


def test_what_is_dropped_is_opened_or_attached(dock: ThunderDock, qtbot: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "movie.npy", np.zeros((60, 1, 2, 3), np.uint8))
    (tmp_path / "events.csv").write_text("start_time,stop_time\n1,2\n")
    dock.data.take([str(tmp_path / "movie.npy")])
    wait_until(qtbot, lambda: dock.desk.datasets.current is not None)
    dock.data.take([str(tmp_path / "events.csv")])
    wait_until(qtbot, lambda: dock.desk.datasets.current.recording.events is not None)


def test_ten_thousand_events_are_shown_without_a_stall(dock: ThunderDock, qtbot: Any) -> None:
    with_recording(dock, qtbot)
    starts = np.linspace(0, 59, 10_000)
    events = dock.desk.datasets.current.recording.events
    many = events.iloc[np.arange(10_000) % len(events)].assign(start_time=starts, stop_time=starts + 0.003)
    wait_until(qtbot, lambda: dock.settled)
    qtbot.wait(300)
    with Heartbeat() as heart:
        dock.desk.datasets.amend(dock.desk.datasets.current, events=many)
        wait_until(qtbot, lambda: "10000 events" in dock.data.events.said.text().replace(",", ""))
        qtbot.wait(100)
    assert heart.longest < 0.25


def test_motion_that_is_undone_and_a_mask_are_shown_and_taken_away(dock: ThunderDock, qtbot: Any) -> None:
    recording = nt.Recording.from_array(np.random.default_rng(0).normal(size=(5, 2, 8, 9)), name="moved")
    mask = np.zeros((2, 8, 9), bool)
    mask[:, 2:6] = True
    dock.desk.datasets.add(recording.with_known(mask=mask).registered(Shifts.rigid(np.zeros((5, 3)), (2, 8, 9))))
    facts = dock.data.recording.facts
    qtbot.waitUntil(lambda: facts.taken["mask"].text.text() == "mask, 72 voxels (50%)")
    assert facts.taken["shifts"].text.text() == "undone as it is read: a shift for each frame, linear"
    assert "mask" in dock.analyze.target.place.itemText(0)
    facts.taken["shifts"].button.click()
    facts.taken["mask"].button.click()
    qtbot.waitUntil(lambda: facts.taken["mask"].isHidden() and facts.taken["shifts"].isHidden())
    assert dock.desk.datasets.current.recording == recording
    assert dock.analyze.target.place.itemText(0) == "whole brain"

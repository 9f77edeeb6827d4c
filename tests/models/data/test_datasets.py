from __future__ import annotations

import time
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from napari_thunder.errors import RecordingError
from napari_thunder.models.data.datasets import Datasets
from napari_thunder.recording import Recording
from tests.models.waiting import wait_until


def small(name: str = "small", **known: Any) -> Recording:
    return Recording.from_array(np.zeros((4, 1, 2, 3), np.uint8), name=name, **known)


def test_an_opened_recording_becomes_the_current_one() -> None:
    datasets = Datasets(lambda uri, **known: small(uri, **known))
    datasets.open("first", frame_rate=2.0)
    wait_until(lambda: datasets.current is not None)
    assert datasets.current is not None
    assert datasets.current.name == "first"
    assert datasets.current.recording.frame_rate == 2.0
    datasets.close()


def test_a_path_that_cannot_be_opened_is_said_and_changes_nothing() -> None:
    def refuse(uri: str) -> Recording:
        raise RecordingError(f"{uri}: there is no such file or folder.")

    datasets = Datasets(refuse)
    datasets.open("/nowhere")
    wait_until(lambda: datasets.trouble is not None)
    assert datasets.trouble is not None
    assert datasets.trouble.message == "/nowhere: there is no such file or folder."
    assert datasets.current is None
    assert datasets.opening == ()


def test_what_was_given_replaces_the_recording_under_the_same_key() -> None:
    datasets = Datasets(small)
    before = datasets.add(small())
    datasets.amend(before, voxel_size=(4, 2, 2))
    wait_until(lambda: datasets.current is not before)
    assert datasets.current is not None
    assert datasets.current.key == before.key
    assert datasets.current.recording.voxel_size == (4, 2, 2)


def test_a_wrong_voxel_size_is_refused() -> None:
    datasets = Datasets(small)
    before = datasets.add(small())
    datasets.amend(before, voxel_size=(4, -2, 2))
    wait_until(lambda: datasets.trouble is not None)
    assert datasets.current is before


def test_closing_does_not_wait_for_a_file_system_that_hangs() -> None:
    release = Event()
    datasets = Datasets(lambda uri: release.wait(30) or small())
    datasets.open("/dead/disk")
    start = time.monotonic()
    datasets.close(0.1)
    assert time.monotonic() - start < 1
    release.set()
    assert datasets.current is None


def test_an_open_that_hangs_can_be_given_up() -> None:
    release = Event()
    datasets = Datasets(lambda uri: release.wait(30) and small())
    datasets.open("/dead/disk")
    assert datasets.opening == ("/dead/disk",)
    datasets.give_up(datasets.openings[0].key)
    assert datasets.opening == ()
    release.set()
    datasets.close(2)
    assert len(datasets) == 0
    assert datasets.trouble is None


def test_two_things_given_at_once_are_both_kept() -> None:
    datasets = Datasets(small)
    before = datasets.add(small())
    datasets.amend(before, voxel_size=(4, 2, 2))
    datasets.amend(before, frame_rate=2.0)
    wait_until(
        lambda: datasets.current.recording.voxel_size is not None and datasets.current.recording.frame_rate == 2.0
    )


def test_what_was_refused_is_named() -> None:
    datasets = Datasets(small)
    before = datasets.add(small())
    datasets.amend(before, exclude_frames=[7])
    wait_until(lambda: datasets.refused is not None)
    assert datasets.refused.names == ("exclude_frames",)
    assert "frames run from 0 to 3" in datasets.trouble.message


def test_events_that_only_the_engine_sees_are_brought_along(tmp_path: Path) -> None:
    table = b"start_time,stop_time,direction\n0,1,90\n"
    datasets = Datasets(lambda uri, **known: small(uri, **known), read_file=lambda path: table)
    datasets.open("first", frame_rate=1.0, events="/only/there/events.csv")
    wait_until(lambda: datasets.current is not None)
    assert list(datasets.current.recording.events["direction"]) == [90]
    datasets.amend(datasets.current, events=None)
    wait_until(lambda: datasets.current.recording.events is None)
    datasets.amend(datasets.current, events="/only/there/others.csv")
    wait_until(lambda: datasets.current.recording.events is not None)


def test_a_table_that_nobody_sees_is_said(tmp_path: Path) -> None:
    datasets = Datasets(small)
    datasets.amend(datasets.add(small()), events=str(tmp_path / "gone.csv"))
    wait_until(lambda: datasets.trouble is not None)
    assert "there is no such file" in datasets.trouble.message

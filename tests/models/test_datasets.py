from __future__ import annotations

import time
from threading import Event
from typing import Any

import numpy as np

from napari_thunder.errors import RecordingError
from napari_thunder.models.datasets import Datasets
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

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import napari_thunder as nt
from napari_thunder.analysis.summary.images import SummaryImages
from napari_thunder.models import Desk
from napari_thunder.models.data.connection import ConnectionState
from napari_thunder.models.session.autosave import Autosave
from napari_thunder.models.session.parts import Part, Restored
from napari_thunder.regions import region_of_mask


def until(true: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    path = tmp_path / "movie.npy"
    np.save(path, np.random.default_rng(0).integers(0, 200, (30, 3, 8, 9)).astype(np.uint16))
    return path


@pytest.fixture
def events() -> pd.DataFrame:
    return pd.DataFrame({"start_time": [2.0, 8.0], "stop_time": [4.0, 10.0], "direction": [0.0, 90.0]})


@pytest.fixture
def make_desk():
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk())
        return made[-1]

    yield make
    for desk in made:
        desk.close(2.0)


@pytest.fixture
def full_desk(make_desk, movie, events):
    """A desk with a recording, two regions and a result."""
    desk = make_desk()
    recording = nt.open(movie, voxel_size=(4, 1, 1), frame_rate=2, events=events, exclude_frames=[3])
    desk.datasets.add(recording)
    for n in range(2):
        mask = np.zeros((3, 8, 9), bool)
        mask[n, 2:5, 3:7] = True
        mask[n, 2, 3] = False
        desk.regions.add(region_of_mask(mask, f"area {n}", "#56b4e9"))
    desk.results.add("movie · summary", nt.run(SummaryImages(), recording))
    return desk


def saved(desk: Desk, path: Path) -> Path:
    desk.session.save(path)
    until(lambda: not desk.session.busy)
    assert desk.session.trouble is None, desk.session.trouble
    return desk.session.path


def restored(desk: Desk, path: Path) -> Restored:
    heard: list[Restored] = []
    desk.session.restored.connect(heard.append)
    desk.session.restore(path)
    until(lambda: not desk.session.busy)
    assert desk.session.trouble is None, desk.session.trouble
    return heard[0]


def test_a_restored_desk_holds_just_what_was_saved(full_desk, make_desk, tmp_path):
    path = saved(full_desk, tmp_path / "monday")
    assert path == tmp_path / "monday.thunder.json"
    desk = make_desk()
    report = restored(desk, path)
    assert report.problems == ()
    (before,), (after,) = full_desk.datasets, desk.datasets
    assert after.recording.uri == before.recording.uri
    assert after.recording.voxel_size == before.recording.voxel_size
    assert after.recording.exclude_frames == (3,)
    np.testing.assert_array_equal(after.recording.frame_times, before.recording.frame_times)
    pd.testing.assert_frame_equal(after.recording.events, before.recording.events)
    for a, b in zip(desk.regions, full_desk.regions, strict=True):
        assert (a.name, a.color) == (b.name, b.color)
        np.testing.assert_array_equal(a.full_mask(), b.full_mask())
    (a,), (b,) = desk.results, full_desk.results
    assert a.name == b.name
    np.testing.assert_array_equal(a.dataset["mean"], b.dataset["mean"])
    assert report.keys.results == {b.key: a.key}


def test_saving_again_keeps_the_results_that_are_there_and_removes_those_that_left(full_desk, tmp_path):
    path = saved(full_desk, tmp_path / "desk")
    folder = tmp_path / "desk.thunder"
    (first,) = folder.iterdir()
    made = (first / "zarr.json").stat().st_mtime_ns
    saved(full_desk, path)
    assert [(p, (p / "zarr.json").stat().st_mtime_ns) for p in folder.iterdir()] == [(first, made)]
    full_desk.results.remove(next(iter(full_desk.results)).key)
    saved(full_desk, path)
    assert list(folder.iterdir()) == []


def test_parts_come_back_with_what_keys_became(full_desk, make_desk, tmp_path):
    key = next(iter(full_desk.datasets)).key
    full_desk.session.parts["pins"] = Part(lambda: {"recording": key}, lambda state, keys: None)
    path = saved(full_desk, tmp_path / "desk")
    desk, heard = make_desk(), []
    desk.session.parts["pins"] = Part(dict, lambda state, keys: heard.append(keys.recordings[state["recording"]]))
    restored(desk, path)
    assert heard == [desk.datasets.current.key]


def test_what_is_gone_is_said_and_the_rest_restored(full_desk, make_desk, movie, tmp_path):
    path = saved(full_desk, tmp_path / "desk")
    movie.unlink()
    desk = make_desk()
    report = restored(desk, path)
    (problem,) = report.problems
    assert "movie.npy" in problem
    assert "there is no such file" in problem
    assert len(desk.regions) == 2
    assert len(desk.results) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a session, or damaged"),
        ("[]", "this is not a session"),
        ('{"format": "napari-thunder session", "version": 99}', "later version"),
        ('{"format": "napari-thunder session", "version": 1, "recordings": 3}', "damaged, recordings"),
        ('{"format": "napari-thunder session", "version": 1, "recordings": [3]}', "damaged, recordings"),
    ],
)
def test_a_damaged_file_is_refused_with_a_reason(make_desk, tmp_path, text, message):
    path = tmp_path / "bad.thunder.json"
    path.write_text(text)
    desk = make_desk()
    desk.session.restore(path)
    until(lambda: not desk.session.busy)
    assert message in desk.session.trouble.message


def test_a_session_holds_no_token(make_desk, tmp_path, movie):
    desk = make_desk()
    desk.datasets.add(nt.open(movie))
    desk.connection.target = "sc://host:15002/;token=s3cret;use_ssl=true"
    assert "s3cret" not in saved(desk, tmp_path / "desk").read_text()


def test_saving_where_nothing_can_be_written_leaves_what_was_there(full_desk, tmp_path):
    path = saved(full_desk, tmp_path / "desk")
    before = path.read_text()
    (tmp_path / "file").touch()
    full_desk.session.save(tmp_path / "file" / "desk")
    until(lambda: not full_desk.session.busy)
    assert "was not saved" in full_desk.session.trouble.message
    assert path.read_text() == before


def test_a_desk_that_was_left_behind_is_found_again(full_desk, make_desk, tmp_path):
    keeper = Autosave(full_desk.session, tmp_path / "autosave")
    keeper.touch()
    keeper.keep()
    until(lambda: list((tmp_path / "autosave").glob("*/desk.thunder.json")))
    desk = make_desk()
    other = Autosave(desk.session, tmp_path / "autosave")
    assert other.left() == [], "its program still runs"
    keeper.end()
    (last,) = other.left()
    assert last.clean
    assert str(last).startswith("1 recording, 1 result, 2 ROIs from ")
    assert restored(desk, last.path).problems == ()
    assert len(desk.regions) == 2


def test_of_desks_left_behind_only_the_last_is_kept(full_desk, make_desk, tmp_path):
    for _ in range(3):
        keeper = Autosave(full_desk.session, tmp_path / "autosave")
        keeper.touch()
        keeper.end(5.0)
    left = list((tmp_path / "autosave").iterdir())
    assert len(left) == 2, "its own, and the one before"
    json.loads((left[0] / "desk.thunder.json").read_text())


def crashed(desk: Desk, place: Path) -> None:
    """Leave a desk as a program leaves it that was killed."""
    keeper = Autosave(desk.session, place)
    keeper.touch()
    keeper.end(5.0)
    (keeper._folder / "ended").unlink()


def test_every_desk_that_a_crash_left_is_offered_until_it_is_taken_up(full_desk, make_desk, tmp_path):
    for _ in range(2):
        crashed(full_desk, tmp_path / "autosave")
    desk = make_desk()
    keeper = Autosave(desk.session, tmp_path / "autosave")
    first, second = keeper.left()
    assert [first.clean, second.clean] == [False, False]
    desk.session.take_up(second.path)
    until(lambda: not desk.session.busy)
    keeper.touch()
    keeper.keep()
    until(lambda: (second.path.parent / "ended").exists())
    assert [last.path for last in keeper.left()] == [first.path]
    keeper.end()


def test_a_desk_taken_up_from_a_crash_is_not_saved_where_crashes_are_kept(full_desk, make_desk, tmp_path):
    crashed(full_desk, tmp_path / "autosave")
    desk = make_desk()
    (last,) = Autosave(desk.session, tmp_path / "autosave").left()
    desk.session.take_up(last.path)
    until(lambda: not desk.session.busy)
    assert len(desk.results) == 1
    assert desk.session.path is None, "nobody has said yet where to save it"


def test_what_went_wrong_while_keeping_a_desk_safe_is_told(full_desk, tmp_path):
    (tmp_path / "autosave").touch()
    keeper, heard = Autosave(full_desk.session, tmp_path / "autosave"), []
    keeper.changed.connect(lambda: heard.append(keeper.trouble))
    for _ in range(2):
        keeper.touch()
        keeper.keep()
        until(lambda: not keeper._writing)
    assert len(heard) == 1
    assert "cannot be kept safe" in heard[0].message


def test_a_saved_result_is_still_known_as_saved(full_desk, make_desk, tmp_path):
    (entry,) = full_desk.results
    full_desk.results.save(entry.key, str(tmp_path / "kept.zarr"))
    until(lambda: [e.state for e in full_desk.results] == ["saved"])
    path = saved(full_desk, tmp_path / "desk")
    desk, other = make_desk(), make_desk()
    restored(desk, path)
    assert [e.state for e in desk.results] == ["saved"]
    (tmp_path / "kept.zarr").rename(tmp_path / "moved.zarr")
    restored(other, path)
    assert [e.state for e in other.results] == ["done"]


def test_the_engine_is_connected_again_that_was_connected(make_desk, tmp_path):
    desk, other = make_desk(), make_desk()
    without = saved(desk, tmp_path / "without")
    desk.connection.connect("threads")
    until(lambda: desk.connection.state is ConnectionState.CONNECTED)
    path = saved(desk, tmp_path / "desk")
    restored(other, without)
    assert other.connection.state is ConnectionState.DISCONNECTED
    restored(other, path)
    until(lambda: other.connection.state is ConnectionState.CONNECTED)


def test_a_simulated_fish_is_simulated_again(make_desk, tmp_path):
    desk, other = make_desk(), make_desk()
    fish = nt.simulate(shape=(40, 6, 24, 32), seed=3)
    desk.datasets.add(fish)
    path = saved(desk, tmp_path / "desk")
    assert restored(other, path).problems == ()
    (dataset,) = other.datasets
    np.testing.assert_array_equal(dataset.recording.read_volume(7), fish.read_volume(7))


def test_another_simulated_fish_is_never_put_in_its_place(make_desk, tmp_path):
    desk, other = make_desk(), make_desk()
    desk.datasets.add(nt.simulate(shape=(40, 6, 24, 32), seed=3, noise=0.0))
    path = saved(desk, tmp_path / "desk")
    assert "other settings" in restored(other, path).problems[0]
    assert len(other.datasets) == 0

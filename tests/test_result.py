"""Results are saved whole or not at all, come back as they were, and can be made again."""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import signal
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import napari_thunder as nt
from napari_thunder.errors import ResultError
from napari_thunder.provenance import known_metadata, read_provenance
from napari_thunder.registration import Shifts


@pytest.fixture
def events():
    starts = np.arange(2.0, 58, 7)
    return pd.DataFrame({"start_time": starts, "stop_time": starts + 3, "direction": np.arange(8) * 45 % 360})


@pytest.fixture
def recording(tmp_path, events):
    movie = np.random.default_rng(1).integers(50, 200, (120, 2, 6, 7), np.uint8)
    np.save(tmp_path / "movie.npy", movie)
    events.to_csv(tmp_path / "events.csv", index=False)
    return nt.open(
        tmp_path / "movie.npy",
        frame_rate=2.0,
        voxel_size=(4, 1, 1),
        events=tmp_path / "events.csv",
        exclude_frames=[0, 17],
    )


@pytest.fixture
def result(recording):
    return nt.run(nt.Regression(events_by=("direction",)), recording, preprocess=["delta_f_over_f percentile=20"])


def test_a_saved_result_comes_back_as_it_was(result, tmp_path):
    path = nt.save_result(result, tmp_path / "result.zarr")
    xr.testing.assert_identical(nt.load_result(path), result)


def test_provenance_tells_all_that_is_needed_to_make_it_again(result, recording):
    record = read_provenance(result)
    assert record["analysis"] == "regression"
    assert record["parameters"]["events_by"] == ["direction"]
    assert record["preprocess"][0].startswith("delta_f_over_f")
    assert record["recording"]["uri"] == recording.uri
    assert record["recording"]["exclude_frames"] == [0, 17]
    assert record["engine"] == "threads"
    assert {"numpy", "napari-thunder", "python"} <= set(record["versions"])
    assert result.attrs["n_frames_used"] == 118


@pytest.mark.parametrize(
    "analysis",
    [nt.Regression(events_by=("direction",)), nt.DirectionTuning(), nt.PCA(n_components=2), nt.SummaryImages()],
    ids=lambda a: type(a).__name__,
)
def test_run_again_the_numbers_are_the_same(analysis, recording, tmp_path):
    path = nt.save_result(nt.run(analysis, recording, preprocess=["detrend"]), tmp_path / "result.zarr")
    first, again = nt.load_result(path), nt.rerun(path)
    for name in first.data_vars:
        np.testing.assert_array_equal(again[name], first[name], err_msg=name)


def test_an_explicit_design_travels_with_the_result(recording, tmp_path):
    design = pd.DataFrame({"ramp": np.linspace(0, 1, 120), "wave": np.sin(np.arange(120) / 3)})
    design.to_csv(tmp_path / "design.csv", index=False)
    first = nt.run(nt.Regression(design=str(tmp_path / "design.csv")), recording)
    (tmp_path / "design.csv").unlink()
    again = nt.rerun(nt.load_result(nt.save_result(first, tmp_path / "result.zarr")))
    np.testing.assert_array_equal(again.beta, first.beta)


def test_a_recording_that_changed_is_not_quietly_used(result, recording):
    np.save(recording.uri, np.zeros((120, 2, 6, 7), np.uint8))
    with pytest.raises(ResultError, match="changed since"):
        nt.rerun(result)


def test_a_result_of_an_array_in_memory_needs_it_again(events):
    movie = np.random.default_rng(1).normal(100, 5, (120, 1, 4, 4))
    recording = nt.Recording.from_array(movie, frame_rate=2.0, events=events)
    result = nt.run(nt.SummaryImages(), recording)
    with pytest.raises(ResultError, match="array in memory"):
        nt.rerun(result)
    np.testing.assert_array_equal(nt.rerun(result, recording=recording)["mean"], result["mean"])


def test_what_is_there_already_is_not_overwritten_unasked(result, tmp_path):
    nt.save_result(result, tmp_path / "result.zarr")
    with pytest.raises(ResultError, match="something there already"):
        nt.save_result(result, tmp_path / "result.zarr")
    nt.save_result(result, tmp_path / "result.zarr", overwrite=True)
    (tmp_path / "thesis").mkdir()
    with pytest.raises(ResultError, match="Choose another name"):
        nt.save_result(result, tmp_path / "thesis", overwrite=True)
    with pytest.raises(ResultError, match="no such folder"):
        nt.save_result(result, tmp_path / "missing" / "result.zarr")


@pytest.mark.parametrize("call", [3, 9, 20])
@pytest.mark.parametrize(
    ("error", "seen"), [(OSError(errno.ENOSPC, "No space left"), ResultError), (None, KeyboardInterrupt)]
)
def test_a_full_disk_or_an_interrupt_leaves_nothing_half_written(error, seen, call, tmp_path, monkeypatch):
    """Zarr writes many chunks at a time, and goes on with the others when one fails or nobody waits any more."""
    from zarr.storage import LocalStore

    chunked = xr.Dataset({"map": (("z", "y"), np.ones((40, 9)))}, attrs={"provenance": "{}"})
    chunked["map"].encoding["chunks"] = (1, 9)
    write, calls = LocalStore.set, itertools.count(1)

    async def slow(self, key, value):
        number = next(calls)
        if number == call:
            if error is not None:
                raise error
            signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0.02 * (number % 5))
        await write(self, key, value)

    monkeypatch.setattr(LocalStore, "set", slow)
    with pytest.raises(seen, match="disk is full" if error else None):
        nt.save_result(chunked, tmp_path / "result.zarr")
    time.sleep(0.3)
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_cannot_be_replaced_stays(result, tmp_path, monkeypatch):
    path = nt.save_result(result, tmp_path / "result.zarr")
    move = Path.replace

    def refuse(self, target):
        if self.name == target.name:
            raise OSError(errno.EIO, "Input/output error")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ResultError, match="cannot be written"):
        nt.save_result(result, path, overwrite=True)
    xr.testing.assert_identical(nt.load_result(path), result)
    assert list(tmp_path.glob(".result*")) == []


def test_what_lost_its_provenance_is_not_saved(result, tmp_path):
    with pytest.raises(ResultError, match="no provenance"):
        nt.save_result(result.drop_attrs(), tmp_path / "result.zarr")


def test_a_zarr_that_is_no_result_is_said_to_be_none(tmp_path):
    nt.simulate(tmp_path / "fish.zarr", shape=(10, 1, 8, 8))
    with pytest.raises(ResultError, match="not a result of napari-thunder"):
        nt.load_result(tmp_path / "fish.zarr")


def test_event_columns_with_infinity_or_nothing_travel_with_the_result(recording, events):
    strange = events.assign(contrast=np.inf, unknown=np.nan, note=["x", None] * 4 + ["x"] * (len(events) - 8))
    movie = np.random.default_rng(1).normal(100, 5, (120, 1, 4, 4))
    recording = nt.Recording.from_array(movie, frame_rate=2.0, events=strange)
    result = nt.run(nt.Regression(events_by=("contrast",)), recording)
    known = known_metadata(read_provenance(result))["events"]
    pd.testing.assert_frame_equal(known, recording.events)


def test_what_is_not_a_result_is_refused_in_words(tmp_path):
    with pytest.raises(ResultError, match="no such result"):
        nt.load_result(tmp_path / "nothing.zarr")
    (tmp_path / "text.zarr").mkdir()
    (tmp_path / "text.zarr" / "zarr.json").write_text("not json")
    with pytest.raises(ResultError, match="not a result this program can read"):
        nt.load_result(tmp_path / "text.zarr")


def test_provenance_is_plain_json_without_secrets(result, monkeypatch):
    text = result.attrs["provenance"]
    json.loads(text)
    assert "token" not in text.lower()


def test_a_registered_and_masked_recording_is_opened_again_as_it_was(tmp_path):
    movie = np.random.default_rng(0).integers(0, 100, (6, 2, 8, 9)).astype(np.uint16)
    np.save(tmp_path / "movie.npy", movie)
    shifts = Shifts.rigid(np.random.default_rng(1).uniform(-1, 1, (6, 3)) * (0, 1, 1), (2, 8, 9))
    mask = np.arange(9) % 3 > 0
    recording = nt.open(tmp_path / "movie.npy", mask=np.broadcast_to(mask, (2, 8, 9))).registered(shifts, "cubic")
    result = nt.run(nt.SummaryImages(), recording)
    again = nt.rerun(nt.save_result(result, tmp_path / "result.zarr"))
    xr.testing.assert_equal(again, result)
    assert np.isfinite(result["mean"]).any()

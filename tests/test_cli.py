"""The contract for scripts: commands, exit codes, JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tifffile

import napari_thunder as nt
from napari_thunder.cli import FAILED, OK, main


@pytest.fixture
def movie(tmp_path):
    path = tmp_path / "movie.npy"
    np.save(path, np.random.default_rng(1).integers(50, 200, (120, 2, 6, 7), np.uint8))
    return str(path)


@pytest.fixture
def events(tmp_path):
    starts = np.arange(2.0, 58, 7)
    path = tmp_path / "events.csv"
    table = pd.DataFrame({"start_time": starts, "stop_time": starts + 3, "direction": np.arange(8) * 45})
    table.to_csv(path, index=False)
    return str(path)


def test_info_tells_what_a_recording_is_and_what_is_missing(movie, capsys):
    assert main(["info", movie]) == OK
    told = capsys.readouterr().out
    assert "120 frames of 2 × 6 × 7 voxels" in told
    assert "missing" in told


def test_info_as_json_is_for_scripts(movie, events, capsys):
    assert main(["info", movie, "--events", events, "--frame-rate", "2", "--voxel-size", "4,1,1", "--json"]) == OK
    facts = json.loads(capsys.readouterr().out)
    assert facts["shape"] == [120, 2, 6, 7]
    assert facts["frame_rate"] == 2
    assert facts["voxel_size"] == [4, 1, 1]
    assert facts["events"] == {"n": 8, "columns": ["start_time", "stop_time", "direction"]}
    assert facts["missing"] == ["signals"]


def test_analyses_lists_all_with_their_parameters(capsys):
    assert main(["analyses"]) == OK
    told = capsys.readouterr().out
    for name in ("summary_images", "event_average", "regression", "direction_tuning", "pca", "delta_f_over_f"):
        assert name in told
    assert main(["analyses", "--json"]) == OK
    listed = json.loads(capsys.readouterr().out)
    assert {"name", "default", "help"} <= set(listed["analyses"]["pca"]["parameters"][0])


def test_run_saves_what_python_gives(movie, events, tmp_path, capsys):
    out = str(tmp_path / "result.zarr")
    arguments = ["run", "regression", movie, "--events", events, "--frame-rate", "2", "-o", out, "--json"]
    steps = ["--preprocess", "delta_f_over_f percentile=20 offset=0.1", "detrend"]
    assert main([*arguments, *steps, "--set", "events_by=direction", "--exclude-frames", "0,5-7"]) == OK
    assert json.loads(capsys.readouterr().out)["result"] == out
    recording = nt.open(movie, events=events, frame_rate=2, exclude_frames=[0, 5, 6, 7])
    expected = nt.run(
        nt.Regression(events_by=("direction",)),
        recording,
        preprocess=[nt.DeltaFOverF(percentile=20, offset=0.1), nt.Detrend()],
    )
    np.testing.assert_array_equal(nt.load_result(out)["beta"], expected["beta"])


def test_a_mask_gives_the_numbers_of_python_and_is_kept_for_a_rerun(movie, tmp_path):
    labels = np.zeros((2, 6, 7), np.uint8)
    labels[:, 1:4, 2:6] = 3
    mask, first, again = (str(tmp_path / name) for name in ("mask.tif", "first.zarr", "again.zarr"))
    tifffile.imwrite(mask, labels, photometric="minisblack", metadata={"axes": "ZYX"})
    assert main(["run", "pca", movie, "--mask", mask, "-o", first]) == OK
    expected = nt.run(nt.PCA(), nt.open(movie), mask=labels > 0)
    np.testing.assert_array_equal(nt.load_result(first)["components"], expected["components"])
    assert main(["rerun", first, "-o", again]) == OK
    np.testing.assert_array_equal(nt.load_result(again)["components"], expected["components"])


def test_rerun_gives_the_same_numbers(movie, tmp_path, capsys):
    first, again = str(tmp_path / "first.zarr"), str(tmp_path / "again.zarr")
    assert main(["run", "PCA", movie, "--set", "n_components=2", "-o", first]) == OK
    assert main(["rerun", first, "-o", again]) == OK
    np.testing.assert_array_equal(nt.load_result(again)["components"], nt.load_result(first)["components"])
    assert main(["rerun", first, "-o", again]) == FAILED
    assert "something there already" in capsys.readouterr().err
    assert main(["rerun", first, "-o", again, "--overwrite"]) == OK


def test_simulate_writes_a_recording_that_opens(tmp_path, capsys):
    out = str(tmp_path / "fish.zarr")
    assert main(["simulate", out, "--shape", "40,4,32,48", "--seed", "3", "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["shape"] == [40, 4, 32, 48]
    assert nt.open(out).shape == (40, 4, 32, 48)


def test_simulate_moves_the_fish_as_asked(tmp_path, capsys):
    out = str(tmp_path / "moving.zarr")
    moving = ["--motion", "drift=20", "jitter=2", "--noise", "0.5", "--dim-planes", "0"]
    assert main(["simulate", out, "--shape", "20,4,32,48", *moving]) == OK
    assert np.ptp(nt.ground_truth(out)["shift"].values, axis=0).min() > 0
    assert main(["simulate", str(tmp_path / "other.zarr"), "--motion", "wobble=1"]) == FAILED
    assert "wobble" in capsys.readouterr().err
    assert not (tmp_path / "other.zarr").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "nowhere.tif"], "no such file or folder"),
        (["run", "regresion", "{movie}", "-o", "r.zarr"], "regression"),
        (["run", "pca", "{movie}", "--set", "n_components=many", "-o", "r.zarr"], "whole number"),
        (["run", "pca", "{movie}", "--set", "n_components", "-o", "r.zarr"], "NAME=VALUE"),
        (["run", "pca", "{movie}", "--engine", "abacus", "-o", "r.zarr"], "threads"),
        (
            ["run", "regression", "{movie}", "--frame-rate", "2", "--set", "events_by=direction", "-o", "r.zarr"],
            "--events",
        ),
        (["rerun", "nowhere.zarr", "-o", "r.zarr"], "no such result"),
        (
            ["run", "pca", "{movie}", "--preprocess", "delta_f_over_f", "percentile=20", "-o", "r.zarr"],
            "together in quotes",
        ),
    ],
)
def test_what_goes_wrong_is_one_line_and_exit_code_1(arguments, message, movie, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([a.format(movie=movie) for a in arguments]) == FAILED
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert not (tmp_path / "r.zarr").exists()


@pytest.mark.parametrize("command", [["run", "pca", "{movie}"], ["rerun", "first.zarr"]])
def test_a_place_that_is_taken_is_noticed_before_the_work(command, movie, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["run", "summary_images", movie, "-o", "first.zarr"]) == OK
    monkeypatch.setattr("napari_thunder.cli.run.run", lambda *_, **__: pytest.fail("ran first"))
    monkeypatch.setattr("napari_thunder.cli.rerun.rerun", lambda *_, **__: pytest.fail("ran first"))
    assert main([*(a.format(movie=movie) for a in command), "-o", "first.zarr"]) == FAILED
    assert "--overwrite" in capsys.readouterr().err


def test_all_events_can_be_one_regressor(movie, events, tmp_path):
    told = ["run", "regression", movie, "--events", events, "--frame-rate", "2", "--set", "events_by="]
    assert main([*told, "-o", str(tmp_path / "r.zarr")]) == OK
    assert list(nt.load_result(tmp_path / "r.zarr")["regressor"].values) == ["event"]


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("--exclude-frames", "7-5", "from the lower frame to the higher: 5-7"),
        ("--exclude-frames", "many", "give frames and spans"),
        ("--voxel-size", "a,b,c", "give three numbers z,y,x"),
    ],
)
def test_options_that_are_not_understood_are_explained(option, given, message, movie, capsys):
    with pytest.raises(SystemExit):
        main(["info", movie, option, given])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["simulate", "x", "--shape", "1,b,2,3"], ["run", "pca"], ["simulate", "x", "--shape", "1,2,3"], ["dance"]],
)
def test_wrong_usage_is_exit_code_2(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_the_console_command_answers_quickly_and_without_qt(movie):
    code = "import sys; from napari_thunder.cli import main; main(['info', sys.argv[1]]); print('qtpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code, movie], capture_output=True, text=True, check=True, timeout=120)
    assert told.stdout.strip().endswith("False")

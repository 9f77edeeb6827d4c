from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import napari_thunder as nt
from napari_thunder.cli import main
from napari_thunder.errors import ResultError
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts

SHAPE = (40, 3, 8, 10)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    values = np.random.default_rng(1).normal(100, 5, SHAPE).astype(np.float32)
    np.save(tmp_path / "movie file.npy", values)
    return tmp_path / "movie file.npy"


def events(n: int = 8) -> pd.DataFrame:
    starts = np.arange(n) * 0.4 + 0.1 / 3
    return pd.DataFrame(
        {"start_time": starts, "stop_time": starts + 0.25, "direction": np.arange(n) * 45.0 % 360, "note": ["a, b"] * n}
    )


def swimming() -> pd.DataFrame:
    times = np.arange(200) / 30
    return pd.DataFrame({"swim": np.sin(times)}, index=pd.Index(times - 0.1, name="time"))


def moved_blocks() -> Shifts:
    values = np.random.default_rng(4).uniform(-1, 1, (40, 1, 2, 2, 3)).astype(np.float32)
    return Shifts(values, (np.array([1.0]), np.array([1.5, 5.5]), np.array([2.0, 7.0])), SHAPE[1:])


def by_python(result: xr.Dataset, folder: Path, tables: Path | None = None) -> xr.Dataset:
    (folder / "again.py").write_text(nt.as_python(result, tables).text, "utf-8")
    home = Path(nt.__file__).parents[1]
    subprocess.run([sys.executable, "again.py"], cwd=folder, env={**os.environ, "PYTHONPATH": str(home)}, check=True)
    (made,) = folder.glob("*.zarr")
    return nt.load_result(made)


def by_command_line(result: xr.Dataset, folder: Path, monkeypatch: pytest.MonkeyPatch) -> xr.Dataset:
    program, *words = shlex.split(nt.as_command_line(result, folder / "tables").text)
    assert program == "napari-thunder"
    monkeypatch.chdir(folder)
    assert main(words) == 0
    (made,) = folder.glob("*.zarr")
    return nt.load_result(made)


def assert_same_numbers(a: xr.Dataset, b: xr.Dataset) -> None:
    assert set(a.variables) == set(b.variables)
    for name in a.variables:
        np.testing.assert_array_equal(a[name].values, b[name].values)


CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "events, rate and preprocessing": (
        nt.DirectionTuning(baseline=0.0),
        {"frame_rate": 9.7, "voxel_size": (8.1, 2, 2), "events": events()},
        {"preprocess": ["delta_f_over_f percentile=15", "detrend"]},
    ),
    "long tables, late start, excluded frames": (
        nt.Regression(signals=("swim",), events_by=("direction",)),
        {
            "frame_times": np.arange(40) / 9 + 0.01,
            "events": events(9),
            "signals": swimming(),
            "exclude_frames": (0, 1, 2, 7, 39),
        },
        {},
    ),
    "uneven times, a mask and a design": (
        nt.Regression(design=pd.DataFrame({"ramp": np.arange(40) / 7})),
        {"frame_times": np.cumsum(np.random.default_rng(3).uniform(0.1, 0.2, 40))},
        {"mask": np.arange(3 * 8 * 10).reshape(3, 8, 10) % 3 == 0},
    ),
    "nothing known": (nt.PCA(n_components=2), {}, {}),
    "motion undone by blocks, and a mask of the recording": (
        nt.SummaryImages(),
        {"mask": np.arange(3 * 8 * 10).reshape(3, 8, 10) % 4 > 0, "shifts": moved_blocks(), "interpolation": "cubic"},
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_python_program_gives_the_same_numbers(case: str, movie: Path, tmp_path: Path) -> None:
    analysis, known, more = CASES[case]
    result = nt.run(analysis, nt.open(movie, **known), **more)
    (tmp_path / "again").mkdir()
    assert_same_numbers(result, by_python(result, tmp_path / "again", tmp_path / "tables"))


@pytest.mark.parametrize("case", CASES)
def test_the_command_line_gives_the_same_numbers(
    case: str, movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis, known, more = CASES[case]
    result = nt.run(analysis, nt.open(movie, **known), **more)
    (tmp_path / "again").mkdir()
    assert_same_numbers(result, by_command_line(result, tmp_path / "again", monkeypatch))


def test_a_difference_is_made_again_by_python(movie: Path, tmp_path: Path) -> None:
    recording = nt.open(movie, frame_rate=9.7, events=events())
    a = nt.run(nt.DirectionTuning(baseline=0.0), recording)
    b = nt.run(nt.DirectionTuning(baseline=0.0), recording, preprocess=["detrend"])
    made = nt.difference(a, b, "preferred_direction")
    (tmp_path / "again").mkdir()
    assert_same_numbers(made, by_python(made, tmp_path / "again"))
    with pytest.raises(ResultError, match="Copy it as Python"):
        nt.as_command_line(made)
    with pytest.raises(ResultError, match="difference of two maps"):
        nt.rerun(made)


def test_short_tables_stand_in_the_program_and_long_ones_want_a_folder(movie: Path) -> None:
    short = nt.run(nt.SummaryImages(), nt.open(movie, frame_rate=9.7, events=events()))
    assert nt.as_python(short).files == ()
    assert "pd.DataFrame" in nt.as_python(short).text
    long = nt.run(
        nt.SummaryImages(),
        nt.open(movie, frame_rate=9.7, signals=pd.concat([swimming()] * 2, axis=1).set_axis(["a", "b"], axis=1)),
    )
    with pytest.raises(ResultError, match="folder"):
        nt.as_python(long)


def test_a_movie_in_memory_cannot_be_opened_again() -> None:
    result = nt.run(nt.SummaryImages(), Recording.from_array(np.ones(SHAPE)))
    for recipe in (nt.as_python, nt.as_command_line):
        with pytest.raises(ResultError, match="memory"):
            recipe(result)


def test_a_simulated_fish_is_simulated_again() -> None:
    fish = nt.simulate(shape=(30, 3, 10, 20), seed=3)
    result = nt.run(nt.SummaryImages(), fish)
    made: dict[str, Any] = {}
    exec(nt.as_python(result).text.rsplit("\nnt.save_result", 1)[0], made)
    assert_same_numbers(result, made["result"])


def test_a_registration_is_made_again(movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = nt.open(movie, frame_rate=2.0, voxel_size=(8, 2, 2), exclude_frames=[4])
    found = nt.register(recording, nt.Registration(mode="rigid 2-D planes", max_shift=4.0))
    (tmp_path / "python").mkdir()
    (tmp_path / "command").mkdir()
    assert_same_numbers(found, by_python(found, tmp_path / "python"))
    assert_same_numbers(found, by_command_line(found, tmp_path / "command", monkeypatch))
    to_another = nt.register(recording, template=recording.read_volume(3))
    with pytest.raises(ResultError, match="rerun"):
        nt.as_python(to_another)

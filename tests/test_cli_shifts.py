"""`--shifts`: motion undone as a recording is read, from shifts that someone gave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.cli import FAILED, OK, main


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    still = np.random.default_rng(1).integers(50, 200, (3, 20, 24), np.uint8)
    frames = np.stack([still, np.roll(still, (2, -1), (1, 2)), still + 1, still + 2])
    np.save(tmp_path / "movie.npy", frames)
    return tmp_path / "movie.npy"


@pytest.fixture
def shifts(tmp_path: Path) -> Path:
    (tmp_path / "shifts.csv").write_text("frame,y,x\n0,0,0\n1,2,-1\n2,0,0\n3,0,0\n")
    return tmp_path / "shifts.csv"


def test_an_analysis_sees_the_movie_without_its_motion(movie: Path, shifts: Path, tmp_path: Path) -> None:
    out = tmp_path / "summary.zarr"
    assert main(["run", "summary_images", str(movie), "--shifts", str(shifts), "-o", str(out)]) == OK
    std = nt.load_result(out)["std"].values
    assert np.nanmax(std[:, :18, 1:]) < 1.5
    raw = tmp_path / "raw.zarr"
    assert main(["run", "summary_images", str(movie), "-o", str(raw)]) == OK
    assert np.nanmax(nt.load_result(raw)["std"].values) > 10


def test_corrections_are_taken_for_what_they_are(movie: Path, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "caiman.csv", [[0, 0], [-2, 1], [0, 0], [0, 0]])
    out = tmp_path / "summary.zarr"
    given = ["--shifts", str(tmp_path / "caiman.csv"), "--shifts-are", "correction", "--interpolation", "nearest"]
    assert main(["run", "summary_images", str(movie), *given, "-o", str(out)]) == OK
    assert np.nanmax(nt.load_result(out)["std"].values[:, :18, 1:]) < 1.5


def test_info_says_that_motion_is_undone(movie: Path, shifts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(movie), "--shifts", str(shifts), "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["motion_undone"] == "rigid"


def test_shifts_that_do_not_fit_are_refused(movie: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "few.csv").write_text("frame,y,x\n0,0,0\n1,2,-1\n")
    assert main(["info", str(movie), "--shifts", str(tmp_path / "few.csv")]) == FAILED
    assert "few.csv: 2 rows, but 4 are wanted" in capsys.readouterr().err
    assert main(["info", str(movie), "--shifts", str(tmp_path / "none.csv")]) == FAILED
    assert "there is no such file" in capsys.readouterr().err

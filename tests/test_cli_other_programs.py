"""Cells of other programs on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_thunder.cli import main
from tests.io.regions.other_programs import cell, write_suite2p


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    data = np.random.default_rng(0).integers(0, 999, (30, 2, 40, 50), np.uint16)
    tifffile.imwrite(tmp_path / "movie.tif", data, photometric="minisblack", metadata={"axes": "TZYX"})
    return tmp_path / "movie.tif"


@pytest.fixture
def cells(tmp_path: Path) -> Path:
    return write_suite2p(tmp_path, [[(5, 6)], [(20, 30)]])


def traces(movie: Path, cells: Path, *more: str) -> int:
    out = str(movie.parent / "out.csv")
    return main(["traces", str(movie), "--regions", str(cells), "-o", out, "--frame-rate", "2", *more])


def test_a_pickle_needs_trust(movie: Path, cells: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert traces(movie, cells) == 1
    assert "--allow-pickle" in capsys.readouterr().err
    assert not (movie.parent / "out.csv").exists()


def test_cells_of_suite2p_are_measured_in_the_recording(movie: Path, cells: Path) -> None:
    assert traces(movie, cells, "--allow-pickle", "--set", "measure=raw") == 0
    table = pd.read_csv(movie.parent / "out.csv", skiprows=1)
    assert list(table) == ["time", "z0 cell 0", "z1 cell 0"]
    wanted = tifffile.imread(movie)[:, 1, *cell(20, 30)].mean(1)
    np.testing.assert_allclose(table["z1 cell 0"], wanted, rtol=1e-6)


def test_what_suite2p_stored_is_written_without_trust(movie: Path, cells: Path) -> None:
    assert traces(movie, cells, "--stored", "Fneu") == 0
    out = movie.parent / "out.csv"
    table = pd.read_csv(out, skiprows=1)
    np.testing.assert_allclose(table["z0 cell 0"], np.load(cells / "plane0" / "Fneu.npy")[0], rtol=1e-6)
    np.testing.assert_allclose(table["time"], np.arange(30) / 2)
    assert json.loads(out.read_text().splitlines()[0].removeprefix("# "))["stored"] == "Fneu"


def test_traces_of_another_recording_are_refused(
    movie: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_suite2p(tmp_path / "other", [[(5, 6)]], n_frames=12)
    assert traces(movie, other, "--stored") == 1
    assert "have 12 frames, but movie.tif has 30" in capsys.readouterr().err

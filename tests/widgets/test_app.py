from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from imageio.v3 import imread

import napari_thunder as nt

ROOT = Path(__file__).resolve().parents[2]

HANGING = """
import time

import napari
from qtpy.QtCore import QTimer
from napari_thunder.widgets.app import open_window
from tests.widgets.conftest import slow_recording

viewer, dock = open_window()
recording, source = slow_recording()
dock.desk.datasets.add(recording)

def hang():
    if dock.desk.why_not_run() or not len(viewer.layers):
        return QTimer.singleShot(50, hang)
    source.hangs.set()
    dock.run()
    viewer.dims.set_current_step(0, 9)
    QTimer.singleShot(300, close)

def close():
    print("closing at", time.time(), flush=True)
    viewer.close()

QTimer.singleShot(50, hang)
napari.run()
"""


def call(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of its own, with settings of its own, to its end."""
    mine = {"NAPARI_CONFIG": str(tmp_path / "settings.yaml"), "XDG_STATE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", *arguments]
    return subprocess.run(command, env=os.environ | mine, capture_output=True, text=True, timeout=120, check=False)


def test_the_program_ends_soon_after_its_window_although_reads_hang(tmp_path: Path) -> None:
    ended = call(tmp_path, "-c", HANGING)
    assert ended.returncode == 0, ended.stderr
    closed = float(ended.stdout.split("closing at ")[1])
    assert time.time() - closed < 10


def test_the_demo_paints_a_coloured_map(tmp_path: Path) -> None:
    picture = tmp_path / "demo.png"
    ended = call(tmp_path, "-m", "napari_thunder.cli", "demo", "--screenshot", str(picture))
    assert ended.returncode == 0, ended.stderr
    pixels = imread(picture)[..., :3].astype(int)
    middle = pixels[200:-200, pixels.shape[1] // 3 : -pixels.shape[1] // 3]
    coloured = (middle.max(axis=-1) - middle.min(axis=-1)) > 60
    assert coloured.sum() > 1000


def test_a_recording_and_its_result_are_shown_from_the_command_line(tmp_path: Path) -> None:
    movie = np.random.default_rng(0).poisson(20, (12, 2, 16, 16)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "movie.ome.tif", movie[:, :, None], metadata={"axes": "TZCYX"}, ome=True)
    recording, result, picture = (str(tmp_path / n) for n in ("movie.ome.tif", "mean.zarr", "shown.png"))
    nt.save_result(nt.run(nt.SummaryImages(), nt.open(recording)), result)
    ended = call(tmp_path, "-m", "napari_thunder.cli", "show", recording, result, "--screenshot", picture)
    assert ended.returncode == 0, ended.stderr
    assert imread(picture).std() > 10


@pytest.mark.parametrize("place", ["no/such/folder/shown.png"])
def test_a_picture_that_cannot_be_saved_is_said(tmp_path: Path, place: str) -> None:
    np.save(tmp_path / "movie.npy", np.ones((3, 2, 8, 8), np.uint8))
    command = ["show", str(tmp_path / "movie.npy"), "--screenshot", str(tmp_path / place)]
    ended = call(tmp_path, "-m", "napari_thunder.cli", *command)
    assert ended.returncode == 1
    assert "could not be saved" in ended.stderr

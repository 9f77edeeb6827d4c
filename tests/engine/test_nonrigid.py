"""Piecewise registration, slow drift and slice timing: the same numbers on every engine, wherever the movie lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.engine import Engine

SHAPE = (16, 4, 40, 56)
GIVEN = {"template_frames": 12, "template_rounds": 1, "drift_window": 3, "drift_every": 4, "block": 120.0}


@pytest.fixture(scope="module")
def fish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fish") / "fish.zarr"
    motion = nt.Motion(drift=8, jitter=1, bend=2, bend_seconds=60)
    nt.simulate(path, SHAPE, voxel_size=(8, 4, 4), motion=motion)
    return path


@pytest.mark.parametrize("mode", ["piecewise 3-D", "slow drift piecewise 3-D"])
def test_both_engines_find_the_same_shifts_and_leave_excluded_frames_out(fish: Path, spark: Engine, mode: str) -> None:
    recording = nt.open(fish, exclude_frames=[6, 7])
    settings = nt.Registration(mode=mode, **GIVEN)
    here = nt.register(recording, settings)
    there = nt.register(recording, settings, engine=spark)
    np.testing.assert_allclose(there["shift"], here["shift"], atol=1e-4)
    lost = np.flatnonzero(np.isnan(here["shift"]).any(["grid_z", "grid_y", "grid_x", "axis"]))
    assert lost.tolist() in ([], [6, 7])


def test_slow_drift_of_the_fish_is_followed(fish: Path) -> None:
    found = nt.register(nt.open(fish), nt.Registration(mode="slow drift 3-D", **GIVEN))
    true = nt.ground_truth(fish)["shift"].values
    error = nt.shifts_of(found).mean - true
    error -= error.mean(axis=0)
    assert np.sqrt((error[:, 1:] ** 2).mean()) < 0.4


def test_a_slice_timed_recording_is_read_alike_by_every_engine(fish: Path, engine: Engine) -> None:
    recording = nt.open(fish, slice_order="interleaved")
    here = nt.run(nt.SummaryImages(), recording)
    there = nt.run(nt.SummaryImages(), nt.open(recording.uri), engine=engine)
    np.testing.assert_allclose(there["mean"], here["mean"], rtol=1e-5)
    assert (here["mean"] != nt.run(nt.SummaryImages(), nt.open(fish))["mean"]).any()

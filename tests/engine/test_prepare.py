"""Preparing a recording on every engine gives the same bytes, also on a server whose workers have nothing of ours."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.engine import Engine
from napari_thunder.engine.spark import SparkEngine
from napari_thunder.errors import EngineError, JobCancelled, RecordingError
from napari_thunder.registration.shifts import Shifts
from tests.engine.test_spark import _java
from tests.preparing.conftest import bytes_of

pytestmark = pytest.mark.timeout(180)

Array = np.ndarray[Any, Any]
SETTINGS = nt.Preparation(brain="automatic", crop_y=(5, 130), background_percentile=10, memory_limit=32)


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    y, x = np.meshgrid(np.linspace(-1, 1, 140), np.linspace(-1, 1, 200), indexing="ij")
    bright = 300 * (y**2 + x**2 < 0.5)
    voxels = np.random.default_rng(2).normal(bright, 9, (40, 4, 140, 200)) + 100
    path = tmp_path_factory.mktemp("movie") / "movie.npy"
    np.save(path, voxels.astype(np.uint16))
    return path


def opened(movie: Path) -> nt.Recording:
    recording = nt.open(movie, voxel_size=(4, 1, 1), frame_rate=3, exclude_frames=[4])
    shifts = np.zeros((40, 3), np.float32)
    shifts[:, 2] = np.sin(np.arange(40) / 9)
    return recording.registered(Shifts.rigid(shifts, recording.shape[1:]))


@pytest.fixture(scope="module")
def by_threads(movie: Path, threads: Engine) -> dict[str, str]:
    prepared = nt.prepare(opened(movie), movie.parent / "fish.zarr", SETTINGS, engine=threads)
    return bytes_of(prepared.uri)


@pytest.mark.parametrize("name", ["spark", "remote"])
def test_the_bytes_are_the_same(
    name: str, movie: Path, by_threads: dict[str, str], request: pytest.FixtureRequest, tmp_path: Path, token: None
) -> None:
    engine: Engine = request.getfixturevalue(name)
    prepared = nt.prepare(opened(movie), tmp_path / "fish.zarr", SETTINGS, engine=engine)
    assert bytes_of(tmp_path / "fish.zarr") == by_threads
    assert prepared.shape == (40, 4, 125, 200)
    assert nt.verify(tmp_path / "fish.zarr", engine=engine).sound


def test_what_a_worker_cannot_do_is_said_as_it_is_here(spark: Engine, movie: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"voxels are below and .* above what uint8"):
        settings = nt.Preparation(dtype="uint8", out_of_range="error")
        nt.prepare(nt.open(movie), tmp_path / "fish.zarr", settings, engine=spark)
    with pytest.raises(RecordingError, match="no such folder"):
        nt.prepare(nt.open(movie), tmp_path / "nowhere" / "fish.zarr", engine=spark)


def test_begun_on_one_engine_it_goes_on_on_another(
    spark: Engine, movie: Path, by_threads: dict[str, str], threads: Engine, tmp_path: Path
) -> None:
    job = nt.Job()
    job.changed.connect(lambda: job.cancel() if job.fraction > 0.3 else None, check_nargs=False)
    with pytest.raises(JobCancelled):
        nt.prepare(opened(movie), tmp_path / "fish.zarr", SETTINGS, engine=spark, job=job)
    nt.prepare(opened(movie), tmp_path / "fish.zarr", SETTINGS, engine=threads)
    assert bytes_of(tmp_path / "fish.zarr") == by_threads


def test_an_array_of_the_desk_is_prepared_by_workers(spark: Engine, tmp_path: Path) -> None:
    voxels = np.random.default_rng(0).integers(0, 999, (8, 2, 20, 30)).astype(np.uint16)
    prepared = nt.prepare(nt.Recording.from_array(voxels), tmp_path / "fish.zarr", engine=spark)
    np.testing.assert_array_equal(prepared.read_volume(3), voxels[3])


@pytest.mark.parametrize("victim", ["server", "worker"])
def test_a_server_or_worker_that_is_killed_loses_nothing(
    victim: str, movie: Path, by_threads: dict[str, str], spark: SparkEngine, tmp_path: Path
) -> None:
    job, killed = nt.Job(), []

    def kill() -> None:
        if job.fraction > 0.2 and not killed:
            java = _java(spark)
            workers = [p for p in java.children(recursive=True) if "python" in p.name() and not p.children()]
            killed.append(java if victim == "server" else workers[-1])
            killed[0].kill()

    job.changed.connect(kill, check_nargs=False)
    for attempt in (job, None, None):
        if not (tmp_path / "fish.zarr").exists():
            with suppress(EngineError):
                nt.prepare(opened(movie), tmp_path / "fish.zarr", SETTINGS, engine=spark, job=attempt)
    assert killed
    assert bytes_of(tmp_path / "fish.zarr") == by_threads

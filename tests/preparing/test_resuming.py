"""Whatever is killed, cancelled or full: what is half done is never taken for a store, and the end is the same."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import JobCancelled, RecordingError
from napari_thunder.io.storing import finishing, shard
from napari_thunder.preparing import Preparation
from tests.preparing.conftest import bytes_of
from tests.preparing.killed import prepare

Array = np.ndarray[Any, Any]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "fish.ome.zarr"


@pytest.fixture
def draft(store: Path) -> Path:
    return store.with_name("fish.ome.zarr.preparing")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked, for speed")
def test_killed_ten_times_at_random_it_ends_with_the_same_bytes(movie: Array, tmp_path: Path, store: Path) -> None:
    np.save(tmp_path / "movie.npy", movie)
    chance = random.Random(7)
    with _program(tmp_path / "movie.npy", store) as program:
        states = [_killed(program, chance.randint(1, 7), store) for _ in range(10)]
    assert len(set(states)) > 4, "it was killed at too few different points"
    prepare(str(tmp_path / "movie.npy"), str(tmp_path / "control.ome.zarr"))
    if not store.exists():
        prepare(str(tmp_path / "movie.npy"), str(store))
    assert nt.verify(store).sound
    control = bytes_of(tmp_path / "control.ome.zarr")
    assert bytes_of(store) == control | {"zarr.json": control["zarr.json"].replace("'control'", "'fish'")}


@contextmanager
def _program(movie: Path, store: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.preparing.killed", str(movie), str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        yield program
        assert program.stdin is not None
        program.stdin.close()


def _killed(program: subprocess.Popen[str], n_files: int, store: Path) -> int:
    """Let a process work until there are so many files more, and kill it; how many there are then."""
    assert program.stdin is not None
    assert program.stdout is not None
    before = _n_files(store.parent)
    program.stdin.write("another\n")
    program.stdin.flush()
    process = int(program.stdout.readline())
    patience = time.monotonic() + 10
    while _n_files(store.parent) < before + n_files and not store.exists() and time.monotonic() < patience:
        time.sleep(0.001)
    os.kill(process, signal.SIGKILL)
    if not store.exists():
        for place in (store, store.with_name(f"{store.name}.preparing")):
            with pytest.raises(RecordingError):
                nt.open(place)
    return _n_files(store.parent)


def _n_files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


@pytest.mark.parametrize("where", ["_write_skeleton", "_publish", "_sync", "publish_whole"])
def test_an_end_at_any_point_of_finishing_is_gone_on_with(
    recording: nt.Recording, store: Path, draft: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nt.prepare(recording, store.with_name("control.ome.zarr"))
    with monkeypatch.context() as patch:
        calls = iter(range(100))

        def end(*_: object) -> None:
            if where != "_sync" or next(calls) == 5:
                raise KeyboardInterrupt

        patch.setattr(finishing, where, end)
        with pytest.raises(KeyboardInterrupt):
            nt.prepare(recording, store)
        assert not store.exists()
    nt.prepare(recording, store)
    files, control = bytes_of(store), bytes_of(store.with_name("control.ome.zarr"))
    assert files == control | {"zarr.json": control["zarr.json"].replace("'control'", "'fish'")}
    assert not draft.exists()


def test_only_what_is_missing_is_done_again(
    recording: nt.Recording, store: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stopped_at(0.5, recording, store)
    there = {p: p.stat().st_mtime_ns for p in draft.rglob("*") if p.is_file() and "/c/" in str(p)}
    assert len(there) > 2
    nt.prepare(recording, store)
    for path, written in there.items():
        assert (store / path.relative_to(draft)).stat().st_mtime_ns == written


def test_a_cancelled_one_goes_on_where_it_was(recording: nt.Recording, movie: Array, store: Path, draft: Path) -> None:
    _stopped_at(0.3, recording, store)
    assert draft.exists()
    assert not store.exists()
    with pytest.raises(RecordingError, match="not a recording this program can read"):
        nt.open(draft)
    prepared = nt.prepare(recording, store)
    np.testing.assert_array_equal(prepared.read_volume(33), movie[33])


def test_other_settings_or_another_recording_do_not_go_on(recording: nt.Recording, movie: Array, store: Path) -> None:
    _stopped_at(0.3, recording, store)
    with pytest.raises(RecordingError, match=r"since then changed: dtype='recorded' then.*--restart"):
        nt.prepare(recording, store, Preparation(dtype="float32"))
    with pytest.raises(RecordingError, match="since then changed: what is known of it"):
        nt.prepare(recording.with_known(voxel_size=(1, 1, 1)), store)
    with pytest.raises(RecordingError, match="since then changed: the mask"):
        nt.prepare(recording, store, mask=movie[0] > 120)
    np.save(recording.uri, movie + 1)
    known = {n: getattr(recording, n) for n in ("voxel_size", "frame_times", "events", "signals", "exclude_frames")}
    changed = nt.open(recording.uri, **known)
    with pytest.raises(RecordingError, match="since then changed: the recording"):
        nt.prepare(changed, store)
    prepared = nt.prepare(changed, store, restart=True)
    np.testing.assert_array_equal(prepared.read_volume(69), movie[69] + 1)


def test_a_disk_that_becomes_full_is_said_to_be_and_what_is_done_is_kept(
    recording: nt.Recording, movie: Array, store: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        written = iter(range(1000))

        def full(place: int) -> None:
            if next(written) > 8:
                raise OSError(errno.ENOSPC, "No space left on device")

        patch.setattr(shard.os, "fsync", full)
        with pytest.raises(RecordingError, match=r"the disk is full\. Free some space and start the same again"):
            nt.prepare(recording, store)
    assert draft.exists()
    np.testing.assert_array_equal(nt.prepare(recording, store).read_volume(1), movie[1])


def test_a_disk_without_room_is_refused_before(
    recording: nt.Recording, store: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_thunder.io.storing import errands

    usage = errands.shutil.disk_usage(store.parent)
    monkeypatch.setattr(errands.shutil, "disk_usage", lambda _: usage._replace(free=100_000))
    with pytest.raises(RecordingError, match=r"the disk has 100 kB free, but the store needs about \d+\.\d MB"):
        nt.prepare(recording, store)
    assert not draft.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_really_full_disk(recording: nt.Recording, movie: Array, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "none", disk], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        (disk / "filler").write_bytes(bytes(8 * 2**20))
        settings = Preparation(compression="small")
        with pytest.raises(RecordingError, match=r"the disk has .* free"):
            nt.prepare(recording, disk / "fish.zarr", settings)
        (disk / "filler").unlink()
        plan = nt.plan_preparation(recording, disk / "fish.zarr", settings)
        assert plan.expected_bytes < plan.free_bytes
        _fill_up_at(0.4, recording, disk, settings)
        (disk / "filler").unlink()
        np.testing.assert_array_equal(nt.prepare(recording, disk / "fish.zarr", settings).read_volume(7), movie[7])
    finally:
        subprocess.run(["umount", disk], check=True)


def _fill_up_at(fraction: float, recording: nt.Recording, disk: Path, settings: Preparation) -> None:
    job = nt.Job()

    def fill() -> None:
        if job.fraction > fraction and not (disk / "filler").exists():
            with pytest.raises(OSError, match="No space"), (disk / "filler").open("wb", buffering=0) as file:
                while True:
                    if file.write(bytes(2**16)) < 2**16:
                        raise OSError("No space")

    job.changed.connect(fill, check_nargs=False)
    with pytest.raises(RecordingError, match="the disk is full"):
        nt.prepare(recording, disk / "fish.zarr", settings, job=job)


def _stopped_at(fraction: float, recording: nt.Recording, store: Path) -> None:
    job = nt.Job()
    job.changed.connect(lambda: job.cancel() if job.fraction > fraction else None, check_nargs=False)
    with pytest.raises(JobCancelled):
        nt.prepare(recording, store, job=job)
    time.sleep(0.2)  # what was under way may end

"""Damage to a prepared store is found and named; damage that is read is never taken for voxels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

import napari_thunder as nt
from napari_thunder.blocks import Block
from napari_thunder.cli import FAILED, OK, main
from napari_thunder.errors import JobCancelled, RecordingError

ALL = Block(0, (0, 70), (0, 0, 0), (5, 150, 140))


@pytest.fixture
def store(control: Path, tmp_path: Path) -> Path:
    """One to be damaged, a copy of the same one for all tests."""
    return Path(shutil.copytree(control, tmp_path / "fish.ome.zarr"))


def one_shard(store: Path, key: str) -> Path:
    return sorted(p for p in (store / key / "c").rglob("*") if p.is_file())[-1]


def test_a_sound_store_is_said_to_be(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = nt.verify(store)
    assert found.sound
    files = [p.name for p in store.rglob("*") if p.is_file()]
    assert found.n_files == len([name for name in files if name not in ("zarr.json", "checksums.sha256")])
    assert main(["verify", str(store)]) == OK
    assert "sound" in capsys.readouterr().out


@pytest.mark.parametrize("key", ["0", "1", "series"])
def test_a_flipped_bit_is_found_and_its_shard_named(store: Path, key: str, capsys: pytest.CaptureFixture[str]) -> None:
    shard = one_shard(store, key)
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 4
    shard.write_bytes(data)
    found = nt.verify(store)
    assert found.damaged == (shard.relative_to(store).as_posix(),)
    assert main(["verify", str(store)]) == FAILED
    assert f"damaged: {found.damaged[0]}" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["0", "series"])
def test_a_lost_shard_is_named_when_it_is_read_and_when_verified(store: Path, key: str) -> None:
    shard = one_shard(store, key)
    shard.unlink()
    assert nt.verify(store).missing == (shard.relative_to(store).as_posix(),)
    opened = nt.open(store)
    with pytest.raises(RecordingError, match=rf"fish\.ome\.zarr/{key}: shard .* is missing"):
        opened.read_block(ALL) if key == "series" else [opened.read_volume(t) for t in range(70)]


def test_a_shard_that_was_cut_short_is_named_when_it_is_read(store: Path) -> None:
    shard = one_shard(store, "series")
    shard.write_bytes(shard.read_bytes()[:-1000])
    with pytest.raises(RecordingError, match=r"series.*(damaged|cannot be read)"):
        nt.open(store).read_block(ALL)


def test_a_simulated_recording_can_be_verified_too(tmp_path: Path) -> None:
    nt.simulate(tmp_path / "fish.zarr", shape=(4, 2, 20, 20))
    assert nt.verify(tmp_path / "fish.zarr").sound


def test_what_has_no_checksums_cannot_be_verified(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "fish.zarr", data=np.zeros((4, 2, 20, 20)))
    with pytest.raises(RecordingError, match="no checksums to compare with"):
        nt.verify(tmp_path / "fish.zarr")


def test_a_list_of_checksums_that_leads_elsewhere_is_not_followed(store: Path) -> None:
    (store / "checksums.sha256").write_text("0" * 64 + "  ../../etc/passwd\n")
    with pytest.raises(RecordingError, match="does not lie in the store"):
        nt.verify(store)
    (store / "checksums.sha256").write_text("what is this\n")
    with pytest.raises(RecordingError, match="line 1 is no checksum"):
        nt.verify(store)


def test_verifying_can_be_cancelled(store: Path) -> None:
    job = nt.Job()
    job.changed.connect(lambda: job.cancel() if job.fraction > 0.2 else None, check_nargs=False)
    with pytest.raises(JobCancelled):
        nt.verify(store, job=job)


def test_a_damaged_mask_is_said_to_be(recording: nt.Recording, tmp_path: Path) -> None:
    mask = np.zeros(recording.shape[1:], bool)
    mask[:, 5:90, 5:90] = True
    nt.prepare(recording, tmp_path / "masked.zarr", mask=mask)
    for chunk in (p for p in (tmp_path / "masked.zarr" / "labels" / "brain" / "0" / "c").rglob("*") if p.is_file()):
        chunk.write_bytes(b"\0" * 20)
    with pytest.raises(RecordingError, match=r"the mask of the voxels it keeps .* cannot be read"):
        nt.open(tmp_path / "masked.zarr")

"""A movie that others see is described in words, and opened by whoever reads it."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_thunder import simulate
from napari_thunder.blocks import plan_blocks
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.elsewhere import describe_source, described_source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return Path(simulate(tmp_path / "fish.zarr", (20, 3, 24, 40), seed=1).uri)


def test_what_is_described_is_what_is_there(path: Path) -> None:
    here = open_source(path)
    there = pickle.loads(pickle.dumps(described_source(describe_source(here))))
    for name in ("uri", "format", "shape", "dtype", "chunks"):
        assert getattr(there, name) == getattr(here, name)
    assert there.fingerprint() == here.fingerprint()
    np.testing.assert_array_equal(there.read_volume(7), here.read_volume(7))
    block = plan_blocks(here.shape, 2, target_bytes=10_000)[3]
    np.testing.assert_array_equal(there.read_block(block), here.read_block(block))


def test_its_metadata_come_along_to_the_last_digit(path: Path) -> None:
    here, there = open_source(path).metadata, described_source(describe_source(open_source(path))).metadata
    assert there.voxel_size == here.voxel_size
    np.testing.assert_array_equal(there.frame_times, here.frame_times)
    pd.testing.assert_frame_equal(there.events, here.events, check_exact=True)
    pd.testing.assert_frame_equal(there.signals, here.signals, check_exact=True)


def test_who_does_not_see_it_is_told_so(path: Path) -> None:
    there = described_source(describe_source(open_source(path)))
    path.rename(path.with_name("moved.zarr"))
    with pytest.raises(RecordingError, match="only the engine it was opened with"):
        there.read_volume(0)


def test_another_file_of_the_same_name_is_not_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.zeros((3, 1, 4, 5)))
    there = described_source(describe_source(open_source(path)))
    np.save(path, np.zeros((3, 1, 4, 6)))
    with pytest.raises(RecordingError, match="Open it again"):
        there.read_volume(0)


def test_a_change_while_it_is_in_use_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.zeros((3, 1, 4, 5)))
    there = described_source(describe_source(open_source(path)))
    there.read_volume(0)
    np.save(path, np.ones((4, 1, 4, 5)))
    later = time.monotonic() + 60
    monkeypatch.setattr("napari_thunder.io.elsewhere.time.monotonic", lambda: later)
    with pytest.raises(RecordingError, match="Open it again"):
        there.read_volume(0)

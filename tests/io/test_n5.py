"""N5: which dataset, which axes, voxel size, and containers that are not as they should be; written by z5py."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import z5py

import napari_thunder as nt
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source

Array = np.ndarray[Any, Any]


def written(path: Path, key: str, data: Array, compression: str = "gzip", **attributes: Any) -> Path:
    """z5py takes numpy's order of axes, and turns it round for N5."""
    with z5py.File(str(path), "a") as file:
        chunks = tuple(min(4, n) for n in data.shape)
        dataset = file.create_dataset(key, data=data, chunks=chunks, compression=compression)
        for name, value in attributes.items():
            dataset.attrs[name] = value
    return path


@pytest.mark.parametrize("compression", ["raw", "gzip", "bzip2", "zstd"])
def test_every_compression_is_read(tmp_path: Path, movie: Array, compression: str) -> None:
    source = open_source(written(tmp_path / "a.n5", "movie", movie, compression))
    assert source.chunks == (4, 3, 4, 4)
    np.testing.assert_array_equal(source.read_volume(5), movie[5])


def test_axes_and_voxel_size_are_those_of_the_metadata(tmp_path: Path, movie: Array) -> None:
    both = np.stack([movie, movie + 3], axis=1)
    said = {
        "axes": ["x", "y", "z", "c", "t"],
        "resolution": [0.8, 0.7, 5.0, 1.0, 0.5],
        "units": ["um", "um", "um", "", "s"],
    }
    recording = nt.open(written(tmp_path / "a.n5", "movie", both, **said), channel=1)
    assert recording.shape == movie.shape
    np.testing.assert_allclose(recording.voxel_size, (5.0, 0.7, 0.8))
    np.testing.assert_allclose(recording.frame_times, np.arange(7) / 2)
    np.testing.assert_array_equal(recording.read_volume(2), movie[2] + 3)
    assert open_source(recording.uri) == recording.source


def test_time_points_are_stacked_in_natural_order(tmp_path: Path, movie: Array) -> None:
    for t, volume in enumerate(movie):
        said = {"pixelResolution": {"unit": "µm", "dimensions": [0.8, 0.7, 5.0]}}
        written(tmp_path / "a.n5", f"setup0/timepoint{t + 7}/s0", volume, **said)
    recording = nt.open(tmp_path / "a.n5", dataset="setup0/timepoint*/s0")
    np.testing.assert_array_equal(np.stack([recording.read_volume(t) for t in range(7)]), movie)
    np.testing.assert_allclose(recording.voxel_size, (5.0, 0.7, 0.8))
    with pytest.raises(RecordingError, match=r"no dataset matches dataset=/setup1/\*/s0\. It holds: /setup0"):
        open_source(tmp_path / "a.n5", dataset="/setup1/*/s0")
    written(tmp_path / "a.n5", "setup0/timepoint20/s0", movie[0, :, :5])
    with pytest.raises(RecordingError, match="All time points must have the same shape"):
        open_source(tmp_path / "a.n5", dataset="setup0/timepoint*/s0")


def test_of_several_datasets_one_has_to_be_named(tmp_path: Path, movie: Array) -> None:
    written(tmp_path / "a.n5", "green", movie)
    path = written(tmp_path / "a.n5", "group/red", movie + 1)
    with pytest.raises(RecordingError, match=r"which dataset is the movie.*/green \(13, 11, 3, 7\); /group/red"):
        open_source(path)
    source = open_source(f"{path}?dataset=/group/red")
    np.testing.assert_array_equal(source.read_volume(0), movie[0] + 1)
    assert open_source(path / "group" / "red").shape == movie.shape


def test_a_dataset_that_is_not_there_is_said_not_to_be(tmp_path: Path, movie: Array) -> None:
    written(tmp_path / "a.n5", "green", movie)
    with pytest.raises(RecordingError, match="blue"):
        open_source(tmp_path / "a.n5", dataset="blue")


def test_a_damaged_block_is_said_to_be(tmp_path: Path, movie: Array) -> None:
    path = written(tmp_path / "a.n5", "green", movie)
    source = open_source(path)
    (path / "green" / "0" / "0" / "0" / "1").write_bytes(b"\x00\x00\x00\x04 not a block")
    np.testing.assert_array_equal(source.read_volume(0), movie[0])
    with pytest.raises(RecordingError, match="cannot be read"):
        source.read_volume(4)


def test_damaged_metadata_are_said_to_be(tmp_path: Path, movie: Array) -> None:
    path = written(tmp_path / "a.n5", "green", movie)
    (path / "green" / "attributes.json").write_text("{")
    with pytest.raises(RecordingError, match=r"attributes\.json: cannot be read"):
        open_source(path)


def test_a_forked_process_is_told_instead_of_aborting(
    tmp_path: Path, movie: Array, run_elsewhere: Callable[..., Any]
) -> None:
    source = open_source(written(tmp_path / "a.n5", "green", movie))
    with pytest.raises(RecordingError, match="forked off"):
        run_elsewhere(source.read_volume, 5)


def test_without_its_package_one_is_told_what_to_install(
    tmp_path: Path, movie: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.n5", "green", movie)
    monkeypatch.setitem(sys.modules, "tensorstore", None)
    with pytest.raises(RecordingError, match=r"pip install 'napari-thunder\[n5\]'"):
        open_source(path)

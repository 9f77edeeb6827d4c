"""HDF5: which dataset, which axes, and what is said of files that are not as they should be."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.mapped import MappedArray

Array = np.ndarray[Any, Any]


@pytest.fixture
def file(tmp_path: Path, movie: Array) -> Path:
    """A file with a movie, another one, and a table."""
    path = tmp_path / "session.h5"
    with h5py.File(path, "w") as written:
        written["raw/green"] = movie
        written.create_dataset("raw/red", data=movie + 1, chunks=(1, 1, 11, 13), compression="gzip")
        written["ΔF & co/50 %?"] = movie + 2
        written["behaviour"] = np.arange(7.0)
        written["names"] = ["a", "b"]
    return path


def test_a_dataset_is_chosen_by_its_path(file: Path, movie: Array) -> None:
    for place, offset in (("/raw/green", 0), ("raw/red", 1), ("ΔF & co/50 %?", 2)):
        source = open_source(file, dataset=place)
        np.testing.assert_array_equal(source.read_volume(3), movie[3] + offset)
        assert open_source(source.uri) == source
    np.testing.assert_array_equal(open_source(f"{file}?dataset=/raw/red").read_volume(0), movie[0] + 1)


def test_which_dataset_is_meant_is_asked_with_a_list_of_them(file: Path) -> None:
    with pytest.raises(RecordingError, match=r"which dataset is the movie\?.*session\.h5\?dataset=/a/b") as error:
        open_source(file)
    assert "/raw/green (7, 3, 11, 13) uint16" in str(error.value)
    assert "behaviour" not in str(error.value)


def test_the_only_dataset_with_planes_is_meant(tmp_path: Path, movie: Array) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["mean"], file["movie"] = movie[0], movie
    assert open_source(tmp_path / "a.h5").uri == f"{tmp_path / 'a.h5'}?dataset=/movie"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("/raw", "there is a group at dataset=/raw"),
        ("/nothing", "there is nothing at dataset=/nothing.*It|The file holds: /raw/green"),
        ("/names", "voxels must be real numbers|Python objects"),
        ("/behaviour", "not a movie"),
    ],
)
def test_a_wrong_dataset_is_said_to_be_one(file: Path, place: str, message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        open_source(file, dataset=place)


def test_axes_may_lie_in_any_order(tmp_path: Path, movie: Array) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("movie", data=movie.transpose(3, 1, 0, 2), chunks=(13, 1, 2, 4))
    for axes in ("xzty", "x, z, t, y"):
        source = open_source(tmp_path / "a.h5", axes=axes)
        assert source.chunks == (2, 1, 4, 13)
        np.testing.assert_array_equal(source.read_block(Block(0, (0, 7), (0, 0, 0), (3, 11, 13))), movie)
        assert open_source(source.uri) == source
    for wrong in ("xztyc", "xz", "abcd", "", "xxty"):
        with pytest.raises(RecordingError, match="axes"):
            open_source(tmp_path / "a.h5", axes=wrong)


def test_an_anatomy_is_a_movie_of_one_frame(tmp_path: Path, movie: Array) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["anatomy"] = movie[0]
        file["anatomy"].attrs["element_size_um"] = [5.0, 0.8, 0.7]
    recording = nt.open(tmp_path / "a.h5", axes="zyx")
    assert recording.shape == (1, 3, 11, 13)
    assert recording.voxel_size == (5.0, 0.8, 0.7)


def test_a_channel_is_chosen(tmp_path: Path, movie: Array) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["movie"] = np.stack([movie, movie + 5], axis=1)
    with pytest.raises(RecordingError, match="2 channels"):
        open_source(tmp_path / "a.h5")
    source = open_source(tmp_path / "a.h5", channel=1)
    np.testing.assert_array_equal(source.read_volume(2), movie[2] + 5)
    assert open_source(source.uri) == source


def test_plain_numbers_are_mapped_and_read_beside_each_other(file: Path) -> None:
    assert isinstance(open_source(file, dataset="/raw/green").array, MappedArray)  # type: ignore[attr-defined]
    assert not isinstance(open_source(file, dataset="/raw/red").array, MappedArray)  # type: ignore[attr-defined]


def test_links_to_other_files_are_followed(file: Path, tmp_path: Path, movie: Array) -> None:
    with h5py.File(tmp_path / "linked.h5", "w") as written:
        written["green"] = h5py.ExternalLink(file.name, "/raw/green")
        layout = h5py.VirtualLayout((7, 3, 11, 13), "u2")
        layout[:] = h5py.VirtualSource(file.name, "raw/red", (7, 3, 11, 13))
        written.create_virtual_dataset("red", layout)
    for place, offset in (("green", 0), ("red", 1)):
        source = pickle.loads(pickle.dumps(open_source(tmp_path / "linked.h5", dataset=place)))
        np.testing.assert_array_equal(source.read_volume(3), movie[3] + offset)


def test_a_file_that_was_cut_short_is_said_to_be(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(RecordingError, match=r"not a whole HDF5 file.*truncated"):
        open_source(file, dataset="/raw/red")


def test_a_damaged_chunk_is_named_and_the_others_are_read(file: Path, movie: Array) -> None:
    with h5py.File(file) as opened:
        chunk = opened["raw/red"].id.get_chunk_info_by_coord((4, 0, 0, 0))
    with file.open("r+b") as written:
        written.seek(chunk.byte_offset + 10)
        written.write(b"\xff" * (chunk.size - 20))
    source = open_source(file, dataset="/raw/red")
    np.testing.assert_array_equal(source.read_volume(3), movie[3] + 1)
    with pytest.raises(RecordingError, match=r"dataset /raw/red cannot be read from \(4, 0, 0, 0\)"):
        source.read_volume(4)


@pytest.mark.parametrize("place", ["/raw/green", "/raw/red"])
def test_a_file_that_changes_under_its_reader_is_noticed(file: Path, place: str, movie: Array) -> None:
    source = open_source(file, dataset=place)
    source.read_volume(0)
    file.unlink()
    with h5py.File(file, "w") as written:
        written[place] = np.repeat(movie, 2, 0)
    with pytest.raises(RecordingError, match="has changed since the recording was opened"):
        source.read_volume(0)
    file.unlink()
    with pytest.raises(RecordingError, match="cannot be read"):
        source.read_volume(0)


def test_a_file_of_that_name_that_is_not_hdf5_is_of_no_known_format(tmp_path: Path) -> None:
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(4000))
    with pytest.raises(RecordingError, match="not a recording this program can read"):
        open_source(tmp_path / "a.mat")


def test_another_process_reads_the_same(file: Path, movie: Array, run_elsewhere: Callable[..., Any]) -> None:
    source = open_source(file, dataset="/raw/red")
    source.read_volume(0)
    np.testing.assert_array_equal(run_elsewhere(source.read_volume, 5), movie[5] + 1)

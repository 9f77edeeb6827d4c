"""NumPy files: which array is the movie, what lies beside it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source

Array = np.ndarray[Any, Any]


def test_three_axes_are_frames_of_one_plane(tmp_path: Path, movie: Array) -> None:
    np.save(tmp_path / "a.npy", movie[:, 0])
    source = open_source(tmp_path / "a.npy")
    assert source.shape == (7, 1, 11, 13)
    np.testing.assert_array_equal(source.read_volume(6)[0], movie[6, 0])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_tells_voxel_size_times_and_signals(tmp_path: Path, movie: Array, save: Any) -> None:
    swim = np.arange(7.0)
    on = np.array([0, 1, 1, 0, 0, 1, 0], bool)
    times = np.array([0, 1, 2, 4, 5, 6, 7.5])
    beside = {"names": np.array(["a"] * 7), "design": np.zeros((7, 2)), "directions": np.arange(12)}
    save(tmp_path / "a.npz", data=movie, swim=swim, on=on, voxel_size=[5, 0.8, 0.8], frame_times=times, **beside)
    known = open_source(tmp_path / "a.npz").metadata
    assert known.voxel_size == (5, 0.8, 0.8)
    np.testing.assert_array_equal(known.frame_times, times)
    assert known.signals is not None
    assert known.signals.index.name == "frame"
    assert list(known.signals) == ["swim", "on"]
    np.testing.assert_array_equal(known.signals["swim"], swim)


def test_a_frame_rate_gives_frame_times(tmp_path: Path, movie: Array) -> None:
    np.savez(tmp_path / "a.npz", data=movie, frame_rate=4.0)
    np.testing.assert_allclose(open_source(tmp_path / "a.npz").metadata.frame_times, np.arange(7) / 4)


def test_metadata_that_do_not_fit_are_errors(tmp_path: Path, movie: Array) -> None:
    for wrong, message in (
        ({"frame_times": np.arange(6)}, r"frame_times has shape \(6,\), but there are 7 frames"),
        ({"voxel_size": [1, 2]}, "voxel_size must be three numbers"),
        ({"frame_rate": 0.0}, "frame_rate must be one number above 0"),
    ):
        np.savez(tmp_path / "a.npz", data=movie, **wrong)
        with pytest.raises(RecordingError, match=message):
            open_source(tmp_path / "a.npz")


def test_it_must_be_clear_which_array_is_the_movie(tmp_path: Path, movie: Array) -> None:
    np.savez(tmp_path / "a.npz", first=movie, second=movie)
    with pytest.raises(RecordingError, match=r"which array is the movie\?.*first \(7, 3, 11, 13\), second"):
        open_source(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", first=movie, mean=movie.mean(0))
    np.testing.assert_array_equal(open_source(tmp_path / "a.npz").read_volume(1), movie[1])


@pytest.mark.parametrize("keep", [0, 5, 60, 1000, -1])
def test_a_truncated_npy_is_named(tmp_path: Path, movie: Array, keep: int) -> None:
    np.save(tmp_path / "a.npy", movie)
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:keep])
    with pytest.raises(RecordingError, match=r"a\.npy: (the file is cut short|not a whole NumPy file)"):
        open_source(tmp_path / "a.npy")


def test_a_file_cut_short_after_opening_is_an_error_not_a_crash(tmp_path: Path, movie: Array) -> None:
    np.save(tmp_path / "a.npy", movie)
    source = open_source(tmp_path / "a.npy")
    source.read_volume(0)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:500])
    with pytest.raises(RecordingError, match="cut short"):
        source.read_volume(6)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_npz_is_named(tmp_path: Path, movie: Array, save: Any) -> None:
    save(tmp_path / "a.npz", data=movie)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    (tmp_path / "cut.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(RecordingError, match=r"cut\.npz: not a whole \.npz file"):
        open_source(tmp_path / "cut.npz")
    if save is np.savez_compressed:
        data[len(data) // 2 : len(data) // 2 + 50] = bytes(50)
        (tmp_path / "bad.npz").write_bytes(data)
        with pytest.raises(RecordingError, match=r"bad\.npz: array data is damaged"):
            open_source(tmp_path / "bad.npz").read_volume(0)


def test_pickles_are_never_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([[[[print]]]], object), allow_pickle=True)
    with pytest.raises(RecordingError, match="Python objects"):
        open_source(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", data=np.array([[[[print]]]], object))
    with pytest.raises(RecordingError, match="array data: it holds Python objects"):
        open_source(tmp_path / "a.npz")


def test_what_is_not_a_movie_is_refused(tmp_path: Path) -> None:
    for array, message in (
        (np.zeros((4, 5)), r"not a movie: its shape \(4, 5\)"),
        (np.zeros((2, 3, 4, 5), complex), "real numbers, but it holds complex128"),
        (np.zeros((2, 0, 4, 5)), "the movie is empty"),
        (np.zeros((2, 2, 2, 2, 2, 2)), "not a movie"),
        (np.zeros((2, 2, 2), "U3"), "real numbers"),
    ):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(RecordingError, match=message):
            open_source(tmp_path / "a.npy")


def test_signals_in_the_other_byte_order_are_read(tmp_path: Path, movie: Array) -> None:
    swim = np.arange(len(movie), dtype=">f4")
    np.savez(tmp_path / "a.npz", data=movie, swim=swim)
    np.testing.assert_array_equal(nt.open(tmp_path / "a.npz").signals["swim"], np.arange(len(movie)))

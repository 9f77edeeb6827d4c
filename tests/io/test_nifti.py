"""NIfTI: voxel size, frame times, scaled numbers, and files that are not as they should be; written by nibabel."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source

Array = np.ndarray[Any, Any]


def written(path: Path, values: Array, units: tuple[str, str], zooms: tuple[float, ...], affine: Array) -> Path:
    image = nibabel.Nifti1Image(values, affine)
    image.header.set_xyzt_units(*units)
    image.header.set_zooms(zooms)
    image.to_filename(path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.NII.GZ"])
def test_an_anatomy_is_one_frame_with_the_affines_voxel_size(tmp_path: Path, movie: Array, name: str) -> None:
    turned = np.array([[0, -0.7, 0, 3], [0.8, 0, 0, 1], [0, 0, 5, 0], [0, 0, 0, 1.0]])
    path = written(tmp_path / name.lower(), movie[0].transpose(2, 1, 0), ("micron", "sec"), (0.8, 0.7, 5), turned)
    recording = nt.open(path.rename(tmp_path / name))
    assert recording.shape == (1, 3, 11, 13)
    np.testing.assert_allclose(recording.voxel_size, (5, 0.7, 0.8), rtol=1e-6)
    assert recording.frame_times is None
    np.testing.assert_array_equal(recording.read_volume(0), movie[0])


def test_millimetres_and_milliseconds_are_converted(tmp_path: Path, movie: Array) -> None:
    values = movie.transpose(3, 2, 1, 0)
    path = written(tmp_path / "a.nii", values, ("mm", "msec"), (2, 2, 3, 500), np.diag([2, 2, 3, 1.0]))
    recording = nt.open(path)
    np.testing.assert_allclose(recording.voxel_size, (3000, 2000, 2000))
    np.testing.assert_allclose(recording.frame_times, np.arange(7) / 2)


def test_without_units_nothing_is_guessed(tmp_path: Path, movie: Array) -> None:
    path = written(tmp_path / "a.nii", movie.transpose(3, 2, 1, 0), ("unknown", "unknown"), (1, 1, 1, 1), np.eye(4))
    assert nt.open(path).missing == ("voxel_size", "frame_times", "events", "signals")


def test_scaled_numbers_are_those_that_nibabel_gives(tmp_path: Path) -> None:
    values = np.random.default_rng(3).normal(5, 3, (13, 11, 3, 7))
    image = nibabel.Nifti1Image(values, np.eye(4), dtype=np.int16)
    image.to_filename(tmp_path / "a.nii.gz")
    source = open_source(tmp_path / "a.nii.gz")
    exact = nibabel.load(tmp_path / "a.nii.gz").get_fdata()
    assert source.dtype == np.float32
    block = Block(0, (2, 6), (1, 3, 2), (3, 9, 8))
    wanted = exact.transpose(3, 2, 1, 0)[(block.time, *block.padded)]
    np.testing.assert_allclose(source.read_block(block), wanted, rtol=1e-6)


def test_a_plain_file_that_was_cut_short_is_said_to_be(tmp_path: Path, movie: Array) -> None:
    path = written(tmp_path / "a.nii", movie.transpose(3, 2, 1, 0), ("mm", "sec"), (1, 1, 1, 1), np.eye(4))
    os.truncate(path, path.stat().st_size - 100)
    with pytest.raises(RecordingError, match=r"cut short: it should have .* Copy it again"):
        open_source(path)
    os.truncate(path, 100)
    with pytest.raises(RecordingError, match="NIfTI file"):
        open_source(path)


def test_a_compressed_file_that_was_cut_short_is_said_to_be_when_it_is_read(tmp_path: Path, movie: Array) -> None:
    path = written(tmp_path / "a.nii.gz", movie.transpose(3, 2, 1, 0), ("mm", "sec"), (1, 1, 1, 1), np.eye(4))
    os.truncate(path, path.stat().st_size - 1000)
    with pytest.raises(RecordingError, match="damaged or cut short"):
        open_source(path).read_volume(0)


@pytest.mark.parametrize("content", [b"", b"not an image" * 100, gzip.compress(b"not an image" * 100)])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_what_only_has_the_name_is_said_to_be_no_nifti(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingError, match="NIfTI file"):
        open_source(tmp_path / name)


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    nibabel.Nifti1Image(np.zeros((4, 4, 4), np.complex64), np.eye(4)).to_filename(tmp_path / "a.nii")
    with pytest.raises(RecordingError, match="must be real numbers"):
        open_source(tmp_path / "a.nii")

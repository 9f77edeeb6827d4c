"""NRRD: which axis is which, voxel size, ways of storing, and files that are not as they should be; by pynrrd."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source

Array = np.ndarray[Any, Any]


def test_an_anatomy_is_one_frame_with_the_voxel_size_of_its_directions(tmp_path: Path, movie: Array) -> None:
    header = {
        "space": "left-posterior-superior",
        "space directions": [[0.0, -0.8, 0.0], [0.7, 0.0, 0.0], [0.0, 0.0, 5.0]],
        "space units": ["microns", "microns", "microns"],
        "kinds": ["domain", "domain", "domain"],
    }
    nrrd.write(str(tmp_path / "a.nrrd"), movie[0].transpose(2, 1, 0), header)
    recording = nt.open(tmp_path / "a.nrrd")
    assert recording.shape == (1, 3, 11, 13)
    np.testing.assert_allclose(recording.voxel_size, (5, 0.7, 0.8))
    np.testing.assert_array_equal(recording.read_volume(0), movie[0])


def test_a_movie_has_times_where_they_have_a_unit(tmp_path: Path, movie: Array) -> None:
    header = {
        "kinds": ["domain", "domain", "time"],
        "spacings": [0.8, 0.7, 250.0],
        "units": ["um", "um", "ms"],
    }
    nrrd.write(str(tmp_path / "a.nrrd"), movie[:, 1].transpose(2, 1, 0), header)
    recording = nt.open(tmp_path / "a.nrrd")
    assert recording.shape == (7, 1, 11, 13)
    np.testing.assert_allclose(recording.voxel_size, (1.0, 0.7, 0.8))
    np.testing.assert_allclose(recording.frame_times, np.arange(7) / 4)
    np.testing.assert_array_equal(recording.read_volume(5)[0], movie[5, 1])


def test_without_units_nothing_is_guessed(tmp_path: Path, movie: Array) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), movie[0].transpose(2, 1, 0), {"spacings": [0.8, 0.7, 5.0]})
    assert nt.open(tmp_path / "a.nrrd").missing == ("voxel_size", "frame_times", "events", "signals")


def test_axes_overrule_the_file(tmp_path: Path, movie: Array) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), movie[:, 0].transpose(2, 1, 0))
    assert open_source(tmp_path / "a.nrrd").shape == (1, 7, 11, 13)
    source = open_source(tmp_path / "a.nrrd", axes="xyt")
    np.testing.assert_array_equal(source.read_volume(4)[0], movie[4, 0])
    assert open_source(source.uri) == source


def test_vectors_are_channels(tmp_path: Path, movie: Array) -> None:
    both = np.stack([movie[0], movie[0] + 7]).transpose(0, 3, 2, 1)
    nrrd.write(str(tmp_path / "a.nrrd"), both, {"kinds": ["vector", "domain", "domain", "domain"]})
    with pytest.raises(RecordingError, match="2 channels"):
        open_source(tmp_path / "a.nrrd")
    np.testing.assert_array_equal(open_source(tmp_path / "a.nrrd", channel=1).read_volume(0), movie[0] + 7)


@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("endian", ["little", "big"])
def test_every_type_of_voxel_is_read(tmp_path: Path, kind: str, endian: str) -> None:
    order = "<" if endian == "little" else ">"
    values = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5).astype(f"{order}{kind}")
    nrrd.write(str(tmp_path / "a.nrrd"), values, {"endian": endian, "encoding": "raw"})
    source = open_source(tmp_path / "a.nrrd")
    assert source.dtype == np.dtype(kind)
    np.testing.assert_array_equal(source.read_volume(1), values[:, :, :, 1].T)


def header(path: Path, *lines: str, data: bytes = b"") -> Path:
    path.write_bytes("\n".join(("NRRD0004", *lines, "", "")).encode() + data)
    return path


PLAIN = ("type: uchar", "dimension: 3", "sizes: 2 2 2", "encoding: raw")


def test_bytes_and_lines_before_the_voxels_are_skipped(tmp_path: Path) -> None:
    wanted = np.arange(8).reshape(2, 2, 2)
    for skip, before in (("byte skip: 3", b"abc"), ("byte skip: -1", b"whatever"), ("line skip: 2", b"a\nb\n")):
        (tmp_path / "a.raw").write_bytes(before + bytes(range(8)))
        path = header(tmp_path / "a.nhdr", *PLAIN, skip, "data file: a.raw")
        np.testing.assert_array_equal(open_source(path).read_volume(0), wanted)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (PLAIN[1:], "no type"),
        ((*PLAIN[:2], "sizes: 2 2", PLAIN[3]), "sizes"),
        ((*PLAIN[:2], "sizes: 2 two 2", PLAIN[3]), "not as the format says"),
        (("type: block", *PLAIN[1:]), "type block, which is not read"),
        ((*PLAIN[:3], "encoding: hex"), "encoded as hex, which is not read"),
        ((*PLAIN, "data file: LIST"), "many files"),
        ((*PLAIN, "data file: gone.raw"), r"gone\.raw, which is not there"),
        ((*PLAIN, "kinds: domain domain"), "2 kinds for 3 axes"),
        (("type: short", *PLAIN[1:]), "no endian"),
    ],
)
def test_a_header_that_is_wrong_is_said_to_be(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        open_source(header(tmp_path / "a.nrrd", *lines, data=bytes(8)))


def test_a_file_that_was_cut_short_is_said_to_be(tmp_path: Path, movie: Array) -> None:
    with pytest.raises(RecordingError, match="cut short"):
        open_source(header(tmp_path / "a.nrrd", *PLAIN, data=bytes(7)))
    nrrd.write(str(tmp_path / "b.nrrd"), movie.transpose(3, 2, 1, 0))
    os.truncate(tmp_path / "b.nrrd", (tmp_path / "b.nrrd").stat().st_size - 100)
    with pytest.raises(RecordingError, match="damaged or cut short"):
        open_source(tmp_path / "b.nrrd").read_volume(0)


def test_what_only_has_the_name_is_said_to_be_no_nrrd(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(b"\x00" * 100)
    with pytest.raises(RecordingError, match="no NRRD file"):
        open_source(tmp_path / "a.nrrd")

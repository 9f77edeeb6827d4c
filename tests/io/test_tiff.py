"""TIFF: what is a page, what the metadata say, and what is wrong with a bad file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import napari_thunder.recording as recording
from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.tiff_pages import as_recording_error

Array = np.ndarray[Any, Any]


def save(path: Path, data: Array, **how: Any) -> Path:
    tifffile.imwrite(path, data, **{"photometric": "minisblack", **how})
    return path


def folder_of(path: Path, volumes: Any, **how: Any) -> Path:
    for i, volume in enumerate(volumes):
        save(path / f"time{i + 1}.tif", volume, **how)
    return path


def flat(movie: Array) -> Array:
    return movie.reshape(-1, *movie.shape[2:])


def test_files_are_in_natural_order(tmp_path: Path) -> None:
    folder_of(tmp_path, [np.full((2, 4, 4), t, np.uint8) for t in range(12)])
    source = open_source(tmp_path)
    assert [int(source.read_volume(t)[0, 0, 0]) for t in range(12)] == list(range(12))


def test_files_of_one_page_are_planes_of_one_movie(tmp_path: Path, movie: Array) -> None:
    source = open_source(folder_of(tmp_path, movie[:, 0]))
    assert source.shape == (7, 1, 11, 13)
    np.testing.assert_array_equal(source.read_volume(3)[0], movie[3, 0])


@pytest.mark.parametrize(
    "how", [{}, {"metadata": None}, {"compression": "zlib"}, {"compression": "zlib", "metadata": None}]
)
def test_pages_without_names_are_frames_unless_planes_are_given(
    tmp_path: Path, movie: Array, how: dict[str, Any]
) -> None:
    path = save(tmp_path / "a.tif", flat(movie), **how)
    assert open_source(path).shape == (21, 1, 11, 13)
    source = open_source(path, planes=3)
    assert source.shape == movie.shape
    np.testing.assert_array_equal(source.read_volume(4), movie[4])
    assert recording.open(path, planes=3).shape == movie.shape
    assert recording.open(f"{path}?planes=3").shape == movie.shape
    assert recording.open(path, planes=3).name == "a.tif"


def test_pages_that_cannot_be_divided_by_planes_are_an_error(tmp_path: Path, movie: Array) -> None:
    path = save(tmp_path / "a.tif", flat(movie))
    with pytest.raises(
        RecordingError, match=r"a\.tif: 21 pages cannot be divided into volumes of 4 planes \(1 are left"
    ):
        open_source(path, planes=4)
    for wrong in (0, -2, "three", 1.5):
        with pytest.raises(RecordingError, match="must be a whole number of planes"):
            open_source(path, planes=wrong)


def test_planes_overrule_slices_that_are_time(tmp_path: Path, movie: Array) -> None:
    path = save(tmp_path / "a.tif", flat(movie), imagej=True, metadata={"axes": "ZYX"})
    assert open_source(path).shape == (1, 21, 11, 13)
    np.testing.assert_array_equal(open_source(path, planes=3).read_volume(5), movie[5])


def test_files_of_many_volumes_follow_each_other_and_the_last_may_be_shorter(tmp_path: Path, movie: Array) -> None:
    for i, part in enumerate((movie[:3], movie[3:6], movie[6:])):
        save(tmp_path / f"part_{i}.tif", flat(part))
    source = open_source(tmp_path, planes=3)
    assert source.shape == movie.shape
    np.testing.assert_array_equal([source.read_volume(t) for t in range(7)], movie)
    assert open_source(source.uri) == source


def test_a_folder_with_one_file_is_that_file(tmp_path: Path, movie: Array) -> None:
    save(tmp_path / "a.tif", movie, metadata={"axes": "TZYX"})
    assert open_source(tmp_path) == open_source(tmp_path / "a.tif")


@pytest.mark.parametrize("axes", ["TCZYX", "TZCYX", "CTZYX"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_one_of_several_channels_is_chosen(tmp_path: Path, movie: Array, axes: str, compression: str | None) -> None:
    both = np.stack([movie, movie + 1], axis=axes.index("C"))
    path = save(tmp_path / "a.ome.tif", both, metadata={"axes": axes}, compression=compression)
    with pytest.raises(RecordingError, match=r"it has 2 channels\. Say which is the recording: channel=0 to channel=1"):
        open_source(path)
    with pytest.raises(RecordingError, match="there is no channel 2"):
        open_source(path, channel=2)
    source = open_source(path, channel=1)
    assert source.shape == movie.shape
    np.testing.assert_array_equal(source.read_volume(2), movie[2] + 1)


def test_channels_are_told_apart_when_planes_are_counted(tmp_path: Path, movie: Array) -> None:
    both = np.stack([flat(movie), flat(movie) + 1], axis=1)
    path = save(tmp_path / "a.tif", both, imagej=True, metadata={"axes": "TCYX"})
    np.testing.assert_array_equal(open_source(path, planes=3, channel=1).read_volume(2), movie[2] + 1)


def test_imagej_says_voxel_size_and_frame_times(tmp_path: Path, movie: Array) -> None:
    said = {"axes": "TZYX", "spacing": 5.0, "unit": "um", "finterval": 0.5}
    path = save(tmp_path / "a.tif", movie, imagej=True, metadata=said, resolution=(1 / 0.8, 1 / 0.4))
    known = open_source(path).metadata
    assert known.voxel_size == pytest.approx((5.0, 0.4, 0.8))
    assert known.frame_times == pytest.approx(np.arange(7) * 0.5)


def test_ome_says_voxel_size_and_frame_times_in_its_units(tmp_path: Path, movie: Array) -> None:
    said = {
        "axes": "TZYX",
        "PhysicalSizeX": 800.0,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.4,
        "PhysicalSizeYUnit": "µm",
        "PhysicalSizeZ": 5.0,
        "TimeIncrement": 250.0,
        "TimeIncrementUnit": "ms",
    }
    known = open_source(save(tmp_path / "a.ome.tif", movie, metadata=said)).metadata
    assert known.voxel_size == pytest.approx((5.0, 0.4, 0.8))
    assert known.frame_times == pytest.approx(np.arange(7) * 0.25)


def test_what_has_no_unit_is_not_known(tmp_path: Path, movie: Array) -> None:
    how = {"imagej": True, "metadata": {"axes": "TZYX", "spacing": 5.0}, "resolution": (2, 2)}
    known = open_source(save(tmp_path / "a.tif", movie, **how)).metadata
    assert known.voxel_size is None
    assert known.frame_times is None


def test_tiffs_of_different_shapes_are_an_error_that_names_the_first_that_differs(tmp_path: Path) -> None:
    volumes = [np.zeros((2, 8, 8), np.uint16)] * 9
    volumes[4] = np.zeros((2, 8, 9), np.uint16)
    volumes[6] = np.zeros((3, 8, 8), np.uint16)
    folder_of(tmp_path, volumes)
    with pytest.raises(RecordingError, match=r"time5\.tif: its pages are \(8, 9\).*those of time1\.tif are \(8, 8\)"):
        open_source(tmp_path)
    (tmp_path / "time5.tif").unlink()
    with pytest.raises(RecordingError, match=r"time7\.tif: it has 3 pages, but the first file has 2.*planes="):
        open_source(tmp_path)


def test_a_differing_compressed_tiff_is_found_when_it_is_read(tmp_path: Path) -> None:
    volumes = [np.zeros((2, 8, 8), np.uint16)] * 9
    volumes[2] = np.zeros((2, 8, 8), np.int16)
    volumes[3] = np.zeros((1, 8, 8), np.uint16)
    source = open_source(folder_of(tmp_path, volumes, compression="zlib"))
    assert source.read_volume(1).shape == (2, 8, 8)
    with pytest.raises(RecordingError, match=r"time3\.tif: its pages are \(8, 8\) int16.*uint16"):
        source.read_volume(2)
    with pytest.raises(RecordingError, match=r"time4\.tif: it has 1 pages, but the first file has 2"):
        source.read_volume(3)


def cut(path: Path, keep: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def read_all(path: Path) -> None:
    source = open_source(path)
    for t in range(source.shape[0]):
        source.read_volume(t)


@pytest.mark.parametrize("keep", [0.0, 0.001, 0.01, 0.3, 0.9, 0.999])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"metadata": None},
        {"compression": "zlib"},
        {"compression": "zlib", "metadata": None},
        {"imagej": True, "metadata": {"axes": "TYX"}},
        {"ome": True},
        {"ome": True, "compression": "lzw"},
        {"bigtiff": True},
    ],
    ids=str,
)
def test_a_truncated_tiff_is_an_error_that_names_it(tmp_path: Path, how: dict[str, Any], keep: float) -> None:
    data = np.random.default_rng(0).integers(0, 60_000, (40, 16, 16)).astype(np.uint16)
    path = cut(save(tmp_path / "movie.tif", data, **how), keep)
    if "imagej" in how and keep >= 0.9:
        return  # only the directory after the voxels is cut, which ImageJ's own format does without
    with pytest.raises(RecordingError, match=r"movie\.tif"):
        read_all(path)


def test_a_truncated_file_in_a_folder_is_named(tmp_path: Path) -> None:
    volumes = np.random.default_rng(0).integers(0, 60_000, (9, 4, 16, 16)).astype(np.uint16)
    folder_of(tmp_path, volumes, compression="zlib")
    cut(tmp_path / "time4.tif", 0.6)
    with pytest.raises(RecordingError, match=r"time4\.tif"):
        read_all(tmp_path)


def test_a_file_that_vanishes_is_named(tmp_path: Path, movie: Array) -> None:
    source = open_source(folder_of(tmp_path, movie))
    (tmp_path / "time3.tif").unlink()
    with pytest.raises(RecordingError, match=r"time3\.tif: cannot be read: No such file"):
        source.read_volume(2)


def test_colour_single_images_and_complex_numbers_are_not_movies(tmp_path: Path) -> None:
    colour = save(tmp_path / "colour.tif", np.zeros((5, 8, 8, 3), np.uint8), photometric="rgb")
    with pytest.raises(RecordingError, match=r"colour\.tif: the image is colour"):
        open_source(colour)
    with pytest.raises(RecordingError, match="not a movie: it holds a single image"):
        open_source(save(tmp_path / "single.tif", np.zeros((8, 8), np.uint8)))
    with pytest.raises(RecordingError, match="voxels must be real numbers, but it holds complex64"):
        open_source(save(tmp_path / "complex.tif", np.zeros((5, 8, 8), np.complex64)))


def test_what_is_no_tiff_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("hello")
    with pytest.raises(RecordingError, match=r"a\.tif is not a whole TIFF"):
        open_source(tmp_path / "a.tif")


def test_an_option_the_format_does_not_have_is_an_error(tmp_path: Path, movie: Array) -> None:
    path = save(tmp_path / "a.tif", flat(movie))
    with pytest.raises(RecordingError, match=r"has no option plains=\. It has: planes, channel"):
        open_source(path, plains=3)


def test_opening_a_large_folder_reads_few_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, np.zeros((60, 2, 4, 4), np.uint8))
    opened = []
    original = tifffile.TiffFile.__init__
    monkeypatch.setattr(
        tifffile.TiffFile, "__init__", lambda self, *a, **k: opened.append(a) or original(self, *a, **k)
    )
    open_source(tmp_path)
    assert len(opened) <= 4


@pytest.mark.parametrize("how", [{"rowsperstrip": 3}, {"tile": (16, 16)}, {"rowsperstrip": 100}], ids=str)
@pytest.mark.parametrize("compression", ["zlib", "lzw", "packbits", "zstd"])
def test_parts_of_compressed_pages_are_read(tmp_path: Path, how: dict[str, Any], compression: str) -> None:
    movie = np.random.default_rng(0).integers(0, 60_000, (4, 2, 37, 41)).astype(np.uint16)
    source = open_source(folder_of(tmp_path, movie, compression=compression, **how))
    for y, x in ((0, 0), (2, 17), (16, 30), (33, 5)):
        block = Block(0, (1, 4), (1, y, x), (2, y + 4, x + 9))
        np.testing.assert_array_equal(source.read_block(block), movie[(block.time, *block.box)])


def test_jpeg_like_pages_are_read_by_tifffile_itself(tmp_path: Path) -> None:
    movie = np.random.default_rng(0).integers(0, 255, (3, 2, 32, 32)).astype(np.uint8)
    folder_of(tmp_path, movie, compression="jpeg")
    expected = [tifffile.imread(tmp_path / f"time{t}.tif") for t in (1, 2, 3)]
    source = open_source(tmp_path)
    np.testing.assert_array_equal([source.read_volume(t) for t in range(3)], expected)


def test_an_ome_tiff_spread_over_files_is_one_movie(tmp_path: Path, movie: Array) -> None:
    """As Micro-Manager and Bio-Formats write it: each file's OME names all files."""
    uuids = [f"urn:uuid:0000000{i}-0000-0000-0000-000000000000" for i in range(len(movie))]
    names = [f"set_t{i}.ome.tif" for i in range(len(movie))]
    data = "".join(
        f'<TiffData FirstT="{t}" FirstZ="{z}" FirstC="0" IFD="{z}" PlaneCount="1">'
        f'<UUID FileName="{names[t]}">{uuids[t]}</UUID></TiffData>'
        for t in range(7)
        for z in range(3)
    )
    for t, volume in enumerate(movie):
        xml = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuids[t]}"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYZTC" Type="uint16" SizeX="13" SizeY="11" SizeZ="3" SizeT="7" '
            'SizeC="1" PhysicalSizeX="0.8" PhysicalSizeY="0.8" PhysicalSizeZ="5">'
            f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{data}</Pixels></Image></OME>'
        )
        save(tmp_path / names[t], volume, description=xml, metadata=None, compression="zlib")
    source = open_source(tmp_path)
    assert source.shape == movie.shape
    assert source.metadata.voxel_size == (5, 0.8, 0.8)
    np.testing.assert_array_equal([source.read_volume(t) for t in range(7)], movie)


def test_what_file_managers_leave_in_a_folder_is_not_taken_for_frames(tmp_path: Path, movie: Array) -> None:
    for t, volume in enumerate(movie):
        tifffile.imwrite(tmp_path / f"t{t}.tif", volume, photometric="minisblack")
    for name in (".DS_Store", "Thumbs.db", "._t0.tif", "notes.txt"):
        (tmp_path / name).write_bytes(b"not an image")
    (tmp_path / "thumbnails.tif").mkdir()
    source = open_source(tmp_path)
    assert source.shape == movie.shape
    np.testing.assert_array_equal(source.read_volume(1), movie[1])


def test_a_folder_of_hidden_tiffs_only_is_not_a_recording(tmp_path: Path) -> None:
    (tmp_path / "._t0.tif").write_bytes(b"not an image")
    with pytest.raises(RecordingError, match="not a recording this program can read"):
        open_source(tmp_path)


def test_a_file_that_is_missed_or_forbidden_is_not_called_damaged(tmp_path: Path, movie: Array) -> None:
    for t, volume in enumerate(movie):
        tifffile.imwrite(tmp_path / f"t{t}.tif", volume, photometric="minisblack")
    (tmp_path / "t99.tif").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RecordingError, match=r"t99\.tif: cannot be read: No such file"):
        open_source(tmp_path)
    with (
        pytest.raises(RecordingError, match=r"t0\.tif: cannot be read: Permission denied\.$"),
        as_recording_error(tmp_path / "t0.tif"),
    ):
        raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux shows them")
def test_a_folder_of_many_files_keeps_few_of_them_open(tmp_path: Path) -> None:
    for t in range(300):
        tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((2, 4, 4), t, np.uint16), photometric="minisblack")
    source = open_source(tmp_path)
    block = source.read_block(Block(0, (0, 300), (0, 0, 0), (2, 4, 4)))
    np.testing.assert_array_equal(block[:, 0, 0, 0], np.arange(300))
    opened = [p for p in Path("/proc/self/fd").iterdir() if os.path.realpath(p).startswith(str(tmp_path))]
    assert len(opened) < 150

"""Thunder's binary folders, of both generations, and the fish in all its formats."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.blocks import Block, plan_blocks
from napari_thunder.errors import RecordingError
from napari_thunder.io import Source, open_source
from tests.io.conftest import series_records, write_series

Array = np.ndarray[Any, Any]


def write_conf(folder: Path, **conf: Any) -> Path:
    (folder / "conf.json").write_text(json.dumps(conf))
    return folder


def whole(source: Source) -> Array:
    return source.read_block(Block(0, (0, source.shape[0]), (0, 0, 0), source.shape[1:]))


def test_records_of_keys_and_values_are_understood_byte_by_byte(tmp_path: Path) -> None:
    """Two voxels, at (row 0, column 0, plane 0) and (row 1, column 0, plane 0), three frames, by hand."""
    (tmp_path / "a.bin").write_bytes(
        struct.pack("<hhh3h", 0, 0, 0, 10, 11, 12) + struct.pack("<hhh3h", 1, 0, 0, 20, 21, 22)
    )
    source = open_source(write_conf(tmp_path, nkeys=3, nvalues=3, keytype="int16", valuetype="int16"))
    assert source.shape == (3, 1, 2, 1)
    np.testing.assert_array_equal(whole(source)[:, 0, :, 0], [[10, 20], [11, 21], [12, 22]])


def test_two_keys_are_row_and_column_and_need_not_begin_at_zero(tmp_path: Path) -> None:
    frames = np.arange(5 * 4 * 6, dtype="<f4").reshape(5, 4, 6)
    record = np.dtype([("k", "<i4", 2), ("v", "<f4", 5)])
    records = [((y + 1, x + 1), frames[:, y, x]) for x in range(6) for y in range(4)]
    np.array(records, record).tofile(tmp_path / "a.bin")
    source = open_source(write_conf(tmp_path, nkeys=2, nvalues=5, keytype="int32", valuetype="float32"))
    np.testing.assert_array_equal(whole(source)[:, 0], frames)


@pytest.mark.parametrize("valuetype", ["float32", "int16"])
def test_voxels_without_a_record_are_nan_or_zero(tmp_path: Path, valuetype: str) -> None:
    record = np.dtype([("k", "<i2", 3), ("v", valuetype, 2)])
    np.array([((0, 0, 0), 1), ((2, 1, 0), 2)], record).tofile(tmp_path / "a.bin")
    source = open_source(write_conf(tmp_path, nkeys=3, nvalues=2, keytype="int16", valuetype=valuetype))
    assert source.shape == (2, 1, 3, 2)
    found = source.read_volume(1)[0]
    assert found[0, 0] == 1
    assert found[2, 1] == 2
    missing = found.ravel()[[1, 2, 3, 4]]
    assert np.isnan(missing).all() if valuetype == "float32" else (missing == 0).all()


@pytest.mark.parametrize("shape", [(5, 1, 4, 4), (5, 2, 3, 4)])
def test_images_and_series_of_both_generations_hold_the_same_movie(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Known answer 46 of the Thunder reference."""
    movie = np.random.default_rng(0).integers(0, 30_000, shape).astype("<i2")
    planes = movie[:, 0] if shape[1] == 1 else movie
    old, new, series = (tmp_path / n for n in ("old", "new", "series"))
    for folder in (old, new, series):
        folder.mkdir()
    for t, image in enumerate(planes):
        row_column_plane = image if image.ndim == 2 else image.transpose(1, 2, 0)
        row_column_plane.ravel(order="F").tofile(old / f"image-{t:05d}.bin")
        image.tofile(new / f"image-{t:05d}.bin")
    np.moveaxis(planes, 0, -1).tofile(series / "series-00000.bin")
    dims = [*shape[2:], shape[1]][: planes.ndim - 1]
    write_conf(old, dims=dims, dtype="int16")
    write_conf(new, shape=list(planes.shape[1:]), dtype="int16")
    write_conf(series, shape=[*planes.shape[1:], len(planes)], dtype="int16")
    for folder, name in ((old, "Thunder images"), (new, "Thunder images"), (series, "Thunder series")):
        source = open_source(folder)
        assert source.format == name
        np.testing.assert_array_equal(whole(source), movie)


def test_bytes_in_the_other_order_are_the_transpose(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (3, 6, 6)).astype(np.uint8)
    for t, image in enumerate(images):
        image.tofile(tmp_path / f"image-{t:05d}.bin")
    write_conf(tmp_path, dims=[6, 6], dtype="uint8")
    np.testing.assert_array_equal(whole(open_source(tmp_path))[:, 0], images.transpose(0, 2, 1))
    np.testing.assert_array_equal(whole(open_source(tmp_path, order="C"))[:, 0], images)
    assert open_source(f"{tmp_path}?order=C").uri == f"{tmp_path}?order=C"
    with pytest.raises(RecordingError, match="order='K' must be C"):
        open_source(tmp_path, order="K")


def test_planes_cut_a_file_into_frames(tmp_path: Path) -> None:
    """Thunder's nplanes: key = file · points + k, of the last axis."""
    stack = np.random.default_rng(0).integers(0, 255, (2, 4, 5, 6)).astype(np.uint8)
    for i, rows_columns_planes in enumerate(stack):
        rows_columns_planes.ravel(order="F").tofile(tmp_path / f"image-{i:05d}.stack")
    write_conf(tmp_path, dims=[4, 5, 6], dtype="uint8")
    source = open_source(tmp_path, planes=2)
    assert source.shape == (6, 2, 4, 5)
    for t in range(6):
        np.testing.assert_array_equal(source.read_volume(t), np.moveaxis(stack[t // 3], -1, 0)[t % 3 * 2 :][:2])
    with pytest.raises(RecordingError, match=r"6 planes in each file cannot be divided into volumes of planes=4"):
        open_source(tmp_path, planes=4)


def test_dims_may_be_given_as_thunder_wrote_them_from_its_own_class(tmp_path: Path) -> None:
    np.zeros(24, "<i2").tofile(tmp_path / "image-00000.bin")
    write_conf(tmp_path, dims={"min": [0, 0, 0], "max": [3, 2, 1]})
    assert open_source(tmp_path).shape == (1, 2, 4, 3)


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"nkeys": 3, "nvalues": 4, "keytype": "int16", "valuetype": "int99"}, "valuetype must be a type of number"),
        ({"nkeys": 0, "nvalues": 4}, "nkeys must be a whole number above 0, but is 0"),
        ({"nkeys": 3}, "nvalues must be a whole number above 0, but is None"),
        ({"nkeys": 5, "nvalues": 4}, "a voxel has 1 to 3 keys"),
        ({"nkeys": 3, "nvalues": 4, "format": "int16"}, "'format' is of a version before 0.4"),
        ({"dims": [4, -1]}, r"dims must be a list of lengths above 0, but is \[4, -1\]"),
        ({"dims": [4, 2], "dtype": "complex64"}, "dtype: voxels must be real numbers"),
        ({"shape": [1, 2, 3, 4, 5, 6], "dtype": "int16"}, "shape must be of 1 to 3 axes of space"),
        ({}, "dims must be a list"),
        ([1, 2], "it should hold names and values"),
    ],
)
def test_a_wrong_conf_is_an_error_that_says_what_is_wrong(tmp_path: Path, conf: Any, message: str) -> None:
    np.zeros(140, np.uint8).tofile(tmp_path / "a.bin")
    (tmp_path / "conf.json").write_text(json.dumps(conf))
    with pytest.raises(RecordingError, match=rf"conf\.json: .*{message}|conf\.json: {message}"):
        open_source(tmp_path)


def test_a_conf_that_is_not_json_is_an_error(tmp_path: Path) -> None:
    np.zeros(140, np.uint8).tofile(tmp_path / "a.bin")
    (tmp_path / "conf.json").write_text("{nkeys: 3}")
    with pytest.raises(RecordingError, match=r"conf\.json: cannot be read as JSON"):
        open_source(tmp_path)


def test_a_conf_of_other_data_is_noticed(tmp_path: Path, fish_folder: Path) -> None:
    data = next((fish_folder / "series").glob("*.bin")).read_bytes()
    (tmp_path / "a.bin").write_bytes(data)
    write_conf(tmp_path, nkeys=2, nvalues=121, keytype="int16", valuetype="int16")
    with pytest.raises(RecordingError, match=r"Check nkeys, nvalues|more than one record"):
        open_source(tmp_path).read_volume(0)


def test_truncated_files_are_named(tmp_path: Path) -> None:
    series, images = tmp_path / "series", tmp_path / "images"
    for folder in (series, images):
        folder.mkdir()
        for i in range(3):
            np.zeros(100 - (i == 1), np.uint8).tofile(folder / f"image-{i}.bin")
    write_conf(series, nkeys=1, nvalues=8, keytype="int16", valuetype="uint8")
    with pytest.raises(
        RecordingError, match=r"image-1\.bin: the file is cut short, or conf\.json does not fit it: 99 bytes"
    ):
        open_source(series)
    write_conf(images, dims=[10, 10], dtype="uint8")
    with pytest.raises(RecordingError, match=r"image-1\.bin: the file is cut short: .*100 bytes, but it has 99"):
        open_source(images)


def test_missing_files_of_a_series_are_noticed(tmp_path: Path) -> None:
    np.zeros(80, "<i2").tofile(tmp_path / "series-00000.bin")
    write_conf(tmp_path, shape=[4, 5, 8], dtype="int16")
    with pytest.raises(RecordingError, match=r"the files hold 10 series, but shape \[4, 5, 8\] in conf\.json says 20"):
        open_source(tmp_path)


def test_the_fish_is_the_same_movie_in_all_its_formats(fish_folder: Path) -> None:
    truth = np.load(fish_folder / "fish.npz")["data"]
    series, npz, tiffs = (open_source(fish_folder / n) for n in ("series", "fish.npz", "images"))
    assert (series.format, npz.format, tiffs.format) == ("Thunder series", "NumPy array", "folder of TIFFs")
    assert series.shape == npz.shape == (240, 2, 76, 87)
    assert tiffs.shape == (20, 2, 76, 87)
    assert series.dtype == npz.dtype == tiffs.dtype == np.uint8
    np.testing.assert_array_equal(whole(series), truth)
    np.testing.assert_array_equal(whole(npz), truth)
    np.testing.assert_array_equal(whole(tiffs), truth[:20])
    for t in (0, 7, 19):
        for source in (series, npz, tiffs):
            np.testing.assert_array_equal(source.read_volume(t), truth[t])
    for block in plan_blocks(series.shape, 1, chunks=series.chunks, target_bytes=500_000):
        np.testing.assert_array_equal(series.read_block(block), truth[(block.time, *block.padded)])


def test_the_fish_brings_its_stimulus_as_signals(fish_folder: Path) -> None:
    signals = open_source(fish_folder / "fish.npz").metadata.signals
    assert signals is not None
    assert {"stim_on", "direction_rad_per_frame", "frame_in_trial"} <= set(signals)
    assert list(signals.index[:3]) == [0, 1, 2]


def test_empty_parts_folders_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    movie = np.arange(3 * 2 * 4 * 5, dtype=np.int16).reshape(3, 2, 4, 5)
    write_series(tmp_path, series_records(movie))
    (tmp_path / "part-99999.bin").touch()
    (tmp_path / "old.bin").mkdir()
    (tmp_path / "SUCCESS").touch()
    conf = {"nkeys": 3, "nvalues": 3, "keytype": "int16", "valuetype": "int16"}
    (tmp_path / "conf.json").write_text(json.dumps(conf), encoding="utf-8-sig")
    source = open_source(tmp_path)
    np.testing.assert_array_equal(source.read_block(plan_blocks(source.shape, 2)[0]), movie)


def test_a_series_whose_files_are_all_empty_is_said_to_be(tmp_path: Path) -> None:
    (tmp_path / "part-0.bin").touch()
    conf = {"nkeys": 3, "nvalues": 3, "keytype": "int16", "valuetype": "int16"}
    (tmp_path / "conf.json").write_text(json.dumps(conf))
    with pytest.raises(RecordingError, match="its files are empty"):
        open_source(tmp_path)


def test_a_folder_without_its_conf_says_how_to_write_one(tmp_path: Path) -> None:
    (tmp_path / "part-00000.bin").write_bytes(bytes(24))
    (tmp_path / "SUCCESS").touch()
    with pytest.raises(RecordingError, match=r"conf\.json: there is no such file, but.*Copy it.*nkeys.*dims"):
        open_source(tmp_path)
    (tmp_path / "notes.doc").touch()
    with pytest.raises(RecordingError, match="not a recording this program can read"):
        open_source(tmp_path)

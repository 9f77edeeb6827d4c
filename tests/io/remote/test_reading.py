"""Recordings are the same from storage as from a disk, in few bytes and few questions, and change is noticed."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

import napari_thunder as nt
from napari_thunder.blocks import plan_blocks
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.registry import remote_formats
from napari_thunder.models.data.facts import where_line, where_text
from tests.io.conftest import WRITERS, own_store, tiff_folder, zarr3, zarr3_sharded
from tests.storage.s3 import S3
from tests.storage.web_server import WebServer

Array = np.ndarray[Any, Any]

READ_THERE = [
    w
    for w in WRITERS
    if w.__name__
    in (
        "zarr2", "zarr3_sharded", "zarr3_named", "ome_zarr_04", "ome_zarr_05", "own_store", "tiff_folder",
        "tiff_folder_deflated", "ome_tiff", "ome_tiff_deflated", "big_tiff",
    )
]  # fmt: skip


def write_paged(folder: Path, data: Array) -> Path:
    """Pages that are found one after the other only, compressed, as of a microscope."""
    with tifffile.TiffWriter(folder / "movie.tif") as writer:
        for page in data.reshape(-1, *data.shape[2:]):
            writer.write(page, contiguous=False, metadata=None, compression="zlib", photometric="minisblack")
    return folder / "movie.tif"


@pytest.fixture(params=READ_THERE, ids=lambda w: w.__name__)
def written(request: pytest.FixtureRequest, tmp_path: Path, movie: Array) -> Path:
    (tmp_path / "lab").mkdir()
    path: Path = request.param(tmp_path / "lab", movie)
    return path


def test_every_format_is_the_same_from_s3_as_from_disk(s3: S3, written: Path, request: pytest.FixtureRequest) -> None:
    here = open_source(written)
    there = open_source(s3.put_folder(written, f"{request.node.name}/{written.name}"))
    assert there.shape == here.shape
    assert there.dtype == here.dtype
    assert there.chunks == here.chunks
    assert there.metadata.voxel_size == here.metadata.voxel_size
    np.testing.assert_array_equal(there.metadata.frame_times, here.metadata.frame_times)
    again = pickle.loads(pickle.dumps(there))
    np.testing.assert_array_equal(again.read_volume(4), here.read_volume(4))
    for block in plan_blocks(here.shape, here.dtype.itemsize, chunks=here.chunks, target_bytes=2000, at_least=4)[:4]:
        np.testing.assert_array_equal(again.read_block(block), here.read_block(block))


@pytest.mark.parametrize("write", [zarr3, zarr3_sharded, tiff_folder, write_paged], ids=lambda w: w.__name__)
def test_a_web_server_does_too(write: Callable[..., Path], web: WebServer, tmp_path: Path, movie: Array) -> None:
    (tmp_path / "lab").mkdir()
    path = write(tmp_path / "lab", movie)
    options = {"planes": 3} if path.name == "movie.tif" else {}
    source = open_source(f"{web.url}/{path.relative_to(tmp_path)}", **options)
    assert source.shape == movie.shape
    for t in (0, 6):
        np.testing.assert_array_equal(source.read_volume(t), movie[t])


def test_a_server_without_ranges_gives_the_same_numbers(web: WebServer, tmp_path: Path, movie: Array) -> None:
    web.knows_ranges = False
    source = open_source(f"{web.url}/{zarr3_sharded(tmp_path, movie).name}")
    np.testing.assert_array_equal(source.read_volume(5), movie[5])


def test_a_source_holds_no_credentials_and_stays_small(s3: S3, tmp_path: Path, movie: Array) -> None:
    source = open_source(s3.put_folder(zarr3(tmp_path, movie), "small.zarr"))
    source.read_volume(0)
    packed = pickle.dumps(source)
    assert len(packed) < 2000
    assert b"secret" not in packed
    assert b"127.0.0.1" not in packed


def test_of_a_plane_only_its_bytes_are_fetched(web: WebServer, tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 999, (40, 200, 300), np.uint16)
    tifffile.imwrite(tmp_path / "movie.tif", data, photometric="minisblack", metadata={"axes": "TYX"})
    source = open_source(f"{web.url}/movie.tif")
    web.asked.clear()
    np.testing.assert_array_equal(source.read_volume(30)[0], data[30])
    (sent,) = [r for _, _, r in web.asked]
    first, last = (int(n) for n in sent.removeprefix("bytes=").split("-"))
    assert last - first + 1 == data[0].nbytes


def test_many_small_files_are_read_at_once(web: WebServer, tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 999, (60, 2, 8, 9), np.uint16)
    (tmp_path / "lab").mkdir()
    source = open_source(f"{web.url}/{tiff_folder(tmp_path / 'lab', data).name}")
    web.delay = 0.1
    begun = time_of(lambda: np.testing.assert_array_equal(read_all(source), data))
    assert begun < 3, "60 files of two or more questions each, one after the other, take 12 s"


def test_many_chunks_are_read_at_once(web: WebServer, tmp_path: Path, movie: Array) -> None:
    zarr.create_array(tmp_path / "m.zarr", data=movie, chunks=(1, 1, 6, 7))
    source = open_source(f"{web.url}/m.zarr")
    web.delay = 0.1
    assert time_of(lambda: np.testing.assert_array_equal(read_all(source), movie)) < 3


def read_all(source: Any) -> Array:
    (block,) = plan_blocks(source.shape, source.dtype.itemsize, chunks=source.shape, target_bytes=2**40, at_least=1)
    found: Array = source.read_block(block)
    return found


def time_of(work: Callable[[], object]) -> float:
    import time

    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def test_a_change_is_noticed(s3: S3, tmp_path: Path, movie: Array) -> None:
    address = s3.put_folder(zarr3(tmp_path, movie), "changing.zarr")
    before = open_source(address).fingerprint()
    assert open_source(address).fingerprint() == before
    s3.put_folder(zarr3_again(tmp_path, movie + 1), "changing.zarr")
    assert open_source(address).fingerprint() != before


def zarr3_again(folder: Path, data: Array) -> Path:
    import shutil

    shutil.rmtree(folder / "movie.zarr")
    return zarr3(folder, data)


def test_a_file_of_a_folder_that_changed_is_noticed(s3: S3, tmp_path: Path, movie: Array) -> None:
    (tmp_path / "lab").mkdir()
    address = s3.put_folder(tiff_folder(tmp_path / "lab", movie), "changing")
    before = open_source(address).fingerprint()
    tifffile.imwrite(tmp_path / "t8.tif", movie[0] + 1, photometric="minisblack")
    s3.put_folder(tmp_path / "t8.tif", "changing/t8.tif")
    assert open_source(address).fingerprint() != before


def test_a_chunk_of_our_store_that_is_lost_is_not_taken_for_zeros(s3: S3, tmp_path: Path, movie: Array) -> None:
    address = s3.put_folder(own_store(tmp_path, movie), "lost.ome.zarr")
    source = open_source(address)
    s3.client.delete_object(Bucket=s3.bucket, Key="lost.ome.zarr/0/c/0/0/0/0")
    with pytest.raises(RecordingError, match=r"s3://lab/lost.ome.zarr/0: shard 0/0/0/0 is missing"):
        source.read_volume(2)


def test_a_cut_short_tiff_is_said(s3: S3, tmp_path: Path, movie: Array) -> None:
    tifffile.imwrite(tmp_path / "movie.tif", movie, photometric="minisblack", metadata={"axes": "TZYX"})
    address = s3.put("short.tif", (tmp_path / "movie.tif").read_bytes()[:3000])
    with pytest.raises(RecordingError, match=r"s3://lab/short.tif.*(cut short|not a whole TIFF)"):
        open_source(address)


def test_metadata_and_options_work_as_of_files(s3: S3, tmp_path: Path, movie: Array) -> None:
    address = s3.put_folder(write_paged(tmp_path, movie), "paged.tif")
    recording = nt.open(f"{address}?planes=3", frame_rate=2.0, voxel_size=(5, 1, 1))
    assert recording.shape == movie.shape
    assert recording.name == "paged.tif"
    assert recording.uri == f"{address}?planes=3"
    assert (where_text(recording), where_line(recording)) == ("storage", recording.uri)
    with pytest.raises(RecordingError, match=r"Zarr has no option planes=\. It has: channel"):
        nt.open(s3.put_folder(zarr3(tmp_path, movie), "opt.zarr"), planes=3)


def test_which_formats_are_read_from_there() -> None:
    assert [known.name for known in remote_formats()] == ["Zarr", "TIFF"]

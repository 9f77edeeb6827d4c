"""Zarr: axes and scale, the two layouts of our own store, and what is said of a damaged one."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr

import napari_thunder.recording as recording
from napari_thunder.blocks import Block
from napari_thunder.errors import RecordingError
from napari_thunder.io import open_source
from napari_thunder.io.store import create_store
from napari_thunder.io.zarr import ZarrSource

Array = np.ndarray[Any, Any]
OmeZarr = Callable[..., Path]
ALL = Block(0, (0, 7), (0, 0, 0), (3, 11, 13))


def opened(path: Path, **options: Any) -> ZarrSource:
    source = open_source(path, **options)
    assert isinstance(source, ZarrSource)
    return source


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("names", ["".join(p) for p in itertools.permutations("tzyx")][::3])
def test_axes_are_found_by_name_in_any_order(
    tmp_path: Path, movie: Array, ome_zarr: OmeZarr, version: str, names: str
) -> None:
    scale = {"t": 0.5, "z": 5.0, "y": 0.8, "x": 0.4}
    array = np.ascontiguousarray(movie.transpose(["tzyx".index(n) for n in names]))
    source = opened(ome_zarr(tmp_path, array, names, [scale[n] for n in names], version))
    np.testing.assert_array_equal(source.read_block(ALL), movie)
    assert source.metadata.voxel_size == (5.0, 0.8, 0.4)
    np.testing.assert_array_equal(source.metadata.frame_times, np.arange(7) * 0.5)
    assert source.format == f"OME-Zarr {version}"


def test_missing_axes_get_length_one(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    plane = opened(ome_zarr(tmp_path / "a", movie[:, 0], "tyx", [0.5, 0.8, 0.8]))
    assert plane.shape == (7, 1, 11, 13)
    assert plane.metadata.voxel_size == (1.0, 0.8, 0.8)
    np.testing.assert_array_equal(plane.read_volume(5)[0], movie[5, 0])
    volume = opened(ome_zarr(tmp_path / "b", movie[0], "zyx", [5, 0.8, 0.8]))
    assert volume.shape == (1, 3, 11, 13)
    assert volume.metadata.frame_times is None
    np.testing.assert_array_equal(volume.read_volume(0), movie[0])


def test_a_channel_is_chosen(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    path = ome_zarr(tmp_path, np.stack([movie, movie + 1], 1), "tczyx", [1, 1, 5, 1, 1])
    with pytest.raises(RecordingError, match="it has 2 channels"):
        open_source(path)
    source = opened(path, channel=1)
    np.testing.assert_array_equal(source.read_block(ALL), movie + 1)
    assert open_source(source.uri) == source


def test_units_are_converted_and_without_units_nothing_is_known(tmp_path: Path, movie: Array) -> None:
    def known(units: dict[str, str], whole: list[float]) -> Any:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.zarr"
        group = zarr.open_group(path, mode="w", zarr_format=2)
        group.create_array("s0", data=movie)
        axes = [{"name": n, **({"unit": units[n]} if n in units else {})} for n in "tzyx"]
        level = {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [1, 5, 0.5, 0.5]}]}
        transform = [{"type": "scale", "scale": whole}]
        image = {"version": "0.4", "axes": axes, "datasets": [level], "coordinateTransformations": transform}
        group.attrs["multiscales"] = [image]
        return opened(path).metadata

    found = known({"t": "millisecond", "z": "micrometer", "y": "nanometer", "x": "micrometer"}, [250, 1, 1000, 2])
    assert found.voxel_size == pytest.approx((5, 0.5, 1.0))
    assert found.frame_times == pytest.approx(np.arange(7) / 4)
    missing = known({"z": "micrometer"}, [1, 1, 1, 1])
    assert missing.voxel_size is None
    assert missing.frame_times is None


def test_coarser_levels_are_sources_too(tmp_path: Path, movie: Array) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=3)
    group.create_array("0", data=movie)
    group.create_array("1", data=movie[:, :, ::2, ::2])
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    scales = ([1, 5, 0.5, 0.5], [1, 5, 1, 1])
    levels = [
        {"path": str(i), "coordinateTransformations": [{"type": "scale", "scale": s}]} for i, s in enumerate(scales)
    ]
    image = {"axes": [{"name": "t", "type": "time"}, *axes], "datasets": levels}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    first, second = opened(tmp_path / "a.zarr").levels
    assert first.shape == movie.shape
    assert second.shape == (7, 3, 6, 7)
    assert second.metadata.voxel_size == (5, 1, 1)
    np.testing.assert_array_equal(second.read_volume(2), movie[2, :, ::2, ::2])


def test_the_only_movie_of_a_plain_group_is_meant(tmp_path: Path, movie: Array) -> None:
    group = zarr.open_group(tmp_path / "a.zarr", mode="w")
    group.create_array("data", data=movie)
    group.create_array("times", data=np.arange(7))
    np.testing.assert_array_equal(opened(tmp_path / "a.zarr").read_block(ALL), movie)
    group.create_array("other", data=movie)
    with pytest.raises(RecordingError, match=r"which array is the movie\?.*data, other"):
        open_source(tmp_path / "a.zarr")
    np.testing.assert_array_equal(opened(tmp_path / "a.zarr" / "other").read_block(ALL), movie)


def test_an_image_one_folder_down_is_found(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    inner = ome_zarr(tmp_path, movie, "tzyx", [1, 1, 1, 1])
    zarr.open_group(tmp_path / "all.zarr", mode="w").attrs["bioformats2raw.layout"] = 3
    inner.rename(tmp_path / "all.zarr" / "0")
    np.testing.assert_array_equal(opened(tmp_path / "all.zarr").read_block(ALL), movie)


def stored(path: Path, movie: Array) -> Path:
    events = pd.DataFrame({"start_time": [1.0], "stop_time": [2.0], "direction": [30]})
    signals = pd.DataFrame({"swim": np.arange(7.0)}, index=pd.Index(range(7), name="frame"))
    times = np.array([0, 1, 2, 3, 5, 6, 7.0])
    writer = create_store(path, movie.shape, movie.dtype, (5, 0.8, 0.8), times)
    writer.write_volumes(0, movie)
    return writer.finish(events, signals)


def test_our_store_opens_as_a_recording_with_all_that_is_known(tmp_path: Path, movie: Array) -> None:
    found = recording.open(stored(tmp_path / "fish.ome.zarr", movie))
    assert found.missing == ()
    assert found.voxel_size == (5, 0.8, 0.8)
    np.testing.assert_array_equal(found.frame_times, [0, 1, 2, 3, 5, 6, 7])
    assert found.events is not None
    assert list(found.events["direction"]) == [30]
    assert found.signals is not None
    assert found.signals.index.name == "frame"
    np.testing.assert_array_equal(found.read_volume(3), movie[3])


def test_our_store_reads_time_series_and_volumes_from_their_own_layouts(tmp_path: Path, movie: Array) -> None:
    path = stored(tmp_path / "fish.ome.zarr", movie)
    zarr.open_group(path, mode="r+")["0"][:] = 9
    source = opened(path)
    assert source.chunks[0] == 7
    np.testing.assert_array_equal(source.read_block(Block(0, (0, 7), (1, 3, 2), (2, 9, 13))), movie[:, 1:2, 3:9, 2:13])
    assert (source.read_volume(0) == 9).all()
    assert (source.read_block(Block(0, (2, 3), (0, 0, 0), (3, 11, 13))) == 9).all()


def test_a_half_written_store_does_not_open(tmp_path: Path, movie: Array) -> None:
    writer = create_store(tmp_path / "fish.ome.zarr", movie.shape, movie.dtype)
    writer.write_volumes(0, movie[:4])
    for place in (tmp_path / "fish.ome.zarr", writer.folder):
        with pytest.raises(RecordingError):
            open_source(place)


def test_a_lost_shard_of_our_store_is_named_not_taken_for_zeros(tmp_path: Path, movie: Array) -> None:
    path = stored(tmp_path / "fish.ome.zarr", np.zeros_like(movie))
    source = opened(path)
    block = Block(0, (0, 7), (1, 0, 0), (2, 8, 5))
    assert not source.read_volume(4).any()
    assert not source.read_block(block).any()
    (path / "0" / "c" / "0" / "0" / "0" / "0").unlink()
    (path / "series" / "c" / "0" / "0" / "0" / "0").unlink()
    with pytest.raises(RecordingError, match=r"fish\.ome\.zarr/0: shard 0/0/0/0 is missing"):
        source.read_volume(4)
    with pytest.raises(RecordingError, match=r"series: shard 0/0/0/0 is missing"):
        source.read_block(block)


def stored_as_before(path: Path, movie: Array, *, complete: bool = True) -> Path:
    """A store of version 1, as it was written before there were shards and levels."""
    group = zarr.open_group(path, mode="w", zarr_format=3)
    axes = [{"name": "t", "type": "time", "unit": "second"}, *({"name": n, "type": "space"} for n in "zyx")]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 1, 1, 1]}]}
    image = {"name": "fish", "axes": axes, "datasets": [level]}
    group.attrs.update({"ome": {"version": "0.5", "multiscales": [image]}})
    group.attrs["thunder"] = {"version": 1, "complete": complete}
    for key, chunks in (("0", (1, 3, 11, 13)), ("series", (7, 1, 5, 5))):
        array = group.create_array(
            key, shape=movie.shape, dtype=movie.dtype, chunks=chunks, dimension_names=tuple("tzyx"),
            config={"write_empty_chunks": True},
        )  # fmt: skip
        array[:] = movie
    return path


def test_a_store_of_version_1_opens(tmp_path: Path, movie: Array) -> None:
    source = opened(stored_as_before(tmp_path / "old.ome.zarr", movie))
    assert source.format == "napari-thunder store"
    assert source.chunks == (7, 1, 5, 5)
    np.testing.assert_array_equal(source.read_volume(3), movie[3])
    np.testing.assert_array_equal(source.read_block(ALL), movie)
    (tmp_path / "old.ome.zarr" / "0" / "c" / "4" / "0" / "0" / "0").unlink()
    with pytest.raises(RecordingError, match=r"old\.ome\.zarr/0: chunk 4/0/0/0 is missing"):
        source.read_volume(4)


def test_a_half_written_store_of_version_1_does_not_open(tmp_path: Path, movie: Array) -> None:
    with pytest.raises(RecordingError, match=r"old\.ome\.zarr: the store is incomplete"):
        open_source(stored_as_before(tmp_path / "old.ome.zarr", movie, complete=False))


def test_a_store_of_a_later_version_does_not_open(tmp_path: Path, movie: Array) -> None:
    path = stored(tmp_path / "fish.ome.zarr", movie)
    zarr.open_group(path, mode="r+").attrs["thunder"] = {"version": 3, "complete": True}
    with pytest.raises(RecordingError, match="another version"):
        open_source(path)


@pytest.mark.parametrize("version", [2, 3])
def test_a_corrupt_chunk_is_named(tmp_path: Path, movie: Array, version: int) -> None:
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=movie, chunks=(1, 3, 6, 13), zarr_format=version)
    chunk = path / ("c/4/0/1/0" if version == 3 else "4.0.1.0")
    chunk.write_bytes(b"\0" * 40)
    source = open_source(path)
    np.testing.assert_array_equal(source.read_volume(3), movie[3])
    with pytest.raises(RecordingError, match=r"a\.zarr: chunk 4/0/1/0 is damaged.*begins at \(4, 0, 6, 0\)"):
        source.read_volume(4)
    with pytest.raises(RecordingError, match="chunk 4/0/1/0 is damaged"):
        source.read_block(ALL)


def test_a_truncated_uncompressed_chunk_is_named(tmp_path: Path, movie: Array) -> None:
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=movie, chunks=(1, 3, 11, 13), compressors=None)
    chunk = path / "c/2/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:100])
    with pytest.raises(RecordingError, match="chunk 2/0/0/0 is damaged"):
        open_source(path).read_volume(2)


def test_a_damaged_header_is_named(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    path = ome_zarr(tmp_path, movie, "tzyx", [1, 1, 1, 1])
    (path / "0" / "zarr.json").write_text("{")
    with pytest.raises(RecordingError, match=r"movie\.ome\.zarr/0: cannot be opened as Zarr"):
        open_source(path)
    (path / "zarr.json").write_text("{")
    with pytest.raises(RecordingError, match=r"movie\.ome\.zarr: cannot be opened as Zarr"):
        open_source(path)


def test_what_is_not_a_movie_is_refused(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    zarr.create_array(tmp_path / "flat.zarr", data=movie[0, 0])
    with pytest.raises(RecordingError, match="not a movie"):
        open_source(tmp_path / "flat.zarr")
    zarr.create_array(tmp_path / "complex.zarr", data=movie.astype(complex))
    with pytest.raises(RecordingError, match="real numbers, but it holds complex128"):
        open_source(tmp_path / "complex.zarr")
    with pytest.raises(RecordingError, match=r"not a movie: its axes are c, y, x"):
        open_source(ome_zarr(tmp_path / "c", movie[0], "cyx", [1, 1, 1]))
    with pytest.raises(RecordingError, match="names the axes t, y, x, but the array has 4"):
        open_source(ome_zarr(tmp_path / "d", movie, "tyx", [1, 1, 1]))


def test_ome_metadata_that_are_not_as_they_should_be_are_named(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    path = ome_zarr(tmp_path, movie, "tzyx", [1, 1, 1, 1])
    zarr.open_group(path, mode="r+").attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": []}]}
    with pytest.raises(RecordingError, match=r"its OME metadata is not as OME-Zarr says: KeyError\('datasets'\)"):
        open_source(path)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_axes_named_as_xarray_users_name_them_are_understood(tmp_path: Path, movie: Array, zarr_format: int) -> None:
    xr.DataArray(movie.T, dims=("x", "y", "z", "time"), name="movie").to_dataset().to_zarr(
        tmp_path / "a.zarr", zarr_format=zarr_format, consolidated=False
    )
    source = open_source(tmp_path / "a.zarr")
    assert source.shape == movie.shape
    np.testing.assert_array_equal(source.read_volume(1), movie[1])


def test_names_that_contradict_the_usual_order_are_not_overruled(tmp_path: Path, movie: Array) -> None:
    names = ("x", "y", "z", "trial")
    zarr.create_array(tmp_path / "a.zarr", data=movie.T.copy(), chunks=movie.T.shape, dimension_names=names)
    with pytest.raises(RecordingError, match=r"called x, y, z, trial, which leaves open which is which\. Call them t"):
        open_source(tmp_path / "a.zarr")
    words = ("frame", "plane", "y", "x")
    zarr.create_array(tmp_path / "b.zarr", data=movie, chunks=movie.shape, dimension_names=words)
    assert open_source(tmp_path / "b.zarr").shape == movie.shape


def test_packed_numbers_are_not_taken_as_they_are(tmp_path: Path, movie: Array) -> None:
    dataset = xr.DataArray(movie * 0.5, dims=("t", "z", "y", "x"), name="movie").to_dataset()
    packing = {"dtype": "int16", "scale_factor": 0.5, "add_offset": 10.0, "_FillValue": -1}
    dataset.to_zarr(tmp_path / "a.zarr", encoding={"movie": packing}, consolidated=False)
    with pytest.raises(
        RecordingError, match=r"numbers are packed \(scale_factor 0\.5, add_offset 10\.0\).*Write it again"
    ):
        open_source(tmp_path / "a.zarr")


def test_a_level_that_is_named_but_not_there_is_said_not_to_be(tmp_path: Path, movie: Array, ome_zarr: OmeZarr) -> None:
    path = ome_zarr(tmp_path / "a.zarr", movie, "tzyx", [1, 1, 1, 1])
    shutil.rmtree(path / "0")
    with pytest.raises(RecordingError, match=r"0: there is no Zarr array, although the group's metadata names one"):
        open_source(path)

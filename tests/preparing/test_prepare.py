"""What is in a prepared store: the voxels, as asked for, in both layouts, and all that is known of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage.measure
import zarr

import napari_thunder as nt
from napari_thunder.blocks import Block
from napari_thunder.errors import ParameterError, RecordingError
from napari_thunder.preparing import Preparation
from napari_thunder.regions import region_of_mask
from napari_thunder.registration.shifts import Shifts

Array = np.ndarray[Any, Any]
Arrays = Callable[[str], tuple[Array, Array]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "fish.ome.zarr"


def test_both_layouts_hold_the_movie(recording: nt.Recording, movie: Array, store: Path, arrays: Arrays) -> None:
    prepared = nt.prepare(recording, store)
    image, series = arrays(prepared.uri)
    np.testing.assert_array_equal(image, movie)
    np.testing.assert_array_equal(series, movie)
    assert not list(store.parent.glob("*.preparing"))
    assert _n_files(store / "0") > 4
    assert _n_files(store / "series") > 4


def test_the_opened_store_reads_volumes_and_series(recording: nt.Recording, movie: Array, store: Path) -> None:
    prepared = nt.prepare(recording, store)
    np.testing.assert_array_equal(prepared.read_volume(37), movie[37])
    box = Block(0, (0, 70), (1, 20, 33), (3, 55, 41))
    np.testing.assert_array_equal(prepared.read_block(box), movie[(slice(None), *box.box)])


def test_what_is_known_of_the_recording_comes_along(recording: nt.Recording, store: Path) -> None:
    prepared = nt.prepare(recording, store, Preparation(exclude_frames=(60,)))
    assert prepared.voxel_size == recording.voxel_size
    np.testing.assert_array_equal(prepared.frame_times, recording.frame_times)
    assert prepared.exclude_frames == (3, 50, 60)
    assert prepared.mask is None
    assert prepared.events is not None
    assert prepared.events.equals(recording.events)
    assert prepared.signals is not None
    np.testing.assert_array_equal(prepared.signals["swim"], np.arange(70))


def test_a_recording_in_memory_is_prepared_too(movie: Array, store: Path, arrays: Arrays) -> None:
    nt.prepare(nt.Recording.from_array(movie[:9]), store)
    np.testing.assert_array_equal(arrays(store)[0], movie[:9])


def test_each_level_is_the_mean_of_the_one_before(recording: nt.Recording, movie: Array, store: Path) -> None:
    prepared = nt.prepare(recording, store)
    levels = prepared.source.levels
    assert [level.shape for level in levels] == [(70, 5, 150, 140), (70, 5, 75, 70)]
    assert levels[1].metadata.voxel_size == (4, 2, 3)
    means = skimage.measure.block_reduce(movie[11].astype(np.float64), (1, 2, 2), np.mean)
    np.testing.assert_array_equal(levels[1].read_volume(11), np.rint(means))


def test_a_part_is_cut_out_with_all_that_belongs_to_it(
    recording: nt.Recording, movie: Array, store: Path, arrays: Arrays
) -> None:
    crop = Preparation(crop_t=(10, 45), crop_z=(1, 4), crop_y=(20, 121), crop_x=(0, 90))
    prepared = nt.prepare(recording, store, crop)
    for array in arrays(store):
        np.testing.assert_array_equal(array, movie[10:45, 1:4, 20:121, :90])
    np.testing.assert_array_equal(prepared.frame_times, recording.frame_times[10:45])
    assert prepared.exclude_frames == ()
    assert list(prepared.events["direction"]) == [90]
    assert list(prepared.signals.index[:2]) == [0, 1]
    np.testing.assert_array_equal(prepared.signals["swim"], np.arange(10, 45))


def test_binned_voxels_are_means(recording: nt.Recording, movie: Array, store: Path, arrays: Arrays) -> None:
    settings = Preparation(bin=(1, 4, 4), dtype="float32", crop_y=(2, 150))
    prepared = nt.prepare(recording, store, settings)
    expected = movie[:, :, 2:].reshape(70, 5, 37, 4, 35, 4).mean((3, 5))
    for array in arrays(store):
        np.testing.assert_allclose(array, expected, rtol=1e-6)
    assert prepared.voxel_size == (4.0, 4.0, 6.0)


def test_a_border_that_is_no_whole_bin_counts_by_what_there_is(movie: Array, store: Path, arrays: Arrays) -> None:
    nt.prepare(nt.Recording.from_array(movie[:2, :, :13, :10]), store, Preparation(bin=(2, 4, 4), dtype="float32"))
    image, _ = arrays(store)
    assert image.shape == (2, 3, 4, 3)
    np.testing.assert_allclose(image[1, 2, 3, 2], movie[1, 4:, 12:13, 8:10].mean(), rtol=1e-6)


@pytest.mark.parametrize(("dtype", "limits"), [("uint8", (0, 255)), ("int16", (-32768, 32767))])
def test_whole_numbers_are_cut_off_at_the_types_limits_and_counted(
    movie: Array, store: Path, arrays: Arrays, dtype: str, limits: tuple[int, int]
) -> None:
    job = nt.Job()
    nt.prepare(nt.Recording.from_array(movie[:5]), store, Preparation(dtype=dtype, background=101.5), job=job)
    wanted = np.rint(movie[:5] - 101.5)
    np.testing.assert_array_equal(arrays(store)[0], np.clip(wanted, *limits))
    clipped = zarr.open_group(store, mode="r").attrs["preparation"]["clipped"]
    assert clipped == {"below": (wanted < limits[0]).sum(), "above": (wanted > limits[1]).sum(), "not_numbers": 0}
    assert ("were above" in job.message) == bool(clipped["above"])


def test_values_out_of_range_can_be_an_error(movie: Array, store: Path) -> None:
    settings = Preparation(dtype="uint8", out_of_range="error")
    with pytest.raises(RecordingError, match=r"frame 0 of the store: 0 voxels are below and \d+ above what uint8"):
        nt.prepare(nt.Recording.from_array(movie[:5]), store, settings)
    assert not store.exists()


def test_what_is_not_a_number_is_not_made_one(movie: Array, store: Path) -> None:
    odd = movie[:4].astype(np.float32)
    odd[2, 1, 5, 5] = np.nan
    with pytest.raises(RecordingError, match=r"frame 2 of the store: 1 voxels are NaN.*uint16 cannot hold"):
        nt.prepare(nt.Recording.from_array(odd), store, Preparation(dtype="uint16"))
    prepared = nt.prepare(nt.Recording.from_array(odd), store.with_name("b.zarr"))
    np.testing.assert_array_equal(prepared.read_volume(2), odd[2])


def test_the_dark_level_is_a_percentile_of_the_mean_image(movie: Array, store: Path, arrays: Arrays) -> None:
    nt.prepare(nt.Recording.from_array(movie[:8]), store, Preparation(background_percentile=25, dtype="float32"))
    dark = np.percentile(movie[:8].mean(0), 25)
    np.testing.assert_allclose(arrays(store)[0], movie[:8] - dark, atol=1e-3)


def test_outside_of_a_mask_nothing_is_kept_and_nothing_written(
    recording: nt.Recording, movie: Array, store: Path, arrays: Arrays
) -> None:
    mask = np.zeros(movie.shape[1:], bool)
    mask[1:3, 10:60, 20:70] = True
    prepared = nt.prepare(recording, store, mask=mask)
    for array in arrays(store):
        np.testing.assert_array_equal(array, np.where(mask, movie, 0))
    assert prepared.mask is not None
    np.testing.assert_array_equal(prepared.mask.full_mask(), mask)
    whole = nt.prepare(recording, store.with_name("whole.zarr"))
    assert _n_files(store / "series") < _n_files(Path(whole.uri) / "series")
    assert len(pickle.dumps(prepared.source)) < 20_000  # it goes to every worker
    assert pickle.loads(pickle.dumps(prepared.source)) == prepared.source
    outside = Block(0, (0, 70), (4, 100, 100), (5, 140, 140))
    assert not prepared.read_block(outside).any()
    assert not prepared.read_volume(5)[3:].any()


def test_in_float_what_is_not_kept_is_nan(movie: Array, store: Path) -> None:
    mask = np.zeros(movie.shape[1:], bool)
    mask[:2, :40, :40] = True
    recording = nt.Recording.from_array(movie[:6].astype(np.float32), mask=region_of_mask(mask, "mine", "#ff0000"))
    prepared = nt.prepare(recording, store)
    np.testing.assert_array_equal(prepared.read_volume(3), np.where(mask, movie[3], np.nan))
    block = Block(0, (0, 6), (0, 0, 0), movie.shape[1:])
    np.testing.assert_array_equal(prepared.read_block(block), np.where(mask, movie[:6], np.nan))


def test_a_mask_may_be_stored_without_clearing_what_is_outside(movie: Array, store: Path, arrays: Arrays) -> None:
    mask = np.zeros(movie.shape[1:], bool)
    mask[2, 5:9, 5:9] = True
    prepared = nt.prepare(nt.Recording.from_array(movie[:6]), store, Preparation(brain="everything"), mask=mask)
    np.testing.assert_array_equal(arrays(store)[0], movie[:6])
    assert prepared.mask is None
    np.testing.assert_array_equal(zarr.open_group(store, mode="r")["labels/brain/0"][:], mask)


def test_the_brain_is_found(recording: nt.Recording, movie: Array, store: Path) -> None:
    prepared = nt.prepare(recording, store, Preparation(brain="automatic", brain_margin=0))
    truth = movie.mean(0) > 300
    assert prepared.mask is not None
    found = prepared.mask.full_mask()
    assert (found & truth).sum() / (found | truth).sum() > 0.9


def test_shifts_are_undone_for_good(recording: nt.Recording, movie: Array, store: Path, arrays: Arrays) -> None:
    values = np.zeros((70, 3), np.float32)
    values[:, 1] = np.linspace(-2, 3, 70)
    values[10, 2] = 1
    registered = recording.registered(Shifts.rigid(values, movie.shape[1:]))
    prepared = nt.prepare(registered, store)
    assert prepared.dtype == np.uint16
    assert prepared.shifts is None
    image, series = arrays(store)
    np.testing.assert_array_equal(image, series)
    inside = np.zeros(movie.shape[1:], bool)
    inside[:, 2:147, :139] = True
    np.testing.assert_array_equal(zarr.open_group(store, mode="r")["labels/valid/0"][:], inside)
    np.testing.assert_array_equal(prepared.mask.full_mask(), inside)
    for t in (0, 10, 33, 69):
        np.testing.assert_array_equal(image[t][inside], np.rint(registered.read_volume(t))[inside])
    assert not image[:, ~inside].any()
    stored = zarr.open_group(store, mode="r")["registration"]
    np.testing.assert_array_equal(stored["shift"][:].reshape(70, 3), values)
    assert stored.attrs["interpolation"] == "linear"


def test_frames_that_were_not_registered_have_to_be_excluded(
    recording: nt.Recording, movie: Array, store: Path
) -> None:
    values = np.zeros((70, 3), np.float32)
    values[[3, 7]] = np.nan  # 3 is excluded
    registered = recording.registered(Shifts.rigid(values, movie.shape[1:]))
    prepared = nt.prepare(registered, store, Preparation(exclude_frames=(7,)))
    assert prepared.mask.n_voxels == movie[0].size
    assert not prepared.read_volume(7).any()
    np.testing.assert_array_equal(prepared.read_volume(8), movie[8])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"crop_z": (2, 9)}, "crop_z=2,9: the recording ends at 5"),
        ({"crop_t": (5, 5)}, "two whole numbers"),
        ({"crop_y": (1.5, 9)}, "two whole numbers"),
        ({"bin": (0, 1, 1)}, "three whole numbers"),
        ({"bin": (2, 2)}, "three whole numbers"),
        ({"dtype": "complex64"}, "must be one of"),
        ({"background": 5, "background_percentile": 5}, "not both"),
        ({"exclude_frames": (-1,)}, "numbers of frames"),
        ({"memory_limit": 1}, "below its least value"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    recording: nt.Recording, store: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        nt.prepare(recording, store, Preparation(**settings))
    assert list(store.parent.iterdir()) == [store.parent / "movie.npy"]


def test_wrong_places_are_refused(recording: nt.Recording, store: Path) -> None:
    with pytest.raises(RecordingError, match="there is something already"):
        nt.prepare(recording, recording.uri)
    with pytest.raises(RecordingError, match="stores are made on disks only"):
        nt.prepare(recording, "s3://lab/fish.zarr")
    with pytest.raises(RecordingError, match="no such folder"):
        nt.prepare(recording, store / "nowhere" / "a.zarr")
    (store.parent / "fish.ome.zarr.preparing").mkdir()
    (store.parent / "fish.ome.zarr.preparing" / "mine.txt").write_text("mine")
    with pytest.raises(RecordingError, match="is in the way, and nothing that prepare made"):
        nt.prepare(recording, store)
    assert (store.parent / "fish.ome.zarr.preparing" / "mine.txt").exists()


def _n_files(folder: Path) -> int:
    return sum(p.is_file() for p in folder.rglob("*"))


def test_a_frame_of_unknown_motion_is_excluded_in_the_store(tmp_path: Path) -> None:
    movie = np.random.default_rng(0).integers(50, 100, (6, 2, 16, 18)).astype(np.uint16)
    shifts = np.zeros((6, 3))
    shifts[1] = np.nan
    registered = nt.Recording.from_array(movie).registered(Shifts.rigid(shifts, (2, 16, 18)))
    prepared = nt.prepare(registered, tmp_path / "store.zarr")
    assert prepared.exclude_frames == (1,)
    assert prepared.mask is not None
    assert prepared.mask.mask.all()

"""Far volumes are shown coarsely first, and never in the place of another frame."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import zarr

from napari_thunder import open as open_recording
from napari_thunder.io.binned import BinnedSource, binned
from napari_thunder.recording import Recording
from napari_thunder.volumes import DirectReader, VolumeArray
from napari_thunder.volumes.coarse import Coarse, coarser_by_engine, coarser_level
from napari_thunder.volumes.upsampled import Upsampled, factors_between, reduced

from .slow_source import SlowSource, wait_until

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(4, 8, 12), (5, 9, 13), (1, 7, 8)])
@pytest.mark.parametrize("factors", [(1, 2, 4), (2, 4, 4), (1, 1, 1)])
def test_binning_averages_boxes_also_those_cut_off_by_the_border(shape, factors):
    volume = RNG.integers(0, 1000, shape).astype(np.uint16)
    small = binned(volume, factors)
    for place in np.ndindex(*small.shape):
        box = tuple(slice(i * f, (i + 1) * f) for i, f in zip(place, factors, strict=True))
        assert small[place] == np.rint(volume[box].mean())


def test_an_upsampled_volume_is_indexed_as_a_whole_one():
    small = RNG.integers(0, 1000, (3, 4, 5))
    whole = np.repeat(np.repeat(small, 2, 1), 4, 2)[:, :7, :18]
    up = Upsampled(small, (3, 7, 18), (1, 2, 4))
    for key in [(slice(None),) * 3, (1, slice(None), slice(2, 17)), (slice(None), 6, slice(None)), (2, 3, 4)]:
        np.testing.assert_array_equal(up[key], whole[key])


def test_reducing_a_map_matches_binning():
    volume = RNG.normal(100, 10, (5, 9, 13)).astype(np.float32)
    np.testing.assert_allclose(reduced(volume, (3, 3, 4), (2, 4, 4)), binned(volume, (2, 4, 4)), rtol=1e-5)


def test_a_pyramid_that_drops_the_border_still_covers_all():
    factors = factors_between((5, 9, 13), (5, 4, 6))
    assert factors == (1, 2, 2)
    assert Upsampled(np.ones((5, 4, 6)), (5, 9, 13), factors)[(slice(None),) * 3].all()


def pyramid(tmp_path: Any, version: str, movie: np.ndarray[Any, Any]) -> Recording:
    group = zarr.open_group(tmp_path / "movie.zarr", mode="w", zarr_format=2 if version == "0.4" else 3)
    datasets = []
    for level, factor in enumerate((1, 2, 8)):
        group.create_array(str(level), data=movie[:, :, ::factor, ::factor])
        transform = {"type": "scale", "scale": [1.0, 4.0, float(factor), float(factor)]}
        datasets.append({"path": str(level), "coordinateTransformations": [transform]})
    axes = [{"name": "t", "type": "time"}, *({"name": n, "type": "space", "unit": "micrometer"} for n in "zyx")]
    multiscales = [{"version": version, "axes": axes, "datasets": datasets}]
    group.attrs.update(
        {"multiscales": multiscales} if version == "0.4" else {"ome": {"version": version, "multiscales": multiscales}}
    )
    return open_recording(tmp_path / "movie.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_pyramid_gives_the_coarse_pictures(tmp_path, version):
    movie = RNG.integers(0, 1000, (6, 3, 64, 80)).astype(np.uint16)
    found = coarser_level(pyramid(tmp_path, version, movie))
    assert found is not None
    assert found.factors == (1, 8, 8)
    np.testing.assert_array_equal(found.recording.read_volume(4), movie[4, :, ::8, ::8])


def test_without_a_pyramid_there_is_nothing_coarser_on_this_computer():
    assert coarser_level(SlowSource().recording) is None


def test_only_volumes_worth_it_are_binned_by_the_engine():
    small = Recording.from_array(np.zeros((2, 4, 64, 64), np.uint16))
    assert coarser_by_engine(small) is None
    large = Recording.from_array(np.zeros((1, 30, 512, 1024), np.uint16))
    found = coarser_by_engine(large)
    assert found is not None
    assert found.factors == (1, 8, 8)
    assert found.recording.shape == (1, 30, 64, 128)


def test_the_engine_reads_a_pyramid_level_where_one_fits(tmp_path):
    movie = RNG.integers(0, 1000, (3, 2, 64, 64)).astype(np.uint16)
    source = BinnedSource(pyramid(tmp_path, "0.5", movie).source, (1, 8, 8))
    np.testing.assert_array_equal(source.read_volume(1), movie[1, :, ::8, ::8])


def coarse_and_slow(
    seconds: float, coarse_seconds: float = 0.01, **given: Any
) -> tuple[VolumeArray, SlowSource, SlowSource]:
    space = (2, 16, 16)
    fine, small = SlowSource(space=space, seconds=seconds), SlowSource(space=(2, 4, 4), seconds=coarse_seconds)
    coarse = Coarse(DirectReader(small.recording), (1, 4, 4))
    return VolumeArray(fine.recording, coarse=coarse, **given), fine, small


def test_a_slow_volume_is_shown_coarsely_first():
    array, *_ = coarse_and_slow(0.6)
    begun, pictures = time.monotonic(), []
    array.arrived.connect(lambda t: pictures.append((t, array.shows_coarsely, time.monotonic() - begun)))
    array[20]
    assert wait_until(lambda: len(pictures) == 2)
    array.close()
    (first, coarse, early), (second, still_coarse, late) = pictures
    assert (first, coarse, second, still_coarse) == (20, True, 20, False)
    assert early < 0.4 < late


def test_a_coarse_picture_counts_as_loading_and_never_replaces_a_whole_one():
    array, _, small = coarse_and_slow(0.3, coarse_seconds=0.6)
    array[20]
    assert wait_until(lambda: array.shown_frame == 20)
    assert not array.shows_coarsely
    assert wait_until(lambda: 20 in small.reads)
    time.sleep(0.5)
    assert not array.shows_coarsely
    assert not array.loading
    array.close()


def test_fast_files_are_never_read_twice():
    array, _, small = coarse_and_slow(0.0)
    array[5]
    assert wait_until(lambda: 5 in array.cached_frames)
    time.sleep(0.05)
    small.reads.clear()
    for t in (20, 40, 10):
        array[t]
        assert wait_until(lambda t=t: array.shown_frame == t)
    array.close()
    assert small.reads == []


def test_while_the_slider_moves_slow_volumes_are_not_begun():
    array, fine, _ = coarse_and_slow(0.5)
    array[0]
    assert wait_until(lambda: not array.loading)
    time.sleep(0.7)
    fine.reads.clear()
    for t in range(10, 50, 4):
        array[t]
        time.sleep(0.05)
        assert array[t].max() <= t
    assert wait_until(lambda: array.shown_frame == 46)
    assert wait_until(lambda: not array.loading)
    assert (array[46] == 46).all()
    array.close()
    assert len([t for t in fine.reads if t < 46]) <= 2


def test_a_coarse_picture_that_cannot_be_read_is_no_trouble():
    array, _, small = coarse_and_slow(0.1)
    small.broken.update(range(60))
    told: list[str] = []
    array.failed.connect(told.append)
    array[20]
    assert wait_until(lambda: array.shown_frame == 20)
    array.close()
    assert told == []


@pytest.mark.parametrize("seed", range(3))
def test_any_scrubbing_ends_with_the_whole_picture(seed):
    rng = np.random.default_rng(seed)
    array, *_ = coarse_and_slow(0.25, 0.005)
    t = 30
    for _ in range(60):
        t = int(np.clip(t + rng.choice([-1, 1, 1, 1, 40, -40]), 0, 59))
        picture = array[t]
        assert len(np.unique(picture)) == 1
        time.sleep(float(rng.choice([0, 0.01, 0.05])))
    assert wait_until(lambda: (array[t] == t).all() and not array.shows_coarsely)
    assert wait_until(lambda: not array.loading)
    array.close()

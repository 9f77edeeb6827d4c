"""A first look at few voxels: the same numbers as the full map has there, in time, in its place."""

from __future__ import annotations

import time
from threading import Event, Timer

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import napari_thunder as nt
from napari_thunder.analysis.grid import Grid
from napari_thunder.blocks import plan_blocks
from napari_thunder.display.space import space_of_maps
from napari_thunder.engine import Job, connect
from napari_thunder.errors import JobCancelled, MissingMetadataError, ResultError
from napari_thunder.preview import MOST_VOXELS, grid_of, preview, scattered
from napari_thunder.recording import from_source

SHAPE = (48, 4, 61, 75)


@pytest.fixture(scope="module")
def movie():
    return np.random.default_rng(0).normal(100, 10, SHAPE).astype(np.float32)


@pytest.fixture(scope="module")
def recording(movie):
    starts = np.arange(8) * 6.0 + 2
    events = pd.DataFrame({"start_time": starts, "stop_time": starts + 2, "direction": np.arange(8) * 45})
    return nt.Recording.from_array(movie, frame_rate=1.0, voxel_size=(8, 2, 2), events=events, exclude_frames=[47])


@pytest.fixture(scope="module", params=["threads", "spark"])
def engine(request):
    return request.getfixturevalue(request.param)


def on_grid(values, grid):
    z, y, x = grid.chosen(np.arange(np.prod(grid.shape)))
    return values[..., z, y, x].reshape(*values.shape[:-3], *grid.shape)


def test_a_preview_has_the_numbers_of_the_full_map_at_its_voxels(recording, engine):
    looked = preview(nt.DirectionTuning(), recording, engine=engine, preprocess=["delta_f_over_f"], seconds=60)
    full = nt.run(nt.DirectionTuning(), recording, engine=engine, preprocess=["delta_f_over_f"])
    grid = grid_of(recording)
    assert looked["p"].size <= MOST_VOXELS < full["p"].size
    for name in ("preferred_direction", "selectivity", "p", "response"):
        np.testing.assert_array_equal(looked[name].values, on_grid(full[name].values, grid))


def test_components_of_a_preview_are_those_of_its_voxels(recording, movie, engine):
    looked = preview(nt.PCA(n_components=3), recording, engine=engine, seconds=60)
    few = on_grid(movie, grid_of(recording))
    expected = nt.run(nt.PCA(n_components=3), nt.Recording.from_array(few, exclude_frames=[47]))
    np.testing.assert_allclose(looked["explained_variance_ratio"], expected["explained_variance_ratio"], rtol=1e-6)
    np.testing.assert_allclose(looked["components"], expected["components"], rtol=1e-3, atol=1e-4)
    assert looked["time_courses"].dims == ("frame", "component")


def test_a_preview_lies_over_the_brain(recording):
    looked = preview(nt.SummaryImages(), recording, seconds=60)
    space, grid = space_of_maps(looked), grid_of(recording)
    for axis, size in enumerate((8, 2, 2)):
        step = grid.steps[axis]
        assert space.scale[axis] == step * size
        assert space.translate[axis] == pytest.approx((step - 1) / 2 * size)
        low = space.translate[axis] - space.scale[axis] / 2
        assert low == pytest.approx(-size / 2)
    assert space.units == ("um",) * 3


def test_a_preview_says_that_it_is_one_and_is_not_saved(recording, tmp_path):
    looked = preview(nt.SummaryImages(), recording, seconds=60)
    assert looked.attrs["title"] == "Summary images (preview)"
    assert looked.attrs["preview"].endswith("of 18 300 voxels")
    with pytest.raises(ResultError, match=r"preview, made of .* Run the analysis in full"):
        nt.save_result(looked, tmp_path / "look.zarr")


def test_a_preview_keeps_to_the_mask(recording, engine):
    mask = np.zeros(SHAPE[1:], bool)
    mask[1:3, 20:60, 10:40] = True
    looked = preview(nt.SummaryImages(), recording, engine=engine, mask=mask, seconds=60)
    full = nt.run(nt.SummaryImages(), recording, mask=mask)
    assert looked.sizes["y"] == SHAPE[2], "few enough voxels for every one of them"
    np.testing.assert_array_equal(looked["mean"].values, full["mean"].values)


def test_slow_data_give_fewer_voxels_in_the_same_time(recording):
    looked, seconds = timed_preview(recording, slow=0.1)
    came = np.isfinite(looked["mean"].values)
    assert 0 < came.sum() < came.size
    assert looked.attrs["preview"].startswith(f"{came.sum()} of")
    assert seconds < 3
    rows = np.flatnonzero(came.any(axis=(0, 2))) / came.shape[1]
    assert rows.min() < 0.25, "they come from all over the volume"
    assert rows.max() > 0.75


def timed_preview(recording, slow):
    source = recording.source

    class Slow:
        def __getattr__(self, name):
            return getattr(source, name)

        def read_block(self, block):
            time.sleep(slow)
            return source.read_block(block)

    engine = connect("threads")
    slowly = from_source(Slow(), frame_rate=1.0, voxel_size=(8, 2, 2))
    blocks = plan_blocks(slowly.shape, 4, at_least=200)
    engine.plan = lambda _: blocks
    start = time.monotonic()
    looked = preview(nt.SummaryImages(), slowly, engine=engine, seconds=0.7)
    seconds = time.monotonic() - start
    engine.close()
    return looked, seconds


def test_one_block_is_waited_for_however_slow_it_is(recording):
    looked, _ = timed_preview(recording, slow=1.2)
    assert np.isfinite(looked["mean"].values).any()


def test_a_preview_can_be_cancelled_while_a_read_hangs(recording):
    release, source = Event(), recording.source

    class Hangs:
        def __getattr__(self, name):
            return getattr(source, name)

        def read_block(self, block):
            release.wait(30)
            return source.read_block(block)

    job, start = Job("look"), time.monotonic()
    Timer(0.3, job.cancel).start()
    with pytest.raises(JobCancelled):
        preview(nt.SummaryImages(), from_source(Hangs(), frame_rate=1.0), job=job)
    assert time.monotonic() - start < 2
    release.set()


def test_what_cannot_be_computed_is_said_as_in_a_full_run(movie):
    with pytest.raises(MissingMetadataError, match="needs events"):
        preview(nt.DirectionTuning(), nt.Recording.from_array(movie, frame_rate=1.0))


def test_every_voxel_of_a_grid_lies_in_its_cell():
    grid = Grid((3, 10, 13), (1, 4, 5))
    assert grid.shape == (3, 3, 3)
    for voxel, cell, step, n in zip(
        grid.chosen(np.arange(27)), np.unravel_index(np.arange(27), grid.shape), grid.steps, grid.volume, strict=True
    ):
        np.testing.assert_array_equal(voxel // step, cell)
        assert voxel.max() < n


def test_every_voxel_of_a_cell_is_as_likely_as_any_other():
    counts = np.zeros(20)
    for seed in range(30):
        _, y, x = Grid((1, 400, 50), (1, 4, 5), seed).chosen(np.arange(1000))
        np.add.at(counts, 5 * (y % 4) + x % 5, 1)
    assert stats.chisquare(counts).pvalue > 1e-3
    assert not np.array_equal(Grid((1, 40, 50), (1, 4, 5), 1).chosen(np.arange(9)), grid_voxels(0))


def grid_voxels(seed):
    return Grid((1, 40, 50), (1, 4, 5), seed).chosen(np.arange(9))


def test_parts_of_a_grid_are_those_of_the_whole():
    grid = Grid((5, 40, 50), (2, 7, 6), 3)
    blocks = plan_blocks((10, 5, 40, 50), 4, at_least=50)
    found = {}
    for block in blocks:
        cells, places = grid.within(block)
        zyx = np.stack(np.unravel_index(places, block.box_shape)) + np.array(block.start)[:, None]
        found |= dict(zip(cells.tolist(), zyx.T.tolist(), strict=True))
    assert sorted(found) == list(range(np.prod(grid.shape)))
    np.testing.assert_array_equal(np.array([found[i] for i in range(len(found))]).T, grid.chosen(np.arange(len(found))))


def test_planes_are_spared_where_they_are_few():
    assert grid_of(nt.Recording.from_array(np.zeros((10, 2, 76, 87)), voxel_size=(1, 1, 1))).shape[0] == 2


def test_the_first_blocks_lie_all_over_the_volume():
    blocks = plan_blocks((10, 4, 64, 64), 4, at_least=64, target_bytes=10**9)
    first = scattered(blocks)[: len(blocks) // 8 or 1]
    starts = np.array([block.start for block in first])
    assert sorted(b.index for b in scattered(blocks)) == list(range(len(blocks)))
    assert all(len(np.unique(starts[:, axis] >= size / 2)) == 2 for axis, size in ((1, 64),))

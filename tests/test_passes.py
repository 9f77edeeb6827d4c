"""What analyses may ask of the whole brain, with steps that need neighbours or leave other frames."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

import napari_thunder as nt
from napari_thunder.analysis.groups import DrawnGroups, cells_of
from napari_thunder.analysis.protocol import Map, MapStep, Means, PaintStep, Role, Sample
from napari_thunder.analysis.summary.images import SummaryImages
from napari_thunder.engine import Job, connect
from napari_thunder.passes import Passes
from napari_thunder.pipeline import context_of
from napari_thunder.regions import region_of_mask


@pytest.fixture(scope="module")
def movie():
    return np.random.default_rng(3).normal(100, 5, size=(30, 5, 20, 24)).astype(np.float32)


@pytest.fixture
def recording(movie):
    return nt.Recording.from_array(movie, voxel_size=(2, 1, 1), frame_rate=2).without_frames([4])


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr("napari_thunder.analysis.slabs._BOX_BYTES", 8 * 30 * 300)


def region(movie, z, y, x, name="a"):
    mask = np.zeros(movie.shape[1:], bool)
    mask[z, y, x] = True
    return region_of_mask(mask, name, "#ff0000")


@dataclasses.dataclass(frozen=True)
class MeanOfThree:
    """Mean over time of each voxel and its neighbours along x."""

    family, title, summary = "Tests", "Mean of three", "Mean of three"

    def plan(self, context):
        return MapStep((Map("mean", "mean", Role.IMAGE),), _mean_of_three, halo=(0, 0, 1))


def _mean_of_three(series, inner):
    return {"mean": ndimage.uniform_filter1d(series.mean(axis=0), 3, axis=-1, mode="nearest")[inner]}


@dataclasses.dataclass(frozen=True)
class Blur:
    """A mean of three along z and y."""

    title, summary = "Blur", "Blur"

    def halo(self, context):
        return 1, 1, 0

    def bind(self, context):
        return _blur


def _blur(series):
    return ndimage.uniform_filter(series, (1, 3, 3, 1), mode="nearest")


@dataclasses.dataclass(frozen=True)
class EverySecond:
    """Every second kept frame."""

    title, summary = "Every second", "Every second"

    def bind(self, context):
        return _every_second

    def after(self, context):
        kept = np.flatnonzero(context.keep)[::2]
        return dataclasses.replace(context, keep=np.isin(np.arange(context.n_frames), kept))


def _every_second(series):
    return series[::2]


@dataclasses.dataclass(frozen=True)
class Asks:
    """Asks something and gives the answer as curves."""

    wanted: object
    family, title, summary = "Tests", "Asks", "Asks"

    def plan(self, context):
        answer = yield self.wanted
        dims = {"series": ("row", "place"), "voxels": ("place",), "n_voxels": ("place",)}
        return PaintStep(cells_of(context, 100), {}, curves={k: (dims[k], v, {}) for k, v in answer.items()})


def test_an_analysis_sees_its_neighbours_across_blocks_and_parts(recording, movie, small_parts):
    found = nt.run(MeanOfThree(), recording, engine=connect("threads"))["mean"].values
    expected = ndimage.uniform_filter1d(movie[recording.keep].mean(axis=0), 3, axis=-1, mode="nearest")
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_step_sees_its_neighbours_too_and_adds_to_what_the_analysis_needs(recording, movie, small_parts):
    passes = Passes(recording, connect("threads"), Job("x"), None, context_of(recording))
    passes.bind([Blur(), EverySecond(), Blur()])
    blocks, series = passes.blocks((0, 0, 1))
    assert series.halo == (2, 2, 0)
    assert blocks[0].after == (0, 2, 1) or blocks[0].after[1] == 2
    expected = _blur(_blur(movie[recording.keep].astype(float))[::2])
    for block in blocks:
        read = movie[(slice(None), *block.padded)]
        for columns, slab in series.slabs(read, block):
            flat = expected[(slice(None), *block.box)].reshape(len(expected), -1)
            np.testing.assert_allclose(slab, flat[:, columns], rtol=1e-6)


def test_a_mask_hides_what_is_outside_but_neighbours_count(recording, movie):
    masked = nt.run(MeanOfThree(), recording, mask=region(movie, 2, 3, slice(4, 6)))["mean"].values
    whole = nt.run(MeanOfThree(), recording)["mean"].values
    np.testing.assert_array_equal(np.argwhere(np.isfinite(masked)), [[2, 3, 4], [2, 3, 5]])
    np.testing.assert_array_equal(masked[2, 3, 4:6], whole[2, 3, 4:6])


def test_a_sample_is_the_same_however_it_is_read_and_holds_what_it_says(recording, movie):
    one = nt.run(Asks(Sample(50, seed=1)), recording)
    movie_of = movie[recording.keep].reshape(29, -1)
    assert len(np.unique(one["voxels"])) == 50
    np.testing.assert_array_equal(one["series"], movie_of[:, one["voxels"].values])
    inside = nt.run(Asks(Sample(50, seed=1)), recording, mask=region(movie, 1, slice(3, 7), slice(2, 6)))
    assert inside.sizes["place"] == 16


def _extremes(series):
    return np.stack([series.min(axis=0), np.where(series[0] > 100, series.max(axis=0), np.nan)]).astype(np.float32)


def test_a_sample_of_few_rows_holds_more_voxels_and_leaves_out_those_that_give_none(recording, movie, monkeypatch):
    monkeypatch.setattr("napari_thunder.passes.MOST_SAMPLE_BYTES", 29 * 8 * 10)
    assert nt.run(Asks(Sample(300, seed=1)), recording).sizes["place"] == 10
    found = nt.run(Asks(Sample(300, seed=1, kept=_extremes, n_rows=2)), recording)
    wanted = _extremes(movie[recording.keep].reshape(29, -1)[:, found["voxels"].values])
    np.testing.assert_array_equal(found["series"], wanted)
    assert np.isfinite(wanted).all()
    assert 100 < found.sizes["place"] < 200


def test_means_of_regions_are_those_of_their_voxels(recording, movie):
    movie = movie.copy()
    movie[3, 1, 2, 2] = np.nan
    spoilt = nt.Recording.from_array(movie).without_frames([4])
    regions = region(movie, 1, slice(0, 5), slice(1, 4)), region(movie, slice(0, 3), slice(2, 9), slice(0, 20), "b")
    found = nt.run(Asks(Means(DrawnGroups.of(regions))), spoilt)
    for i, one in enumerate(regions):
        inside = np.zeros(movie.shape[1:], bool)
        inside[one.box] = one.mask
        inside[1, 2, 2] = False
        np.testing.assert_allclose(found["series"][:, i], movie[spoilt.keep][:, inside].mean(axis=1), rtol=1e-6)
        assert found["n_voxels"][i] == inside.sum()


def test_cells_are_about_as_long_as_asked_and_paint_their_voxels(recording, movie):
    cells = cells_of(context_of(recording), 6.0)
    assert cells.steps == (3, 6, 6)
    assert cells.n_groups == len(cells.names) == 2 * 4 * 4
    found = nt.run(Asks(Means(cells)), recording)
    np.testing.assert_allclose(
        found["series"][:, 5], movie[recording.keep][:, 0:3, 6:12, 6:12].mean(axis=(1, 2, 3)), rtol=1e-6
    )


def test_what_is_known_of_groups_is_painted_on_their_voxels(recording, movie):
    regions = region(movie, 1, slice(0, 5), 3), region(movie, 1, slice(4, 9), 3, "b")

    class Painted:
        family, title, summary = "Tests", "Painted", "Painted"

        def plan(self, context):
            groups = DrawnGroups.of(context.regions)
            return PaintStep(groups, {"rank": np.array([1.0, 2.0])}, (Map("rank", "rank", Role.VALUE),))

    found = nt.run(SummaryImages(), recording)  # the mask of the recording is not needed
    passes = Passes(recording, connect("threads"), Job("x"), None, context_of(recording, regions))
    step = passes.answered(Painted().plan(passes.context))
    from napari_thunder.pipeline import _painted

    full = np.full(movie.shape[1:], np.nan)
    for block in passes.blocks()[0]:
        full[block.box] = _painted(step, block)["rank"]
    np.testing.assert_array_equal(full[1, :10, 3], [1, 1, 1, 1, 2, 2, 2, 2, 2, np.nan])
    assert np.isfinite(full).sum() == 9
    assert found["mean"].attrs["n_frames_used"] == 29

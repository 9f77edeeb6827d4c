"""Restricting an analysis to a mask: the same numbers inside, nothing outside, nothing read that is not needed."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import tifffile
from sklearn import decomposition

import napari_thunder as nt
from napari_thunder.analysis.slabs import Within
from napari_thunder.blocks import plan_blocks
from napari_thunder.engine import Engine, connect
from napari_thunder.errors import RegionError
from napari_thunder.masks import cut, mask_of
from napari_thunder.recording import from_source
from napari_thunder.regions import region_of_mask

SHAPE = (40, 3, 14, 17)
STARTS = np.arange(8) * 5.0


@pytest.fixture(scope="module")
def movie():
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3 * 14 * 17)) * 20
    return (smooth.reshape(SHAPE) + rng.normal(size=SHAPE) * 5 + 300).astype(np.float32)


@pytest.fixture(scope="module")
def mask():
    """A ball across several blocks, with a hole."""
    z, y, x = np.ogrid[:3, :14, :17]
    ball = (z - 1) ** 2 * 9 + (y - 6) ** 2 + (x - 9) ** 2 < 30
    ball[1, 6, 9] = False
    return ball


@pytest.fixture(scope="module")
def recording(movie):
    events = {"start_time": STARTS, "stop_time": STARTS + 2, "direction": np.arange(8) * 45}
    return nt.Recording.from_array(movie, frame_rate=1.0, events=pd.DataFrame(events), voxel_size=(4, 1, 1))


@pytest.fixture(scope="module", params=["threads", "spark"])
def engine(request) -> Engine:
    found: Engine = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize(
    ("analysis", "voxelwise"),
    [
        (nt.SummaryImages(), ("mean", "std", "tsnr", "skewness")),
        (nt.Regression(events_by=("direction",)), ("beta", "t", "p", "r_squared")),
        (nt.DirectionTuning(baseline=0), ("preferred_direction", "selectivity", "p")),
    ],
)
def test_inside_a_mask_the_maps_are_those_of_the_whole_brain(recording, mask, engine, analysis, voxelwise):
    whole = nt.run(analysis, recording, engine=engine, preprocess=["delta_f_over_f"])
    within = nt.run(analysis, recording, engine=engine, preprocess=["delta_f_over_f"], mask=mask)
    for name in voxelwise:
        np.testing.assert_array_equal(within[name].values[..., mask], whole[name].values[..., mask])
        assert np.isnan(within[name].values[..., ~mask]).all()
    assert within.attrs["n_voxels_used"] == mask.sum()


def test_p_is_adjusted_for_the_voxels_of_the_mask_only(recording, mask, engine):
    from scipy.stats import false_discovery_control

    result = nt.run(nt.Regression(events_by=()), recording, engine=engine, mask=mask)
    p = result["p"].values[0][mask]
    expected = false_discovery_control(p.astype(float))
    np.testing.assert_allclose(result["p_fdr"].values[0][mask], expected, rtol=1e-5)


def test_components_of_a_mask_are_those_of_its_voxels(recording, movie, mask, engine):
    result = nt.run(nt.PCA(n_components=3), recording, engine=engine, mask=region_of_mask(mask, "ball", "#ffffff"))
    sklearn = decomposition.PCA(n_components=3, svd_solver="full").fit(movie[:, mask].astype(float))
    np.testing.assert_allclose(result["explained_variance_ratio"], sklearn.explained_variance_ratio_, rtol=1e-6)
    for component, expected in zip(result["components"].values, sklearn.components_, strict=True):
        found = component[mask] / np.linalg.norm(component[mask])
        assert abs(found @ expected) == pytest.approx(1, abs=1e-5)
        assert np.isnan(component[~mask]).all()


def test_blocks_without_voxels_of_the_mask_are_not_read(movie, tmp_path):
    path = tmp_path / "movie.npy"
    np.save(path, movie)
    recording = nt.open(path)
    read = []

    class Source:
        def __getattr__(self, name):
            return getattr(recording.source, name)

        def read_block(self, block):
            read.append(block)
            return recording.source.read_block(block)

    corner = np.zeros(SHAPE[1:], bool)
    corner[0, :2, :2] = True
    engine = connect("threads")
    nt.run(nt.SummaryImages(), from_source(Source(), frame_rate=1.0), engine=engine, mask=corner)
    blocks = engine.plan(recording)
    engine.close()
    assert 0 < len(read) < len(blocks)
    assert all(corner[block.box].any() for block in read)


def test_a_worker_gets_a_bit_for_each_voxel_of_blocks_that_are_cut(mask):
    blocks = plan_blocks(SHAPE, 4, at_least=12)
    chosen, within = cut(mask_of(mask, SHAPE[1:]), blocks)
    found = np.zeros(SHAPE[1:], bool)
    for block in chosen:
        voxels = within.voxels(block)
        part = np.zeros(block.n_voxels, bool)
        part[slice(None) if voxels is None else voxels] = True
        found[block.box] = part.reshape(block.box_shape)
    np.testing.assert_array_equal(found, mask)
    assert isinstance(within, Within)
    assert len(chosen) < len(blocks)


def test_a_whole_brain_mask_costs_a_worker_next_to_nothing():
    shape = (10, 8, 512, 512)
    z, y, x = np.ogrid[:8, :512, :512]
    brain = (y - 256) ** 2 / 240**2 + (x - 256) ** 2 / 150**2 + (z - 4) ** 2 / 100 < 1
    _, within = cut(mask_of(brain, shape[1:]), plan_blocks(shape, 2, at_least=64))
    assert sum(map(len, within.packed.values())) < brain.size / 8 / 10


def test_a_result_is_made_again_with_its_mask(recording, mask):
    result = nt.run(nt.PCA(n_components=2), recording, mask=mask)
    again = nt.rerun(result, recording=recording)
    np.testing.assert_array_equal(again["components"].values, result["components"].values)
    record = json.loads(result.attrs["provenance"])
    assert len(json.dumps(record["mask"])) < 600
    assert json.loads(nt.run(nt.SummaryImages(), recording).attrs["provenance"])["mask"] is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.ones((3, 14, 16), bool), "does not fit a recording of 3 × 14 × 17"),
        (np.zeros((3, 14, 17), bool), "no voxel"),
        (np.ones((3, 14, 17), float), "True and False"),
        (np.ones((14, 17), bool), "2 dimensions"),
    ],
)
def test_a_mask_that_does_not_fit_is_refused(recording, given, message):
    with pytest.raises(RegionError, match=message):
        nt.run(nt.SummaryImages(), recording, mask=given)


def test_a_file_of_labels_is_a_mask_of_all_its_regions(recording, mask, tmp_path):
    labels = np.zeros(SHAPE[1:], np.uint16)
    labels[mask] = 1
    labels[0, 0, :2] = 7
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, labels, photometric="minisblack", metadata={"axes": "ZYX"})
    by_file = nt.run(nt.SummaryImages(), recording, mask=path)
    by_array = nt.run(nt.SummaryImages(), recording, mask=labels)
    np.testing.assert_array_equal(by_file["mean"].values, by_array["mean"].values)
    assert by_file.attrs["mask"] == "labels"


def test_a_recording_s_own_mask_is_used_unless_another_is_given(recording, mask):
    masked = recording.with_known(mask=mask)
    other = ~mask
    np.testing.assert_array_equal(np.isfinite(nt.run(nt.SummaryImages(), masked)["mean"]), mask)
    np.testing.assert_array_equal(np.isfinite(nt.run(nt.SummaryImages(), masked, mask=other)["mean"]), other)
    assert np.isfinite(nt.run(nt.SummaryImages(), masked.with_known(mask=None))["mean"]).all()

"""Everything can be looked at before it is run: every analysis, every step, with neighbours, regions, few frames."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.analysis.registry import analyses, step_text, steps
from napari_thunder.engine import connect
from napari_thunder.errors import AnalysisError, MissingMetadataError
from napari_thunder.io.features import SPACE
from napari_thunder.preview import grid_of, preview
from napari_thunder.preview.estimates import mean_interval, wilson
from tests.examples import MOVING, ON_FISH, STEPS
from tests.examples.__main__ import six_regions, undone

SHAPE = (160, 4, 40, 64)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "fish.zarr"
    return nt.simulate(path, shape=SHAPE, seed=5).without_frames([3, 90, 91])


@pytest.fixture(scope="module")
def regions():
    return six_regions(SHAPE[1:])


@pytest.fixture(scope="module")
def engine():
    found = connect("threads")
    yield found
    found.close()


@pytest.mark.parametrize("name", analyses())
def test_every_analysis_can_be_looked_at(name, recording, regions, engine, monkeypatch):
    monkeypatch.setattr("napari_thunder.preview.few_voxels.MOST_VOXELS", 500)
    analysis = analyses()[name](**ON_FISH.get(name, {}))
    given = {"engine": engine, "preprocess": ["delta_f_over_f"], "regions": regions}
    looked = preview(analysis, undone(recording) if name in MOVING else recording, **given)
    assert "(preview)" in looked.attrs["title"]
    assert "of 10 240 voxels" in looked.attrs["preview"].replace("\N{NO-BREAK SPACE}", " ")
    assert "provenance" not in looked.attrs
    assert looked.attrs["n_frames_used"] == 157
    for values in looked.data_vars.values():
        if values.dims[-3:] == SPACE:
            assert values.dtype == np.float32
            assert values.attrs["n_frames_used"] == 157


@pytest.mark.parametrize("step", steps())
def test_every_step_can_be_looked_at(step, recording, engine):
    chain = [step_text(steps()[step](**STEPS.get(step, {})))]
    looked = preview(nt.SummaryImages(), recording, engine=engine, preprocess=chain)
    assert np.isfinite(looked["mean"]).any() or step == "squelch"


def test_what_needs_neighbours_is_looked_at_in_whole_blocks(recording, engine):
    for analysis, chain in ((nt.LocalCorrelation(), []), (nt.SummaryImages(), ["spatial_smoothing sigma=3"])):
        full = nt.run(analysis, recording, engine=engine, preprocess=chain)
        looked = preview(analysis, recording, engine=engine, preprocess=chain, seconds=0)
        for name, values in full.data_vars.items():
            came = np.isfinite(looked[name].values)
            assert 0 < came.sum() < came.size
            np.testing.assert_array_equal(looked[name].values[came], values.values[came])
        assert looked.attrs["n_voxels_used"] < 10_240
        assert looked.attrs["preview_estimates"] == []
        whole = preview(analysis, recording, engine=engine, preprocess=chain, seconds=60)
        assert whole.attrs["n_voxels_used"] == 10_240


def test_sums_over_few_blocks_stand_for_the_brain(recording, engine):
    looked = preview(nt.PCA(2), recording, engine=engine, preprocess=["spatial_smoothing sigma=3"], seconds=0)
    came = np.isfinite(looked["components"].values).all(axis=0)
    assert 0 < came.sum() <= looked.attrs["n_voxels_used"] < 10_240
    assert looked["time_courses"].shape == (157, 2)


def test_neighbours_inside_a_mask_are_looked_at(recording, regions, engine):
    looked = preview(nt.LocalCorrelation(), recording, engine=engine, mask=regions[2])
    assert np.isfinite(looked["local_correlation"]).sum() == regions[2].n_voxels == looked.attrs["n_voxels_used"]
    assert "120 of 120 voxels" in looked.attrs["preview"]


@pytest.mark.parametrize("chain", [[], ["spatial_smoothing sigma=3"]])
def test_means_of_regions_are_those_of_all_their_voxels(recording, regions, engine, chain):
    analysis = nt.CorrelationMatrix()
    full = nt.run(analysis, recording, engine=engine, preprocess=["detrend", *chain], regions=regions)
    looked = preview(analysis, recording, engine=engine, preprocess=["detrend", *chain], regions=regions, seconds=0)
    np.testing.assert_allclose(looked["r"], full["r"], rtol=1e-6)


def test_motion_that_is_undone_can_be_taken_out(recording, engine):
    registered = undone(recording)
    looked, raw = (
        preview(nt.SummaryImages(), registered, engine=engine, preprocess=chain, seconds=60)["std"].values
        for chain in (["remove_signals motion=true"], [])
    )
    inside = np.isfinite(raw)
    assert (looked[inside] <= raw[inside] * (1 + 1e-6)).all()
    assert (looked[inside] < raw[inside]).mean() > 0.9


def test_every_cell_is_stood_for_by_another_voxel_with_another_seed(recording, engine):
    looks = [preview(nt.SummaryImages(), recording, engine=engine, seed=seed, seconds=60) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(looks[0]["mean"], looks[1]["mean"])
    assert (looks[0]["mean"].values != looks[2]["mean"].values).mean() > 0.5


def test_estimates_hold_what_is_true_of_the_whole_brain(recording, engine):
    full = nt.run(nt.DirectionTuning(), recording, engine=engine)
    truth = float((full["p_fdr"] <= 0.05).sum() / np.isfinite(full["p_fdr"]).sum())
    inside = 0
    for seed in range(10):
        looked = preview(nt.DirectionTuning(), recording, engine=engine, seed=seed, seconds=60)
        text = next(t for t in looked.attrs["preview_estimates"] if t.startswith("p_fdr ≤ 0.05"))
        low, high = (float(n) / 100 for n in text.split("(")[1].split(")")[0].split(" to "))
        inside += low <= truth <= high
    assert inside >= 7, "about 95 %, and adjusting over fewer voxels changes p_fdr a little"


def test_explained_variance_has_an_interval(recording, engine, monkeypatch):
    monkeypatch.setattr("napari_thunder.preview.few_voxels._TIME_FOR_INTERVALS", 1000)
    monkeypatch.setattr("napari_thunder.preview.few_voxels.MOST_VOXELS", 600)
    looked = preview(nt.PCA(3), recording, engine=engine, seconds=60)
    assert looked.attrs["preview_estimates"][0].startswith("explained variance: ")


def test_intervals_are_those_of_the_books():
    np.testing.assert_allclose(wilson(0.1, 100), (0.0552291, 0.1743657), rtol=1e-5)
    assert wilson(0, 50)[0] == 0
    values = np.random.default_rng(0).normal(3, 1, 400)
    mean, low, high = mean_interval(values, 0.0)
    np.testing.assert_allclose((mean, high - low), (values.mean(), 2 * 1.96 * values.std(ddof=1) / 20), rtol=1e-4)
    assert mean_interval(values, 1.0)[1:] == (mean, mean)


def test_what_cannot_be_is_said_before_anything_is_read(recording, engine):
    bare = nt.Recording.from_array(np.zeros((30, 2, 5, 5)))
    with pytest.raises(MissingMetadataError, match="needs the size of a voxel"):
        preview(nt.SummaryImages(), bare, engine=engine, preprocess=["spatial_smoothing"])
    with pytest.raises(AnalysisError, match="needs at least"):
        preview(nt.SummaryImages(), bare, engine=engine, preprocess=["downsample factor=20"])
    with pytest.raises(MissingMetadataError):
        preview(nt.DirectionTuning(), bare, engine=engine, preprocess=["downsample"])


def test_cells_are_fewer_than_voxels(recording):
    assert np.prod(grid_of(recording).shape) <= 4000

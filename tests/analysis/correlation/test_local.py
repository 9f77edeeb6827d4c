"""Local correlation has the neighbours that are there, across blocks, and no others."""

from __future__ import annotations

import numpy as np
import pytest

import napari_thunder as nt
from napari_thunder.blocks import plan_blocks
from napari_thunder.engine import connect
from tests.examples.local import by_pairs, local, movie, with_mean


@pytest.mark.parametrize("n_blocks", [1, 11])
@pytest.mark.parametrize("given", [{"neighbours": 8}, {"neighbours": 26}, {"against": "mean", "radius": 2}])
def test_neighbours_in_other_blocks_count(monkeypatch, given, n_blocks):
    monkeypatch.setattr("napari_thunder.analysis.slabs._BOX_BYTES", 8 * 40 * 30)
    engine = connect("threads")
    monkeypatch.setattr(engine, "plan", lambda r, halo=(0, 0, 0): plan_blocks(r.shape, 8, at_least=n_blocks, halo=halo))
    found = nt.run(nt.LocalCorrelation(**given), nt.Recording.from_array(movie()), engine=engine)
    expected = by_pairs(movie(), given["neighbours"]) if "neighbours" in given else with_mean(movie(), 2)
    np.testing.assert_allclose(found["local_correlation"], expected, atol=1e-6)
    engine.close()


@pytest.mark.parametrize("given", [{"neighbours": 4}, {"neighbours": 26}, {"against": "mean", "neighbours": 6}])
def test_neighbours_without_information_do_not_count_and_have_none(given):
    spoilt = movie()
    spoilt[:, 1, 4, 4], spoilt[3, 2, 2, 2] = 7.0, np.nan
    found, whole = local(spoilt, **given), local(movie(), **given)
    assert np.isnan(found[1, 4, 4])
    assert np.isnan(found[2, 2, 2])
    assert np.isfinite(found).sum() == found.size - 2
    far = np.ones(found.shape, bool)
    far[0:4, 1:6, 1:6] = False
    np.testing.assert_array_equal(found[far], whole[far])
    assert found[1, 4, 5] != whole[1, 4, 5]


def test_a_voxel_without_neighbours_has_none():
    noise = np.random.default_rng(0).normal(size=(20, 1, 1, 3))
    noise[:, :, :, 1] = 0
    assert np.isnan(local(noise)).all()
    assert np.isfinite(local(np.random.default_rng(0).normal(size=(20, 3, 1, 1)), neighbours=6)).all()
    assert np.isnan(local(np.random.default_rng(0).normal(size=(20, 3, 1, 1)), neighbours=8)).all()


def test_tuned_cells_stand_out_of_the_background(tmp_path):
    recording = nt.simulate(tmp_path / "fish.zarr", shape=(200, 4, 40, 64), seed=1)
    truth = nt.ground_truth(recording)
    found = nt.run(nt.LocalCorrelation(), recording, preprocess=["detrend"])["local_correlation"].values
    cells = truth["is_cell"].values.astype(bool) & (truth["tuning_amplitude"].values > 0)
    outside = truth["brain"].values == 0
    assert np.nanmedian(found[cells]) > np.nanpercentile(found[outside], 99)


def test_noise_has_none_and_its_own_mean_some():
    noise = np.random.default_rng(1).normal(size=(2000, 2, 12, 12))
    assert np.abs(local(noise)[:, 1:-1, 1:-1]).max() < 0.06
    np.testing.assert_allclose(local(noise, against="mean")[:, 1:-1, 1:-1], 1 / 3, atol=0.08)

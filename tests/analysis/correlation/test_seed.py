"""Correlation with a region."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis.correlation.seed import SeedCorrelation
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.seed import side_by_side, together


def _context(**known):
    return make_context(300, regions=side_by_side(3, 4, 40), frame_times=np.arange(300) / 2, **known)


def test_the_seed_and_what_is_as_near_as_its_light_spreads_are_left_out():
    found = dataset(SeedCorrelation("region 2", spare=3), _context(voxel_size=(4.0, 1.0, 1.5)), together())
    assert np.flatnonzero(np.isnan(found["r"].values.ravel())).tolist() == list(range(2, 10))
    for name in ("z_score", "p", "p_fdr"):
        np.testing.assert_array_equal(np.isnan(found[name]), np.isnan(found["r"]))
    assert found.attrs["seed"] == "region 2"


def test_without_a_voxel_size_voxels_are_counted():
    found = dataset(SeedCorrelation(spare=5), _context(), together())
    assert np.isnan(found["r"].values.ravel()).sum() == 4 + 5


def test_adjusted_p_does_not_count_what_is_left_out():
    found = dataset(SeedCorrelation(spare=0), _context(), together())
    p = found["p"].values.ravel()[4:].astype(float)
    from scipy.stats import false_discovery_control

    np.testing.assert_allclose(found["p_fdr"].values.ravel()[4:], false_discovery_control(p), rtol=1e-5)


def test_voxels_that_follow_the_seed_have_its_lag():
    rng = np.random.default_rng(0)
    seed = np.convolve(rng.normal(size=310), np.ones(5) / 5, "same")
    series = 0.1 * rng.normal(size=(300, 40))
    series[:, :4] += seed[5:305, None]
    series[:, 20] += seed[2:302]
    series[:, 30] -= seed[6:306]
    found = compute(SeedCorrelation("region 1", max_lag=3), _context(), series)
    assert found["best_lag"][20] == pytest.approx(1.5, abs=0.15)
    assert found["best_lag"][30] == pytest.approx(-0.5, abs=0.15)
    assert found["r_best"][20] > 0.85
    assert found["r_best"][30] < -0.85


def test_a_voxel_of_the_seed_is_not_compared_with_itself():
    """Of white noise, a mean of four correlates by ½ with each of them."""
    series = np.random.default_rng(1).normal(size=(300, 40))
    naive = compute(SeedCorrelation(), _context(), series)["r"][:4]
    honest = dataset(SeedCorrelation(spare=0, inside="others"), _context(), series)["r"].values.ravel()[:4]
    assert (naive > 0.4).all()
    assert (np.abs(honest) < 0.15).all()


def test_what_all_share_is_pointed_out_and_taken_out():
    rng = np.random.default_rng(2)
    series = rng.normal(size=(300, 40)) + 2 * rng.normal(size=(300, 1))
    plain, partial = (dataset(SeedCorrelation(without_global=on), _context(), series) for on in (False, True))
    assert "something that the whole brain shares" in plain.attrs["warnings"][0]
    assert partial.attrs["warnings"] == []
    middle = float((partial["share_of_voxels"] * partial["r_bin"]).sum())
    assert abs(middle) < 0.15
    assert float(partial["share_of_voxels"].sum()) == pytest.approx(1)


def test_noise_that_changes_slowly_is_not_taken_for_correlation():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(300, 400))
    for t in range(1, 300):
        noise[t] += 0.9 * noise[t - 1]
    context = make_context(300, regions=side_by_side(1, 1, 400))
    found = dataset(SeedCorrelation(spare=0), context, noise)
    p = found["p"].values.ravel()[1:]
    assert 0.02 < (p < 0.05).mean() < 0.1
    assert np.nanstd(found["z_score"].values.ravel()[1:]) == pytest.approx(1, abs=0.2)


def test_a_region_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(AnalysisError, match=r"no region 'tectum'\. There is: 'region 1', 'region 2', 'region 3'"):
        SeedCorrelation("tectum").plan(_context())


def test_without_regions_the_next_step_is_said():
    with pytest.raises(MissingMetadataError, match="Draw them or open a file of them under ROIs"):
        SeedCorrelation().plan(make_context(300))


def test_a_seed_that_does_not_vary_is_refused():
    series = together()
    series[:, :4] = 7.0
    with pytest.raises(AnalysisError, match="mean of region 'region 1' does not vary"):
        compute(SeedCorrelation(), _context(), series)


def test_a_lag_longer_than_the_recording_is_refused():
    with pytest.raises(AnalysisError, match="must lie between one frame"):
        compute(SeedCorrelation(max_lag=400), _context(), together())

"""Correlation of regions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, pearsonr

from napari_thunder.analysis.correlation.matrix import CorrelationMatrix
from napari_thunder.errors import AnalysisError, MissingMetadataError
from tests.analysis.runner import compute, dataset, make_context
from tests.examples.seed import side_by_side, together


def _context(n_regions=8):
    return make_context(300, regions=side_by_side(n_regions, 4, 40))


def test_neighbours_in_the_matrix_are_alike():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(300, 2))[:, np.arange(40) // 4 % 2] + 0.5 * rng.normal(size=(300, 40))
    found = dataset(CorrelationMatrix(), _context(), series)
    names = [int(name.split()[1]) % 2 for name in found["region"].values]
    assert names in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)
    assert found["region"].values.tolist() == found["other"].values.tolist()
    assert np.diag(found["r"].values, 1).mean() > found["r"].values.mean()


def test_a_voxel_carries_the_row_of_its_region():
    found = dataset(CorrelationMatrix(), _context(), together())
    row = found["row"].values.ravel()
    for i in range(8):
        assert found["region"].values[int(row[4 * i]) - 1] == f"region {i + 1}"
    assert np.isnan(row[32:]).all()
    assert found["r"].attrs["voxels_by"] == "row"


def test_p_of_white_noise_is_that_of_pearson_and_adjusted_over_pairs():
    series = np.random.default_rng(1).normal(size=(300, 40))
    found = compute(CorrelationMatrix(order="as drawn"), _context(), series)
    means = series[:, :32].reshape(300, 8, 4).mean(axis=2)
    wanted = pearsonr(means[:, 0], means[:, 3]).pvalue
    assert found["p"][0, 3] == pytest.approx(wanted, abs=0.02)
    assert np.isnan(np.diag(found["p"])).all()
    pairs = np.triu_indices(8, 1)
    np.testing.assert_allclose(found["p_fdr"][pairs], false_discovery_control(found["p"][pairs]), rtol=1e-5)
    np.testing.assert_array_equal(found["p_fdr"], found["p_fdr"].T)


def test_slow_noise_is_not_significant_more_often_than_it_should():
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(300, 100))
    for t in range(1, 300):
        noise[t] += 0.9 * noise[t - 1]
    context = make_context(300, regions=side_by_side(100, 1, 100))
    for partial, least in ((False, 0.02), (True, 0.0)):
        p = compute(CorrelationMatrix(partial=partial), context, noise)["p"]
        assert least <= (p[np.triu_indices(100, 1)] < 0.05).mean() < 0.07


def test_partial_correlation_sees_through_a_common_cause():
    rng = np.random.default_rng(3)
    cause = rng.normal(size=300)
    series = np.column_stack([cause, cause, cause]) + 0.5 * rng.normal(size=(300, 3))
    series[:, 0] = cause
    context = make_context(300, regions=side_by_side(3, 1, 3))
    plain, partial = (compute(CorrelationMatrix(on, order="as drawn"), context, series)["r"] for on in (False, True))
    assert plain[1, 2] > 0.7
    assert abs(partial[1, 2]) < 0.15
    assert partial[0, 1] > 0.5


@pytest.mark.parametrize("partial", [False, True])
def test_a_constant_region_is_nan_named_and_spoils_no_other(partial):
    series = together()
    spoilt = series.copy()
    spoilt[:, 4:8] = 3.0
    found = dataset(CorrelationMatrix(partial, order="as drawn"), _context(4), spoilt)
    assert np.isnan(found["r"].values[1]).all()
    assert np.isfinite(found["r"].values[np.ix_([0, 2, 3], [0, 2, 3])]).all()
    assert found.attrs["warnings"] == [
        "Constant, or without a finite voxel, so that nothing can be said of them: region 2."
    ]


def test_too_few_frames_for_partial_correlation_are_said():
    context = make_context(9, regions=side_by_side(8, 1, 8))
    with pytest.raises(AnalysisError, match="partial correlation of 8 regions needs at least 10 frames"):
        compute(CorrelationMatrix(True), context, np.random.default_rng(0).normal(size=(9, 8)))


def test_one_region_is_refused_in_words():
    with pytest.raises(MissingMetadataError, match="needs 2 or more regions, but there are 1"):
        CorrelationMatrix().plan(_context(1))

"""Reduced-rank regression is the best of its rank, and least squares at full rank."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import ReducedRankRegression, Regression
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context


@pytest.fixture
def task():
    """A design of 6 regressors and series of 200 voxels that follow two combinations of them."""
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(size=(400, 6)), columns=list("abcdef"))
    weights = rng.normal(size=(6, 2)) @ rng.normal(size=(2, 200))
    return table, 10 + table.to_numpy() @ weights + 2 * rng.normal(size=(400, 200)), weights


def test_the_weights_are_those_of_the_svd_of_the_fitted_values(task):
    table, series, _ = task
    found = compute(ReducedRankRegression(2, design=table), make_context(400), series, slabs=3)
    x, y = table.to_numpy() - table.to_numpy().mean(0), series - series.mean(0)
    ols = np.linalg.lstsq(x, y, rcond=None)[0]
    u, s, v = np.linalg.svd(x @ ols, full_matrices=False)
    np.testing.assert_allclose(found["beta"], ols @ v[:2].T @ v[:2], atol=1e-10)
    np.testing.assert_allclose(found["time_courses"] @ found["components"], (u * s)[:, :2] @ v[:2], atol=1e-9)
    np.testing.assert_allclose(found["explained_variance_ratio"], s[:2] ** 2 / np.sum(y**2), rtol=1e-10)
    np.testing.assert_allclose(x @ found["weights"], found["time_courses"], atol=1e-10)
    left = y - x @ found["beta"]
    np.testing.assert_allclose(found["r_squared"], 1 - np.sum(left**2, 0) / np.sum(y**2, 0), atol=1e-10)


def test_at_full_rank_it_is_least_squares(task):
    table, series, _ = task
    found = compute(ReducedRankRegression(6, design=table), make_context(400), series)
    expected = compute(Regression(design=table), make_context(400), series)
    np.testing.assert_allclose(found["beta"], expected["beta"], atol=1e-10)
    np.testing.assert_allclose(found["r_squared"], expected["r_squared"], atol=1e-10)


def test_no_other_matrix_of_its_rank_fits_better(task):
    table, series, _ = task
    best = compute(ReducedRankRegression(2, design=table), make_context(400), series)["beta"]
    x, y = table.to_numpy() - table.to_numpy().mean(0), series - series.mean(0)
    rng = np.random.default_rng(0)
    left, right = np.linalg.svd(best)[0][:, :2], np.linalg.svd(best, full_matrices=False)[2][:2]
    middle = left.T @ best @ right.T
    for _ in range(20):
        other = (left + 1e-3 * rng.normal(size=left.shape)) @ middle @ (right + 1e-3 * rng.normal(size=right.shape))
        assert np.sum((y - x @ other) ** 2) > np.sum((y - x @ best) ** 2)


def test_the_rank_is_the_one_that_predicts_frames_left_out_best(task):
    table, series, _ = task
    analysis = ReducedRankRegression(None, design=table, n_folds=4, gap=3)
    result = dataset(analysis, make_context(400), series)
    assert result.attrs["rank"] == 2
    x, errors, totals = table.to_numpy(), np.zeros(6), 0.0
    for block in np.array_split(np.arange(400), 4):
        far = (np.arange(400) < block[0] - 3) | (np.arange(400) > block[-1] + 3)
        mean_x, mean_y = x[far].mean(0), series[far].mean(0)
        ols = np.linalg.lstsq(x[far] - mean_x, series[far] - mean_y, rcond=None)[0]
        v = np.linalg.svd((x[far] - mean_x) @ ols, full_matrices=False)[2]
        totals += np.sum((series[block] - mean_y) ** 2)
        for k in range(6):
            predicted = mean_y + (x[block] - mean_x) @ ols @ v[: k + 1].T @ v[: k + 1]
            errors[k] += np.sum((series[block] - predicted) ** 2)
    np.testing.assert_allclose(result["cv_r_squared"].values, 1 - errors / totals, rtol=1e-8)


def test_what_cannot_be_done_is_said_in_words(task):
    table, series, _ = task
    with pytest.raises(AnalysisError, match="rank=7, but there are only 6 regressors"):
        compute(ReducedRankRegression(7, design=table), make_context(400), series)
    with pytest.raises(AnalysisError, match=r"rank=2, but what the regressors explain in 1 varying voxels has rank 1"):
        compute(ReducedRankRegression(2, design=table), make_context(400), series[:, :1])
    with pytest.raises(AnalysisError, match="there are no regressors"):
        compute(ReducedRankRegression(), make_context(400), series)

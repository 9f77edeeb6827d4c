"""Components of regression weights, and the path of the brain along them, are Thunder's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from napari_thunder.analysis import Regression, RegressionWithPCA
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, make_context


@pytest.fixture
def task():
    rng = np.random.default_rng(7)
    table = pd.DataFrame(rng.normal(size=(120, 4)), columns=list("abcd"))
    return table, 10 + table.to_numpy() @ rng.normal(size=(4, 50)) + rng.normal(size=(120, 50))


def test_components_are_those_of_the_weights_over_voxels(task):
    table, series = task
    found = compute(RegressionWithPCA(2, design=table), make_context(120), series, slabs=3)
    fit = compute(Regression(design=table), make_context(120), series)
    oracle = PCA(2).fit(fit["beta"].T)
    signs = np.sign(np.sum(found["weights"].T * oracle.components_, axis=1))[:, None]
    np.testing.assert_allclose(found["weights"].T, signs * oracle.components_, atol=1e-10)
    np.testing.assert_allclose(found["components"], signs * oracle.transform(fit["beta"].T).T, atol=1e-10)
    np.testing.assert_allclose(found["explained_variance_ratio"], oracle.explained_variance_ratio_, rtol=1e-9)
    np.testing.assert_allclose(found["mean_weights"], oracle.mean_, atol=1e-10)
    np.testing.assert_allclose(found["r_squared"], fit["r_squared"], atol=1e-10)


def test_the_trajectory_is_the_mean_of_series_times_scores(task):
    table, series = task
    found = compute(RegressionWithPCA(3, design=table), make_context(120), series, slabs=4)
    expected = (series - series.mean(axis=0)) @ found["components"].T / 50
    np.testing.assert_allclose(found["time_courses"], expected, atol=1e-10)


def test_more_components_than_regressors_are_refused_in_words(task):
    table, series = task
    with pytest.raises(AnalysisError, match="for 4 regressors have only 4 independent components"):
        compute(RegressionWithPCA(5, design=table), make_context(120), series)

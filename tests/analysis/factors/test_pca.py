"""PCA is that of scikit-learn, and of Thunder with time and voxels exchanged."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn import decomposition

from napari_thunder.analysis import PCA
from napari_thunder.analysis.factors.subspace import upward
from napari_thunder.errors import AnalysisError, ParameterError
from tests.analysis.runner import compute, dataset, make_context


def _oracle(series, count):
    return decomposition.PCA(count, svd_solver="full").fit(series)


@pytest.mark.parametrize("slabs", [1, 4])
def test_components_are_those_of_scikit_learn(series, tiny, slabs):
    found, oracle = compute(PCA(4), tiny, series, slabs), _oracle(series, 4)
    np.testing.assert_allclose(found["explained_variance_ratio"], oracle.explained_variance_ratio_, rtol=1e-8)
    np.testing.assert_allclose(found["singular_values"], oracle.singular_values_, rtol=1e-8)
    assert subspace_angles(found["components"].T, oracle.components_.T).max() < 1e-6
    size = np.linalg.norm(found["components"], axis=1, keepdims=True)
    np.testing.assert_allclose(np.abs(found["components"] / size), np.abs(oracle.components_), atol=1e-9)
    scores = found["time_courses"] * size.T
    np.testing.assert_allclose(np.abs(scores), np.abs(oracle.transform(series)), rtol=1e-7, atol=1e-8)


def test_standardized_voxels_count_alike(series, tiny):
    scaled = (series - series.mean(0)) / series.std(0)
    found, oracle = compute(PCA(3, standardize=True), tiny, series * np.arange(1, 13)), _oracle(scaled, 3)
    np.testing.assert_allclose(found["explained_variance_ratio"], oracle.explained_variance_ratio_, rtol=1e-8)
    course = found["time_courses"]
    expected = [[np.corrcoef(c, y)[0, 1] for y in series.T] for c in course.T]
    np.testing.assert_allclose(found["components"], expected, atol=1e-9)


def test_time_courses_times_components_give_the_movie_back(series, tiny):
    found = compute(PCA(12), tiny, series)
    np.testing.assert_allclose(found["time_courses"] @ found["components"], series - series.mean(0), atol=1e-9)
    np.testing.assert_allclose(found["time_courses"].mean(0), 0, atol=1e-10)
    np.testing.assert_allclose(found["time_courses"].T @ found["time_courses"] / 260, np.eye(12), atol=1e-9)


def test_the_sign_does_not_depend_on_rounding():
    tie = np.array([[0.5, -0.5, 0.5, -0.5], [-0.1, 0.7, -0.7, 0.1]]).T
    noisy = tie + 1e-13 * np.random.default_rng(0).normal(size=tie.shape)
    for vectors in (tie, noisy, -tie, -noisy):
        np.testing.assert_allclose(upward(vectors), [[0.5, -0.1], [-0.5, 0.7], [0.5, -0.7], [-0.5, 0.1]], atol=1e-12)


def test_more_components_than_there_are_is_refused_in_words(series):
    rank_two = np.outer(np.sin(np.arange(50)), np.ones(9)) + np.outer(np.cos(np.arange(50) / 3), np.arange(9))
    with pytest.raises(
        AnalysisError, match="n_components=3, but 50 frames of 9 varying voxels have only 2 independent"
    ):
        compute(PCA(3), make_context(50), rank_two)
    with pytest.raises(
        AnalysisError, match="n_components=5, but 5 frames of 12 varying voxels have only 4 independent"
    ):
        compute(PCA(5), make_context(5), series[:5])
    with pytest.raises(AnalysisError, match="every voxel is constant or has NaN"):
        compute(PCA(1), make_context(50), np.ones((50, 4)))
    with pytest.raises(ParameterError, match="n_components=0 is below its least value 1"):
        PCA(0)


def test_many_frames_are_sampled_to_the_same_components(tiny, monkeypatch):
    rng = np.random.default_rng(4)
    strength = np.array([9.0, 7, 5, 3])[:, None]
    movie = rng.normal(size=(260, 4)) @ (strength * rng.normal(size=(4, 300))) + rng.normal(size=(260, 300))
    exact = compute(PCA(4), tiny, movie)
    monkeypatch.setattr("napari_thunder.analysis.factors.subspace.EXACT_FRAMES", 100)
    sampled = compute(PCA(4), tiny, movie, slabs=3)
    for name, values in exact.items():
        np.testing.assert_allclose(sampled[name], values, rtol=1e-3, atol=1e-3 * np.abs(values).max(), err_msg=name)
    with pytest.raises(AnalysisError, match="only 4 independent"):
        compute(PCA(6), tiny, movie[:, :4])


def test_curves_say_how_they_are_drawn(series, tiny):
    result = dataset(PCA(3), tiny, series)
    assert result["time_courses"].attrs["plot"] == "lines"
    assert result["explained_variance_ratio"].attrs["plot"] == "bars"

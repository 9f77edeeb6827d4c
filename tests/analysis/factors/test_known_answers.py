"""Thunder's known answers for factors, with time and voxels exchanged where Thunder's records are voxels."""

from __future__ import annotations

import numpy as np

from napari_thunder.analysis import ICA, NMF, PCA
from napari_thunder.analysis.factors.nonnegative import clipped, factored
from napari_thunder.analysis.factors.subspace import leading, project, subspace
from tests.analysis.runner import compute, make_context
from tests.examples.factors import matched

RECORDS = np.array([[1.0, 2, 6], [1, 3, 0], [1, 4, 6], [5, 1, 4]])


def test_26_singular_values_and_vectors():
    values, vectors = leading(RECORDS.T @ RECORDS, 3)
    np.testing.assert_allclose(np.sqrt(values), [11.019282, 3.951171, 2.993940], atol=1e-6)
    v = vectors[:, 0] * np.sign(vectors[0, 0])
    np.testing.assert_allclose(v, [0.349772, 0.419955, 0.837435], atol=1e-6)
    np.testing.assert_allclose(RECORDS @ v / np.sqrt(values[0]), [0.563947, 0.146075, 0.640169, 0.500809], atol=1e-6)


def test_27_principal_components():
    records = np.array([[1.0, 1, 1, 5], [2, 3, 4, 1], [6, 0, 6, 6]])
    found = compute(PCA(1), make_context(3), records)
    component, course = found["components"][0], found["time_courses"][:, 0]
    np.testing.assert_allclose(found["singular_values"], 5.509541, rtol=1e-6)
    component = component / np.linalg.norm(component)
    sign = np.sign(component[0])
    np.testing.assert_allclose(sign * component, [0.661593, -0.305829, 0.503856, 0.463566], atol=1e-6)
    scores = course / np.linalg.norm(course)
    np.testing.assert_allclose(sign * scores, [-0.381392, -0.434528, 0.815920], atol=1e-6)
    np.testing.assert_allclose(sign * scores * 5.509541, [-2.101292, -2.394052, 4.495345], atol=1e-5)


def test_28_non_negative_factors():
    start = np.array([[0.09082617, 0.85490047, 0.57234593], [0.82766740, 0.21301186, 0.90913979]])
    before, courses = (factored(RECORDS.T, start.T, clipped, n, -1.0).courses for n in (8, 9))
    maps = clipped(before.T @ before, before.T @ RECORDS.T)
    np.testing.assert_allclose(courses.T, [[0, 0.548475, 0.836167], [0.763630, 0.132449, 0.631923]], atol=1e-6)
    expected = [[5.027757, 1.803141], [1.495792, 0.256574], [6.503037, 1.178403], [0, 6.478835]]
    np.testing.assert_allclose(maps.T, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(RECORDS.T - courses @ maps), 2.994019, atol=1e-6)


def test_28_the_start_of_its_own_reaches_what_thunder_reaches_from_a_random_one():
    found = compute(NMF(2, shift="none", tol=0, max_iter=100), make_context(3), RECORDS.T)
    assert np.linalg.norm(RECORDS.T - found["time_courses"] @ found["components"]) < 2.9950


def test_29_independent_components():
    time, rng = np.linspace(0, 10, 100), np.random.default_rng(0)
    sources = np.stack([np.sin(2 * time), np.sign(np.sin(3 * time))], axis=1) + 0.2 * rng.normal(size=(100, 2))
    sources /= sources.std(axis=0)
    mixing = np.array([[1, 1], [0.5, 2]])
    movie = sources @ mixing.T
    for contrast in ("logcosh", "cube"):
        found = compute(ICA(2, "time courses", contrast), make_context(100), movie)
        assert matched(found["time_courses"].T, sources.T).min() > 0.99
        np.testing.assert_allclose(found["time_courses"] @ found["components"], movie - movie.mean(axis=0), atol=1e-12)


def test_47_gramian_and_covariance():
    records = np.array([[1.0, 2, 3], [4, 5, 6]])
    summed = next(subspace(1, 2, standardize=False)).partial(records.copy())
    centred = records - records.mean(axis=0)
    np.testing.assert_allclose(summed["gram"], centred @ centred.T, rtol=1e-12)
    variances = compute(PCA(1), make_context(2), records)["singular_values"] ** 2 / (len(records) - 1)
    np.testing.assert_allclose(variances, np.linalg.eigvalsh(np.cov(records.T))[-1:], rtol=1e-12)


def test_47_times():
    records, weights = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[7.0, 8], [9, 10], [11, 12]])
    means = records.mean(axis=1, keepdims=True)
    found = project(records.T.copy(), weights.T, standardize=False)["components"].T
    np.testing.assert_allclose(found + means * weights.sum(axis=0), [[58, 64], [139, 154]], rtol=1e-12)

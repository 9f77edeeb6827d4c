"""Factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from napari_thunder.analysis.factors.ica import ICA
from napari_thunder.analysis.factors.pca import PCA
from tests.analysis.runner import compute, make_context
from tests.examples import Case

Values = NDArray[np.float64]

MADE = {"pca": {"n_components": 3}, "ica": {"n_components": 3, "independent": "time courses"}}


def blobs(n_frames: int = 150, n_voxels: int = 900, noise: float = 0.3) -> tuple[Values, Values, Values]:
    """Series (t, voxels) of three sparse maps with smooth time courses and noise; the courses and the maps."""
    rng = np.random.default_rng(2)
    courses = np.stack([np.sin(np.arange(n_frames) / p) for p in (3, 7, 11)], axis=1)
    courses += 0.5 * rng.exponential(size=courses.shape)
    maps = rng.gamma(0.3, 2, size=(3, n_voxels))
    return courses @ maps + noise * rng.normal(size=(n_frames, n_voxels)), courses, maps


def matched(found: Values, truth: Values) -> Values:
    """abs(correlation) of each true signal (k, n) with the one found for it, each used once."""
    size = np.abs(np.corrcoef(found, truth)[: len(found), len(found) :])
    rows, columns = linear_sum_assignment(-size)
    return size[rows, columns][np.argsort(columns)]


def _pca_against_sklearn() -> float:
    from sklearn import decomposition

    series = blobs()[0]
    found, oracle = compute(PCA(4), make_context(150), series), decomposition.PCA(4, svd_solver="full").fit(series)
    of_values = np.abs(found["singular_values"] / oracle.singular_values_ - 1).max()
    components = found["components"] / np.linalg.norm(found["components"], axis=1, keepdims=True)
    return float(max(of_values, np.abs(np.abs(components) - np.abs(oracle.components_)).max()))


def _ica_against_sklearn(independent: str, contrast: str) -> float:
    from sklearn.decomposition import FastICA

    series = blobs()[0]
    centred = series - series.mean(axis=0)
    samples = centred.T if independent == "maps" else centred
    options = {"whiten": "unit-variance", "fun": contrast, "max_iter": 1000, "tol": 1e-12, "random_state": 0}
    oracle = FastICA(3, whiten_solver="eigh" if independent == "maps" else "svd", **options).fit_transform(samples)
    made = ICA(3, independent, contrast, tol=1e-12, max_iter=1000)
    found = compute(made, make_context(150), series)
    sources = found["components"] if independent == "maps" else found["time_courses"].T
    return float(1 - matched(sources, oracle.T).min())


CASES = [
    Case("pca", "sklearn.decomposition.PCA", "3 sparse maps with noise", _pca_against_sklearn),
    Case("ica", "sklearn.decomposition.FastICA", "maps, logcosh", lambda: _ica_against_sklearn("maps", "logcosh")),
    Case("ica", "sklearn.decomposition.FastICA", "maps, cube", lambda: _ica_against_sklearn("maps", "cube")),
    Case(
        "ica", "sklearn.decomposition.FastICA", "time courses", lambda: _ica_against_sklearn("time courses", "logcosh")
    ),
]

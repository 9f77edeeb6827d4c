"""Factors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from napari_thunder.analysis.factors.factor_analysis import FactorAnalysis
from napari_thunder.analysis.factors.fixed_point import Unmixing, nearest_rotation
from napari_thunder.analysis.factors.ica import ICA
from napari_thunder.analysis.factors.nmf import NMF
from napari_thunder.analysis.factors.nonnegative import clipped, factored
from napari_thunder.analysis.factors.pca import PCA
from napari_thunder.analysis.factors.stability import stability
from napari_thunder.analysis.regression.reduced_rank import ReducedRankRegression
from napari_thunder.analysis.regression.with_pca import RegressionWithPCA
from tests.analysis.runner import compute, dataset, make_context
from tests.examples import Case, Parameters

Values = NDArray[np.float64]

MADE: dict[str, Parameters] = {
    "pca": {"n_components": 3},
    "ica": {"n_components": 3, "independent": "time courses"},
    "nmf": {"n_components": 2},
}
_TASK = {"events_by": ("direction",), "signals": ("swim",), "kernel": "GCaMP6s"}
MADE |= {"reduced_rank_regression": _TASK, "regression_with_pca": _TASK}
ON_FISH = {"reduced_rank_regression": _TASK, "regression_with_pca": _TASK}
OF_GROUPS = {"factor_analysis": {"n_factors": 2}}


def shared() -> tuple[Values, Values, Values]:
    """Series (800, 12) of two shared factors and noise: series, loadings (2, 12), variances of the noise (12,)."""
    rng = np.random.default_rng(6)
    loadings, noise = rng.normal(size=(2, 12)), rng.uniform(0.2, 3, 12)
    return rng.normal(size=(800, 2)) @ loadings + rng.normal(size=(800, 12)) * np.sqrt(noise), loadings, noise


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


def _stability_against_clusters() -> float:
    """Icasso's index, of estimates that scipy's average linkage puts in clusters whatever their order and sign."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    rng, k, n = np.random.default_rng(5), 4, 8
    whole = nearest_rotation(rng.normal(size=(k, k)))
    starts = [nearest_rotation(whole + 0.15 * rng.normal(size=(k, k)))[rng.permutation(k)] for _ in range(n)]
    starts = [start * rng.choice([-1.0, 1.0], size=(k, 1)) for start in starts]
    found = stability(whole, [Unmixing(start, 0.0, 1) for start in starts])
    estimates = np.concatenate(starts)
    alike = np.clip(np.abs(np.round(estimates @ estimates.T, 12)), 0, 1)
    label = fcluster(linkage(squareform(1 - alike, checks=False), "average"), k, "maxclust")
    own = [label[np.abs(estimates @ row).argmax()] for row in whole]
    index = [alike[np.ix_(label == c, label == c)].mean() - alike[np.ix_(label == c, label != c)].mean() for c in own]
    return float(np.abs(found / index - 1).max())


def _nmf_against_sklearn() -> float:
    from sklearn import decomposition

    series = blobs()[0]
    shifted = series - series.min(axis=0)
    oracle = decomposition.NMF(3, init="nndsvda", solver="cd", max_iter=2000, tol=1e-6).fit(shifted)
    found = compute(NMF(3, tol=1e-7), make_context(150), series)
    error = np.linalg.norm(shifted - found["time_courses"] @ found["components"])
    return float(abs(error / oracle.reconstruction_err_ - 1))


def _nmf_against_thunder() -> float:
    records = np.array([[1.0, 2, 6], [1, 3, 0], [1, 4, 6], [5, 1, 4]])
    start = np.array([[0.09082617, 0.85490047, 0.57234593], [0.82766740, 0.21301186, 0.90913979]])
    found = factored(records.T, start.T, clipped, 9, -1.0).courses.T
    return float(np.abs(found - [[0, 0.548475, 0.836167], [0.763630, 0.132449, 0.631923]]).max())


def _factor_analysis_against_its_own_equations() -> float:
    """At the maximum, L is made of eigenvectors of Ψ^-½ S Ψ^-½, and the diagonal of L L' + Ψ is that of S."""
    series = shared()[0]
    made = FactorAnalysis(2, of="cells", cell_size=1, standardize=False)
    found = compute(made, make_context(800, voxel_size=(1.0, 1.0, 1.0)), series)
    covariance, loadings = np.cov(series.T, ddof=0), found["loadings"].astype(np.float64)
    communality = np.sum(loadings**2, axis=0)
    noise = communality / found["shared_variance"] - communality
    of_diagonal = np.abs((communality + noise) / np.diag(covariance) - 1).max()
    values, vectors = np.linalg.eigh(covariance / np.sqrt(np.outer(noise, noise)))
    expected = np.sqrt(noise)[:, None] * vectors[:, -2:] * np.sqrt(values[-2:] - 1)
    product = expected @ expected.T
    return float(max(of_diagonal, np.abs(loadings.T @ loadings - product).max() / np.abs(product).max()))


def _factor_analysis_against_sklearn() -> float:
    from sklearn import decomposition

    series = shared()[0]
    made = FactorAnalysis(2, of="cells", cell_size=1, standardize=False)
    result = dataset(made, make_context(800, voxel_size=(1.0, 1.0, 1.0)), series)
    oracle = decomposition.FactorAnalysis(2, max_iter=5000, tol=1e-8).fit(series)
    return float(abs(result.attrs["log_likelihood"] / oracle.score(series) - 1))


def _task() -> tuple[pd.DataFrame, Values]:
    rng = np.random.default_rng(8)
    table = pd.DataFrame(rng.normal(size=(100, 5)), columns=list("abcde"))
    return table, 5 + table.to_numpy() @ rng.normal(size=(5, 80)) + rng.normal(size=(100, 80))


def _reduced_rank_against_fitted_values() -> float:
    table, series = _task()
    found = compute(ReducedRankRegression(2, design=table), make_context(100), series)["beta"]
    x, y = table.to_numpy() - table.to_numpy().mean(axis=0), series - series.mean(axis=0)
    weights = np.linalg.lstsq(x, y, rcond=None)[0]
    v = np.linalg.svd(x @ weights, full_matrices=False)[2][:2]
    expected = weights @ v.T @ v
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _with_pca_against_thunder() -> float:
    """The trajectory as Thunder defines it, voxel by voxel."""
    from sklearn import decomposition
    from sklearn.linear_model import LinearRegression

    table, series = _task()
    found = compute(RegressionWithPCA(2, design=table), make_context(100), series)["time_courses"]
    weights = LinearRegression().fit(table.to_numpy(), series).coef_
    scores = decomposition.PCA(2).fit_transform(weights)
    expected = sum(np.outer(y - y.mean(), score) for y, score in zip(series.T, scores, strict=True)) / 80
    return float(np.abs(np.abs(found) - np.abs(expected)).max() / np.abs(expected).max())


CASES = [
    Case("reduced_rank_regression", "numpy SVD of fitted values", "rank 2 of 5", _reduced_rank_against_fitted_values),
    Case(
        "regression_with_pca",
        "sklearn regression and PCA, Thunder's formula",
        "5 regressors",
        _with_pca_against_thunder,
    ),
    Case("pca", "sklearn.decomposition.PCA", "3 sparse maps with noise", _pca_against_sklearn),
    Case(
        "factor_analysis",
        "sklearn.decomposition.FactorAnalysis",
        "log likelihood",
        _factor_analysis_against_sklearn,
        1e-6,
    ),
    Case(
        "factor_analysis",
        "equations of the maximum",
        "2 factors of 12",
        _factor_analysis_against_its_own_equations,
        1e-3,
    ),
    Case("nmf", "sklearn.decomposition.NMF", "loss, 3 sparse maps with noise", _nmf_against_sklearn, 1e-3),
    Case("nmf", "Thunder's known answer 28", "9 steps of its least squares", _nmf_against_thunder, 1e-6),
    Case("ica", "sklearn.decomposition.FastICA", "maps, logcosh", lambda: _ica_against_sklearn("maps", "logcosh")),
    Case("ica", "Icasso's index by scipy's average linkage", "stability, 8 starts", _stability_against_clusters),
    Case("ica", "sklearn.decomposition.FastICA", "maps, cube", lambda: _ica_against_sklearn("maps", "cube")),
    Case(
        "ica", "sklearn.decomposition.FastICA", "time courses", lambda: _ica_against_sklearn("time courses", "logcosh")
    ),
]

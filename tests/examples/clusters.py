"""Clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.k_means import KMeans
from napari_thunder.analysis.clusters.silhouette import Silhouette
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {"k_means": {"n_clusters": 3}}


def planted(n_voxels: int = 900, n_clusters: int = 6, noise: float = 2.0) -> tuple[NDArray, NDArray]:
    """Series (80, voxels) of so many time courses in noise, on different levels; and which each has."""
    rng = np.random.default_rng(3)
    of = rng.integers(0, n_clusters, n_voxels)
    courses = rng.normal(size=(80, n_clusters)).cumsum(axis=0)
    return 100 + rng.normal(0, 5, n_voxels) + courses[:, of] + noise * rng.normal(size=(80, n_voxels)), of


def _inertia(distance: str) -> float:
    """How much worse than scikit-learn's, as a share; not at all if better."""
    from sklearn.cluster import KMeans as Oracle

    series, _ = planted()
    points = series if distance == "euclidean" else (series - series.mean(axis=0)) / series.std(axis=0)
    wanted = Oracle(6, n_init=10, random_state=0).fit(points.T).inertia_
    found = compute(KMeans(6, distance=distance, n_sample=300), make_context(80), series)
    label, centers = found["label"].astype(int) - 1, found["centers"]
    return max(0.0, float(((points - centers[:, label]) ** 2).sum() / wanted - 1))


def _spherical() -> float:
    """Against Lloyd's passes on correlations, written out, from scikit-learn's clusters."""
    from sklearn.cluster import KMeans as Oracle

    series, _ = planted()
    points = (series - series.mean(axis=0)) / series.std(axis=0)
    label = Oracle(6, n_init=10, random_state=0).fit(points.T).labels_
    for _ in range(50):
        means = np.stack([points[:, label == k].mean(axis=1) for k in range(6)])
        r = np.corrcoef(means, points.T)[:6, 6:]
        label = r.argmax(axis=0)
    found = compute(KMeans(6, n_sample=300), make_context(80), series)["similarity"]
    return float(abs(found.mean() / r.max(axis=0).mean() - 1))


def _silhouette(distance: str) -> float:
    from sklearn.metrics import silhouette_samples

    series, of = planted(200)
    measure = "correlation" if distance == "correlation" else "euclidean"
    wanted = silhouette_samples(series.T, of, metric=measure)
    return float(np.abs(Silhouette.of(series, distance).each(of) - wanted).max())


_K_MEANS, _WIDTHS = "sklearn.cluster.KMeans(n_init=10), inertia", "sklearn.metrics.silhouette_samples"

CASES = [
    Case("k_means", _K_MEANS, "900 z-scored series", lambda: _inertia("standardized"), 1e-3),
    Case("k_means", _K_MEANS, "900 series as they are", lambda: _inertia("euclidean"), 1e-3),
    Case("k_means", "numpy.corrcoef, pass by pass", "mean r with the own centre", _spherical, 1e-3),
    Case("k_means", _WIDTHS, "200 series, 1 − r", lambda: _silhouette("correlation"), 1e-5),
    Case("k_means", _WIDTHS, "200 series, Euclidean", lambda: _silhouette("euclidean"), 1e-4),
]

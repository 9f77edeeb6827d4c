"""Clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from napari_thunder.analysis.clusters.hierarchical import HierarchicalClustering
from napari_thunder.analysis.clusters.k_means import KMeans
from napari_thunder.analysis.clusters.silhouette import Silhouette
from napari_thunder.analysis.clusters.ward import ward_tree
from napari_thunder.regions import region_of_mask
from tests.analysis.runner import compute, dataset, make_context
from tests.examples import Case

MADE = {"k_means": {"n_clusters": 3}, "hierarchical_clustering": {"n_clusters": 3, "n_leaves": 6}}
ON_FISH = {
    "k_means": {"n_clusters": 4, "max_iter": 5},
    "hierarchical_clustering": {"n_clusters": 4, "n_leaves": 12, "max_iter": 2},
}
"""With few passes, as each costs Spark a job."""


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
    with threadpool_limits(1):
        wanted = Oracle(6, n_init=10, random_state=0).fit(points.T).inertia_
    found = compute(KMeans(6, distance=distance, n_sample=300), make_context(80), series)
    label, centers = found["label"].astype(int) - 1, found["centers"]
    return max(0.0, float(((points - centers[:, label]) ** 2).sum() / wanted - 1))


def _unclear() -> float:
    """The same of clusters that noise hides."""
    from sklearn.cluster import KMeans as Oracle

    series, _ = planted(2000, noise=8.0)
    points = (series - series.mean(axis=0)) / series.std(axis=0)
    with threadpool_limits(1):
        wanted = Oracle(6, n_init=3, random_state=0).fit(points.T).inertia_
        found = dataset(KMeans(6, distance="standardized", n_sample=500), make_context(80), series)
    return max(0.0, float(found.attrs["inertia"] / wanted - 1))


def _spherical() -> float:
    """Against Lloyd's passes on correlations, written out, from scikit-learn's clusters."""
    from sklearn.cluster import KMeans as Oracle

    series, _ = planted()
    points = (series - series.mean(axis=0)) / series.std(axis=0)
    with threadpool_limits(1):
        label = Oracle(6, n_init=10, random_state=0).fit(points.T).labels_
    for _ in range(50):
        means = np.stack([points[:, label == k].mean(axis=1) for k in range(6)])
        with threadpool_limits(1):
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


def _tree() -> float:
    """The tree of 12 regions."""
    from scipy.cluster.hierarchy import cophenet, ward

    series, _ = planted(12)
    analysis = HierarchicalClustering(3, leaves="regions", distance="euclidean")
    regions = [region_of_mask(np.arange(12).reshape(1, 1, 12) == i, f"{i}", "#ff0000") for i in range(12)]
    found = compute(analysis, make_context(80, regions=tuple(regions)), series)
    order = np.argsort(found["leaf"])
    wanted = cophenet(ward(series[:, order].T))
    return float(np.abs(cophenet(np.ascontiguousarray(found["tree"])) / wanted - 1).max())


def _weighted_tree() -> float:
    """A tree of groups of sizes 1 to 9 against that of their members."""
    from scipy.cluster.hierarchy import ward

    rng = np.random.default_rng(0)
    centers, sizes = rng.normal(size=(15, 4)), rng.integers(1, 10, 15)
    wanted = ward(np.repeat(centers, sizes, axis=0))[-14:, 2]
    return float(np.abs(ward_tree(centers, sizes.astype(float))[:, 2] / wanted - 1).max())


_K_MEANS, _WIDTHS = "sklearn.cluster.KMeans(n_init=10), inertia", "sklearn.metrics.silhouette_samples"

CASES = [
    Case("k_means", _K_MEANS, "900 z-scored series", lambda: _inertia("standardized"), 1e-3),
    Case("k_means", _K_MEANS, "900 series as they are", lambda: _inertia("euclidean"), 1e-3),
    Case("k_means", "sklearn.cluster.KMeans(n_init=3), inertia", "2000 series without clear clusters", _unclear, 1e-3),
    Case("k_means", "numpy.corrcoef, pass by pass", "mean r with the own centre", _spherical, 1e-3),
    Case("k_means", _WIDTHS, "200 series, 1 − r", lambda: _silhouette("correlation"), 1e-5),
    Case("k_means", _WIDTHS, "200 series, Euclidean", lambda: _silhouette("euclidean"), 1e-4),
    Case("hierarchical_clustering", "scipy.cluster.hierarchy.ward, cophenetic distances", "12 regions", _tree),
    Case(
        "hierarchical_clustering", "scipy.cluster.hierarchy.ward of all members", "15 groups of 1 to 9", _weighted_tree
    ),
]

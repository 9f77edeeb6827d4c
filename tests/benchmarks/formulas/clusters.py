"""Clusters, by scikit-learn and scipy."""

from __future__ import annotations

import numpy as np
import xarray as xr

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Values
from tests.benchmarks.task import Task


def _standardised(movie: Movie) -> Values:
    """(voxels, t) float32, mean 0 and sd 1."""
    y = movie.T.astype(np.float32)
    y -= y.mean(1, keepdims=True)
    y /= y.std(1, keepdims=True)
    return np.asarray(y)


def k_means(movie: Movie, recording: nt.Recording) -> Maps:
    """Of standardised series, from one start."""
    from sklearn.cluster import KMeans

    fitted = KMeans(8, n_init=1, random_state=0).fit(_standardised(movie))
    return {"label": fitted.labels_, "inertia": fitted.inertia_}


def hierarchical_clustering(movie: Movie, recording: nt.Recording) -> Maps:
    """Ward's tree of 40 clusters of k-means of at most 20 passes."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from sklearn.cluster import KMeans

    y = _standardised(movie)
    fitted = KMeans(40, n_init=1, max_iter=20, random_state=0).fit(y)
    tree = linkage(fitted.cluster_centers_, "ward")
    label = fcluster(tree, 8, "maxclust")[fitted.labels_]
    means = [y[label == k].mean(0) for k in np.unique(label)]
    explained = sum((label == k).sum() * (m * m).sum() for k, m in zip(np.unique(label), means, strict=True))
    return {"label": label, "explained": explained}


def _as_close(result: xr.Dataset, hand: Maps) -> None:
    assert result.attrs["inertia"] < 1.01 * hand["inertia"]


def _as_tight(result: xr.Dataset, hand: Maps) -> None:
    """As much of the squares lies between our clusters."""
    centers = result["centers"].to_numpy()
    assert (result["sizes"].to_numpy() * (centers**2).sum(0)).sum() > 0.95 * hand["explained"]


TASKS = {
    "k_means": Task(
        nt.KMeans(8, distance="standardized"),
        k_means,
        share=16,
        agree=_as_close,
        note="scikit-learn, one start; this fish has no clear clusters, so there are many passes",
    ),
    "hierarchical_clustering": Task(
        nt.HierarchicalClustering(), hierarchical_clustering, share=16, agree=_as_tight, note="scikit-learn and scipy"
    ),
}

"""How well points lie within their clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.points import CORRELATION, as_points

Values = NDArray[np.float64]
Labels = NDArray[np.intp]

Curves = dict[str, tuple[tuple[str, ...], Values, dict[str, Any]]]

_MOST_VOXELS = 3000
"""So many points are compared with one another, 36 MB of distances."""

_ROWS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Silhouette:
    """Distances (n, n) between points, from which the silhouette of any clustering of them follows."""

    distances: NDArray[np.float32]

    @classmethod
    def of(cls, series: Values, distance: str) -> Silhouette:
        """Of series (t, n): 1 − r for the distance by correlation, else the Euclidean distance."""
        points = as_points(series.copy(), distance)
        squares = np.einsum("tn,tn->n", points, points)
        distances = np.empty((len(squares), len(squares)), np.float32)
        for start in range(0, len(squares), _ROWS):
            rows = slice(start, start + _ROWS)
            apart = points[:, rows].T @ points
            apart *= -2
            apart += squares
            apart += squares[rows, None]
            np.maximum(apart, 0, out=apart)
            distances[rows] = apart / (2 * len(points)) if distance == CORRELATION else np.sqrt(apart)
        np.fill_diagonal(distances, 0)
        return cls(distances)

    def each(self, labels: Labels) -> Values:
        """(b − a) / max(a, b) of each point: a its mean distance to its own cluster's others, b to the nearest other's.

        0 for a point alone in its cluster; NaN where there is one cluster only. Rousseeuw 1987.
        """
        found, own = np.unique(labels, return_inverse=True)
        if len(found) < 2:
            return np.full(len(labels), np.nan)
        member = np.zeros((len(labels), len(found)), np.float32)
        member[np.arange(len(labels)), own] = 1
        sums = (self.distances @ member).astype(np.float64)
        counts = member.sum(axis=0, dtype=np.float64)
        rows = np.arange(len(labels))
        inside = sums[rows, own] / np.maximum(counts[own] - 1, 1)
        means = sums / counts
        means[rows, own] = np.inf
        outside = means.min(axis=1)
        with np.errstate(all="ignore"):
            widths = (outside - inside) / np.maximum(inside, outside)
        return np.where((counts[own] > 1) & np.isfinite(widths), widths, 0.0)

    def mean(self, labels: Labels) -> float:
        """Over all points; from −1 to 1, high where clusters are far apart."""
        return float(self.each(labels).mean())


def some_of(n_voxels: int, seed: int) -> Labels:
    """Places of those of a sample that are compared with one another: all, or some at random."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(n_voxels, min(n_voxels, _MOST_VOXELS), replace=False)
    return np.sort(chosen).astype(np.intp)


def silhouette_curves(widths: Values, labels: Labels, n_clusters: int, by_k: Mapping[int, float]) -> Curves:
    """The mean silhouette of each cluster, and of each number of clusters that was tried."""
    about = {"long_name": "mean silhouette", "units": "1"}
    with np.errstate(all="ignore"):
        means = np.bincount(labels, widths, n_clusters) / np.bincount(labels, minlength=n_clusters)
    curves: Curves = {"silhouette": (("cluster",), means, about | {"plot": "bars", "voxels_by": "label"})}
    if by_k:
        curves["silhouette_of_k"] = (("k",), np.array(list(by_k.values())), about | {"plot": "lines"})
    return curves

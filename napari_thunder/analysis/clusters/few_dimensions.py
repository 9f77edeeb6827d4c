"""Points in the few dimensions in which they differ most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from napari_thunder.analysis.clusters.points import EUCLIDEAN, points_of
from napari_thunder.analysis.protocol import Array, Series

Values = NDArray[np.float64]

_DIMENSIONS = 50


@dataclass(frozen=True, slots=True, eq=False)
class FewDimensions:
    """The plane through `origin` that is nearest to some points: 50 dimensions, or twice as many as clusters.

    Parameters
    ----------
    origin
        (t,) the mean of the points if the distance is Euclidean, else 0, so that points of sd 1 stay at one distance
        from it.
    basis
        (t, d), orthonormal.
    distance
        What makes points of series.
    """

    origin: Values
    basis: Values
    distance: str

    @classmethod
    def of(cls, points: Values, distance: str, n_clusters: int) -> FewDimensions:
        """The plane of points (t, n)."""
        origin = points.mean(axis=1) if distance == EUCLIDEAN else np.zeros(len(points))
        return cls(origin, _leading(points - origin[:, None], max(_DIMENSIONS, 2 * n_clusters)), distance)

    @property
    def n_dimensions(self) -> int:
        """d."""
        return int(self.basis.shape[1])

    def __call__(self, series: Series) -> Array:
        """Series (t, n), which are overwritten, as points (d, n) float32; NaN where a voxel takes no part."""
        points = points_of(series, self.distance)
        found = self.basis.T @ points.centred
        found *= points.scale
        found += np.outer(self.basis.sum(axis=0), points.mean) - (self.basis.T @ self.origin)[:, None]
        found[:, ~points.valid] = np.nan
        return found.astype(np.float32)

    def lifted(self, few: Values) -> Values:
        """Points (n, d) of the plane as points (t, n)."""
        return self.origin[:, None] + self.basis @ few.T


def _leading(points: Values, n_dimensions: int) -> Values:
    """Directions (t, d) along which points (t, n) have the largest sums of squares."""
    t, n = points.shape
    kept = min(n_dimensions, t, n)
    span = [min(t, n) - kept, min(t, n) - 1]
    if t <= n:
        return np.asarray(eigh(points @ points.T, subset_by_index=span)[1])
    vectors = points @ eigh(points.T @ points, subset_by_index=span)[1]
    return np.linalg.qr(vectors)[0]

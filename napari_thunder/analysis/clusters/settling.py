"""Centres that settle over passes through the whole brain."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.points import Share, merge_shares, next_centers, points_of
from napari_thunder.analysis.clusters.starts import best_run, in_few_dimensions
from napari_thunder.analysis.protocol import Answer, Reduce, Request

Values = NDArray[np.float64]

_LEAST_VOXELS = 1024


class Settled(NamedTuple):
    """Centres (t, k), the voxels of each, the sum of squared distances, and after how many passes they were still."""

    centers: Values
    counts: NDArray[np.intp]
    inertia: float
    n_passes: int
    still: bool


@dataclass(frozen=True, slots=True, eq=False)
class Settling:
    """How k-means goes about it.

    Parameters
    ----------
    sample
        Series (t, n) of voxels on which starts are compared.
    distance, n_init, max_iter, tol, seed
        As of `KMeans`.
    """

    sample: Values
    distance: str
    n_init: int = 10
    max_iter: int = 300
    tol: float = 1e-4
    seed: int = 0

    def labels(self, n_clusters: int) -> NDArray[np.intp]:
        """The cluster of each voxel of the sample, in the best of the runs on it."""
        few = in_few_dimensions(self._points().T, n_clusters)
        return best_run(few, n_clusters, self.n_init, self.seed).labels

    def over_the_brain(self, n_clusters: int) -> Generator[Request, Answer, Settled]:
        """From the best run on the sample, passes over the brain until the centres are still."""
        points = self._points()
        centers = self._start(points, n_clusters)
        still = self.tol * points.var(axis=1).mean()
        for n_passes in range(1, self.max_iter + 1):
            share = yield Reduce(
                Share(centers, self.distance), merge_shares, f"pass {n_passes} over the brain", _LEAST_VOXELS
            )
            moved = next_centers(share, centers, self.distance)
            shift = float(((moved - centers) ** 2).sum())
            centers = moved
            if shift <= still:
                break
        return Settled(centers, share["counts"], float(share["inertia"][0]), n_passes, shift <= still)

    def _start(self, points: Values, n_clusters: int) -> Values:
        labels = self.labels(n_clusters)
        member = (labels[:, None] == np.arange(n_clusters)).astype(np.float64)
        share = {
            "sums": points @ member,
            "counts": member.sum(axis=0),
            "far": np.zeros(1),
            "farthest": points[:, 0],
        }
        fallback = points[:, np.arange(n_clusters) % points.shape[1]]
        return next_centers(share, fallback, self.distance)

    def _points(self) -> Values:
        points = points_of(self.sample.copy(), self.distance)
        return np.asarray(points.centred * points.scale + points.mean)

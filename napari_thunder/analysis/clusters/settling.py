"""Centres that settle over passes through the whole brain."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.few_dimensions import FewDimensions
from napari_thunder.analysis.clusters.points import CORRELATION, Share, as_points, merge_shares, standard
from napari_thunder.analysis.clusters.starts import Run, best_run, lloyd
from napari_thunder.analysis.clusters.steps import Steps
from napari_thunder.analysis.protocol import Answer, Reduce, Request, Sample
from napari_thunder.blocks import Box

Values = NDArray[np.float64]

_LEAST_VOXELS = 1024

_MANY_VOXELS = 100_000
"""In few dimensions so many take less memory than the sample, and a pass through them a fraction of a second."""


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
        Points (n, d) on which starts are compared, in few dimensions.
    plane
        Those dimensions.
    variance
        Of the points of the sample: the mean over frames.
    complete
        Whether the sample is all there is.
    n_init, max_iter, tol, gain, seed
        As of `KMeans`.
    """

    sample: Values
    plane: FewDimensions
    variance: float
    complete: bool
    n_init: int = 10
    max_iter: int = 300
    tol: float = 1e-4
    gain: float = 1e-5
    seed: int = 0

    @classmethod
    def of(cls, series: Values, distance: str, most_clusters: int, space: Box, **how: float) -> Settling:
        """From series (t, n) sampled in a volume, which are overwritten."""
        points = as_points(series, distance)
        plane = FewDimensions.of(points, distance, most_clusters)
        few = (points - plane.origin[:, None]).T @ plane.basis
        return cls(few, plane, float(points.var(axis=1).mean()), len(few) == prod(space), **how)  # type: ignore[arg-type]

    def run(self, n_clusters: int) -> Run:
        """The best of the runs on the sample."""
        return best_run(self.sample, n_clusters, self.n_init, self.seed, self._spherical)

    def over_the_brain(self, n_clusters: int) -> Generator[Request, Answer, Settled]:
        """From the best run on the sample, passes over more voxels, then over all until the centres are still."""
        few = self.run(n_clusters).centers
        if not self.complete:
            few = yield from self._on_many_voxels(few)
        centers = self.plane.lifted(few)
        return (yield from self._settled(standard(centers) if self._spherical else centers))

    def _on_many_voxels(self, few: Values) -> Generator[Request, Answer, Values]:
        wanted = Sample(_MANY_VOXELS, self.seed + 1, "sampling more", self.plane, self.plane.n_dimensions)
        many = np.ascontiguousarray((yield wanted)["series"].T)
        return lloyd(many, few, self._spherical).centers if len(many) > len(self.sample) else few

    def _settled(self, centers: Values) -> Generator[Request, Answer, Settled]:
        steps = Steps(centers, self.plane.distance)
        for n_passes in range(1, self.max_iter + 1):
            share = yield Reduce(
                Share(steps.centers, steps.distance), merge_shares, f"pass {n_passes} over the brain", _LEAST_VOXELS
            )
            steps.follow(share)
            if still := steps.shift <= self.tol * self.variance or 0 <= steps.gain < self.gain:
                break
        return Settled(steps.means, steps.counts, steps.inertia, n_passes, still)

    @property
    def _spherical(self) -> bool:
        return self.plane.distance == CORRELATION

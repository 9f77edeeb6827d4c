"""Groups of voxels that do the same."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.found import (
    ORDERS,
    SIZE,
    Labelled,
    cluster_curves,
    cluster_maps,
    colours_of,
    coords_of,
    order_of,
    with_facts,
)
from napari_thunder.analysis.clusters.points import CORRELATION, DISTANCES, nearest, points_of
from napari_thunder.analysis.clusters.settling import Settled, Settling
from napari_thunder.analysis.clusters.silhouette import Silhouette, silhouette_curves, some_of
from napari_thunder.analysis.protocol import Answer, Context, MapStep, Request, Sample
from napari_thunder.errors import AnalysisError, ParameterError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_TRIED = tuple(range(2, 13))


@dataclass(frozen=True, slots=True)
class KMeans:
    """K-means: voxels in k clusters such that Σ ‖y − c‖² over the brain, c the centre of y's cluster, is least.

    The best of `n_init` runs on a sample, each started by k-means++, settles on a hundred thousand voxels in few
    dimensions (the leading principal components of the sample). From there passes over the whole brain move every
    centre to the mean of the voxels nearest to it, until the centres are still.

    Parameters
    ----------
    n_clusters
        How many; None: as many of `compare` as have the largest silhouette on the sample.
    distance
        `correlation`: voxels and centres at mean 0 and sd 1, so that ‖y − c‖² = 2 t (1 − r) and a voxel belongs to the
        centre it is most correlated with. `standardized`: voxels at mean 0 and sd 1, centres their plain means, as
        scikit-learn on z-scored series. `euclidean`: the series as they are, so that bright voxels count most.
    compare
        Numbers of clusters whose silhouettes are compared; 2 to 12 if `n_clusters` is None and none are given.
    order
        Clusters are numbered by `size`, the largest first, or by `likeness`, so that neighbours do much the same.
    n_init
        Runs on the sample, of which the best is taken.
    n_sample
        Voxels in the sample.
    max_iter
        Most passes over the brain.
    tol
        Centres are still when the sum of their squared moves is below `tol` times the mean variance of a frame over
        voxels, as in scikit-learn.
    gain
        Passes also end when one lowers the sum of squares by less than this share of it, as in SciPy's `kmeans`; 0:
        `tol` alone ends them.
    seed
        Of the sample and of the starts.

    Returns
    -------
    label : (z, y, x)
        Number of the cluster, from 1. Its colour is in the attribute `palette`, its opacity the map `similarity`.
    similarity : (z, y, x)
        Pearson's r of the voxel with the centre of its cluster.
    centers : (frame, cluster)
        In sd, or in units of the movie if `euclidean`.
    sizes, silhouette : (cluster,)
        Voxels; mean silhouette of the sampled voxels, (b − a) / max(a, b), a and b their mean distances (1 − r, or
        Euclidean) to the voxels of their own and of the next cluster.
    silhouette_of_k : (k,)
        Mean silhouette for each of `compare`.
    motion_correlation : (cluster, motion)
        Where motion is known: r of each centre with the shifts along z, y, x and the distance moved.
    Attributes `palette`, `inertia`, `n_passes`, `mean_silhouette`, `warnings`.

    Raises
    ------
    AnalysisError
        If fewer voxels vary than clusters are asked for.

    Notes
    -----
    Voxels that are constant or have NaN take no part. A cluster that loses all its voxels starts again at the voxel
    farthest from its centre. K-means always finds clusters, in noise too: look at silhouette and similarity. Motion and
    bleaching make clusters along edges: undo motion and detrend first. Where clusters are not clear, centres drift for
    a hundred passes and more that change the sum of squares in the fifth digit: `gain` ends these.

    References
    ----------
    `sklearn.cluster.KMeans`; Arthur & Vassilvitskii 2007 (k-means++); Rousseeuw 1987 (silhouette); Thunder `KMeans`.
    """

    family: ClassVar[str] = "Clusters"
    title: ClassVar[str] = "K-means"
    summary: ClassVar[str] = "Groups of voxels that do the same, coloured by how alike the groups are"

    n_clusters: int | None = parameter(
        8, help="How many clusters; none: the number with the best silhouette", minimum=1, maximum=500
    )
    distance: str = parameter(CORRELATION, help="How unlike a voxel and a centre are", choices=DISTANCES)
    compare: tuple[float, ...] = parameter((), help="Numbers of clusters to compare by their silhouettes")
    order: str = parameter(SIZE, help="What clusters are numbered by", choices=ORDERS, fine=True)
    n_init: int = parameter(10, help="Runs on a sample, of which the best is taken", minimum=1, fine=True)
    n_sample: int = parameter(10000, help="Voxels in the sample", minimum=10, fine=True)
    max_iter: int = parameter(300, help="Most passes over the brain", minimum=1, fine=True)
    tol: float = parameter(1e-4, help="How still centres must be, as a share of the variance", minimum=0, fine=True)
    gain: float = parameter(
        1e-5, help="Share of the sum of squares that a pass must gain for another", minimum=0, maximum=1, fine=True
    )
    seed: int = parameter(0, help="Of what is random", minimum=0, fine=True)

    def __post_init__(self) -> None:
        check(self)
        if any(k < 2 or k != int(k) for k in self.compare):
            raise ParameterError(f"KMeans: compare={self.compare}: numbers of clusters are whole, 2 or more.")

    def plan(self, context: Context) -> Generator[Request, Answer, MapStep]:
        """A sample, passes over the brain until the centres are still, and one for the maps."""
        context.need_frames(2, self.title)
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Request, Answer, MapStep]:
        sample: Values = (yield Sample(self.n_sample, self.seed))["series"]
        self._check_enough(sample.shape[1], context)
        few = some_of(sample.shape[1], self.seed)
        compared, seen = self._compared(sample.shape[1]), sample[:, few]
        most = max((self.n_clusters or 1, *compared))
        settling = Settling.of(
            sample, self.distance, most, context.space, n_init=self.n_init, max_iter=self.max_iter, tol=self.tol,
            gain=self.gain, seed=self.seed,
        )  # fmt: skip
        del sample
        by_k = self._silhouettes(compared, settling, few, seen)
        found = yield from settling.over_the_brain(self.n_clusters or max(by_k, key=lambda k: by_k[k]))
        at = order_of(found.centers, found.counts, self.distance, self.order)
        centers, counts = np.ascontiguousarray(found.centers[:, at]), found.counts[at]
        measure = Silhouette.of(seen, self.distance)
        labels = nearest(points_of(seen, self.distance), centers).label
        curves, warnings = cluster_curves(centers, counts, self.distance, context)
        curves |= silhouette_curves(measure.each(labels), labels, len(counts), by_k)
        palette = colours_of(centers, self.distance)
        facts = {
            "palette": palette,
            "inertia": found.inertia,
            "n_passes": found.n_passes,
            "mean_silhouette": measure.mean(labels),
            "warnings": self._unsettled(found) + warnings,
        }
        labelled = Labelled(centers, self.distance)
        coords = coords_of(curves, {"k": np.array(list(by_k), np.intp)})
        return MapStep(cluster_maps(palette), labelled, coords, curves, partial(with_facts, facts=facts))

    def _compared(self, n_voxels: int) -> tuple[int, ...]:
        """Numbers of clusters to compare, as far as there are voxels enough."""
        wanted = tuple(sorted({int(k) for k in self.compare})) or (() if self.n_clusters else _TRIED)
        return tuple(k for k in wanted if k < n_voxels)

    def _silhouettes(
        self, compared: tuple[int, ...], settling: Settling, few: NDArray[np.intp], seen: Values
    ) -> dict[int, float]:
        """The mean silhouette on the sample by the number of clusters."""
        if not compared:
            return {}
        measure = Silhouette.of(seen, self.distance)
        return {k: measure.mean(settling.run(k).labels[few]) for k in compared}

    def _check_enough(self, n_voxels: int, context: Context) -> None:
        wanted = self.n_clusters or min(self.compare, default=2) + 1
        if n_voxels < wanted:
            raise AnalysisError(
                f"{context.name}: {self.title}: {self.n_clusters or 'several'} clusters need as many voxels "
                f"that vary (after preprocessing), but of those sampled only {n_voxels} do. Ask for fewer, or look at "
                "more voxels."
            )

    def _unsettled(self, found: Settled) -> list[str]:
        if found.still:
            return []
        text = (
            f"After {found.n_passes} passes the centres still moved: a larger max_iter would tell whether the clusters "
            "change."
        )
        return [text]

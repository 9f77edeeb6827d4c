"""A tree of clusters."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.found import cluster_curves, cluster_maps, colours_of, coords_of, with_facts
from napari_thunder.analysis.clusters.points import EUCLIDEAN, STANDARDIZED, Values, nearest, points_of, standard
from napari_thunder.analysis.clusters.settling import Settling
from napari_thunder.analysis.clusters.silhouette import Silhouette, silhouette_curves, some_of
from napari_thunder.analysis.clusters.ward import cut_into, in_leaf_order, ward_tree
from napari_thunder.analysis.groups import DrawnGroups
from napari_thunder.analysis.protocol import (
    Answer,
    Context,
    LastStep,
    Map,
    MapStep,
    Means,
    PaintStep,
    Request,
    Role,
    Sample,
    Series,
)
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

VOXELS = "voxels"
REGIONS = "regions"

_LEAF = Map("leaf", "leaf of the tree", Role.VALUE)


@dataclass(frozen=True, slots=True)
class HierarchicalClustering:
    """Ward's tree of groups of voxels or of regions, cut into clusters.

    From many small clusters of voxels (k-means) or from regions, the two are merged, again and again, whose merging
    raises the sum of squares within clusters least: those least √(2 n_a n_b / (n_a + n_b)) · ‖a − b‖ apart, n how many
    voxels they have (regions count as one each).

    Parameters
    ----------
    n_clusters
        Into how many clusters the tree is cut.
    leaves
        What is merged: small clusters of `voxels`, found by k-means over the whole brain, or drawn `regions`.
    n_leaves
        How many small clusters of voxels.
    distance
        `standardized`: series at mean 0 and sd 1, so that ‖a − b‖² = 2 t (1 − r); `euclidean`: as they are.
    max_iter
        Most passes over the brain to find the small clusters.
    seed
        Of what is random.

    Returns
    -------
    label : (z, y, x)
        Number of the cluster, from 1, from left to right in the tree, so that neighbours are alike.
    similarity : (z, y, x)
        Pearson's r of the voxel, or of its region's mean, with the centre of its cluster.
    leaf : (z, y, x)
        Number of the leaf, from 1, from left to right.
    tree : (merge, linkage)
        The two that merge (leaves from 0, then merges), their distance, the leaves below: `scipy.cluster.hierarchy`.
    centers : (frame, cluster)
        Mean series of each cluster (standardised first, if so asked); sizes, silhouette : (cluster,) as in `KMeans`.
    leaf_sizes : (leaves,)
        Voxels.
    Attributes `palette`, `mean_silhouette` and `warnings`.

    Raises
    ------
    ThunderError
        If there are fewer voxels that vary, or regions, than clusters are asked for.

    Notes
    -----
    A tree of hundreds of thousands of voxels cannot be made; that of k-means centres, weighted by their sizes, is the
    tree the voxels would give if each were at its centre. The height of a merge says what it costs: cut where it jumps.

    References
    ----------
    `scipy.cluster.hierarchy.ward`; Ward 1963, J. Am. Stat. Assoc. 58:236; Thunder's hierarchical clustering.
    """

    family: ClassVar[str] = "Clusters"
    title: ClassVar[str] = "Hierarchical clustering"
    summary: ClassVar[str] = "A tree of groups of voxels or of regions, cut into clusters"

    n_clusters: int = parameter(8, help="Into how many clusters the tree is cut", minimum=1)
    leaves: str = parameter(VOXELS, help="What is merged into a tree", choices=(VOXELS, REGIONS))
    n_leaves: int = parameter(40, help="Small clusters of voxels to begin with", minimum=2, maximum=500)
    distance: str = parameter(STANDARDIZED, help="How far series are apart", choices=(STANDARDIZED, EUCLIDEAN))
    max_iter: int = parameter(20, help="Most passes over the brain to find the small clusters", minimum=1, fine=True)
    seed: int = parameter(0, help="Of what is random", minimum=0, fine=True)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Request, Answer, LastStep]:
        """For voxels, passes as of k-means; for regions, one for their means."""
        context.need_frames(2, self.title)
        if self.leaves == REGIONS:
            context.need_regions(self.title, max(2, self.n_clusters))
            return self._of_regions(context)
        return self._of_voxels(context)

    def _of_voxels(self, context: Context) -> Generator[Request, Answer, LastStep]:
        sample: Values = (yield Sample(10000, self.seed))["series"]
        n_leaves = min(self.n_leaves, sample.shape[1])
        self._check_enough(n_leaves, "varying voxels or leaves", context)
        few, how = sample[:, some_of(sample.shape[1], self.seed)], {"max_iter": self.max_iter, "seed": self.seed}
        settling = Settling.of(sample, self.distance, n_leaves, context.space, n_init=3, **how)
        del sample
        found = yield from settling.over_the_brain(n_leaves)
        taken = found.counts > 0
        tree = Tree.of(found.centers[:, taken], found.counts[taken].astype(np.float64), self.n_clusters)
        labelled = LabelledByTree(tree.leaves, tree.cluster, tree.centers, self.distance)
        labels = labelled(few.copy())["label"].astype(np.intp) - 1
        measure = Silhouette.of(few, self.distance)
        maps, curves, coords, facts = self._told(tree, measure, labels, context)
        return MapStep(maps, labelled, coords, curves, partial(with_facts, facts=facts))

    def _of_regions(self, context: Context) -> Generator[Request, Answer, LastStep]:
        groups = DrawnGroups.of(context.regions)
        means = yield Means(groups)
        points = points_of(means["series"].copy(), self.distance)
        usable = np.flatnonzero(points.valid)
        self._check_enough(len(usable), "regions that vary", context)
        series = (points.centred * points.scale + points.mean)[:, usable]
        tree = Tree.of(series, np.ones(len(usable)), self.n_clusters)
        measure = Silhouette.of(tree.leaves, self.distance)
        maps, curves, coords, facts = self._told(tree, measure, tree.cluster, context)
        at = usable[tree.order]
        dims, _, about = curves["leaf_sizes"]
        curves["leaf_sizes"] = (dims, means["n_voxels"][at].astype(np.int64), about)
        names = np.array(groups.names, object)[at]
        return PaintStep(
            groups, _painted(tree, usable, groups.n_groups), maps, coords | {"leaves": names.tolist()}, curves,
            partial(with_facts, facts=facts),
        )  # fmt: skip

    def _told(
        self, tree: Tree, measure: Silhouette, labels: NDArray[np.intp], context: Context
    ) -> tuple[tuple[Map, ...], Any, dict[str, Any], dict[str, Any]]:
        """Maps, curves, coordinates and facts."""
        palette = colours_of(tree.centers, self.distance)
        sizes = np.bincount(tree.cluster, tree.sizes).astype(np.intp)
        curves, warnings = cluster_curves(tree.centers, sizes, self.distance, context)
        curves |= silhouette_curves(measure.each(labels), labels, len(sizes), {})
        about = {"long_name": "tree of clusters", "units": "1", "plot": "tree", "voxels_by": "leaf", "leaves": "leaves"}
        curves = {"tree": (("merge", "linkage"), tree.linkage, about), **curves}
        bars = {"long_name": "voxels of the leaf", "units": "1", "plot": "bars", "voxels_by": "leaf"}
        curves["leaf_sizes"] = (("leaves",), tree.sizes.astype(np.int64), bars)
        coords = dict(coords_of(curves, {"leaves": np.arange(1, len(tree.sizes) + 1)}))
        facts = {"palette": palette, "mean_silhouette": measure.mean(labels), "warnings": warnings}
        return (*cluster_maps(palette), _LEAF), curves, coords, facts

    def _check_enough(self, there_are: int, what: str, context: Context) -> None:
        if there_are < max(2, self.n_clusters):
            raise AnalysisError(
                f"{context.name}: {self.title}: {self.n_clusters} clusters need as many {what}, 2 at least, but there "
                f"are {there_are}. Ask for fewer clusters."
            )


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A tree whose leaves are numbered from left to right.

    Parameters
    ----------
    linkage
        (leaves − 1, 4) as of scipy.
    order
        Which of the given ones each leaf is.
    leaves, sizes
        (t, leaves) series and (leaves,) voxels.
    cluster
        (leaves,) from 0.
    centers
        (t, clusters) means of the leaves, weighted by their sizes.
    """

    linkage: Values
    order: NDArray[np.intp]
    leaves: Values
    sizes: Values
    cluster: NDArray[np.intp]
    centers: Values

    @classmethod
    def of(cls, series: Values, sizes: Values, n_clusters: int) -> Tree:
        """Of series (t, leaves), cut into so many clusters."""
        linkage, order = in_leaf_order(ward_tree(series.T, sizes), series.T)
        leaves, sizes, cluster = series[:, order], sizes[order], cut_into(linkage, n_clusters)
        member = (cluster[:, None] == np.arange(cluster.max() + 1)) * sizes[:, None]
        return cls(linkage, order, leaves, sizes, cluster, leaves @ member / member.sum(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class LabelledByTree:
    """What the last pass computes of series (t, voxels).

    Parameters
    ----------
    leaves, cluster, centers
        As of a `Tree`.
    distance
        How near a voxel is to a leaf.
    """

    leaves: Values
    cluster: NDArray[np.intp]
    centers: Values
    distance: str

    def __call__(self, series: Series) -> Answer:
        """label, similarity and leaf (voxels,)."""
        points = points_of(series, self.distance)
        leaf = nearest(points, self.leaves).label
        label = self.cluster[leaf]
        alike = (standard(self.centers).T @ points.centred)[label, np.arange(len(label))] * points.scale
        with np.errstate(all="ignore"):
            similarity = np.clip(alike / np.sqrt(len(series) * points.squares), -1, 1)
        valid = points.valid
        return {
            "label": np.where(valid, label + 1.0, np.nan),
            "similarity": np.where(valid, similarity, np.nan),
            "leaf": np.where(valid, leaf + 1.0, np.nan),
        }


def _painted(tree: Tree, usable: NDArray[np.intp], n_groups: int) -> dict[str, Values]:
    """What is painted on the regions; NaN on those that take no part."""
    alike = standard(tree.leaves) * standard(tree.centers)[:, tree.cluster]
    known = {"label": tree.cluster + 1.0, "similarity": alike.mean(axis=0), "leaf": np.arange(1.0, len(tree.order) + 1)}
    values = {name: np.full(n_groups, np.nan) for name in known}
    for name, found in known.items():
        values[name][usable[tree.order]] = found
    return values

"""What is said of clusters that were found: their order, colours, sizes and likeness to motion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from napari_thunder.analysis.clusters.colours import palette_by_likeness
from napari_thunder.analysis.clusters.points import EUCLIDEAN, nearest, points_of, standard
from napari_thunder.analysis.protocol import Answer, Array, Context, Map, Role, Series

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Places = NDArray[np.intp]
Curves = dict[str, tuple[tuple[str, ...], Array, dict[str, Any]]]

SIZE = "size"
LIKENESS = "likeness"
ORDERS = (SIZE, LIKENESS)

_LIKE_MOTION = 0.5


def distances_between(centers: Values, distance: str) -> Values:
    """Distances (k, k) of centres (t, k): 1 − r, or Euclidean ones."""
    if distance == EUCLIDEAN:
        apart = np.sqrt(np.maximum(((centers[:, :, None] - centers[:, None]) ** 2).sum(axis=0), 0))
    else:
        unit = standard(centers)
        apart = np.clip(1 - unit.T @ unit / len(unit), 0, 2)
    np.fill_diagonal(apart, 0)
    return np.asarray((apart + apart.T) / 2)


def order_of(centers: Values, counts: Places, distance: str, order: str) -> Places:
    """Which centre comes first, second …: the largest, or neighbours alike with the larger end first."""
    if order == SIZE or len(counts) < 3:
        return np.argsort(-counts, kind="stable")
    between = squareform(distances_between(centers, distance), checks=False)
    leaves: Places = leaves_list(optimal_leaf_ordering(linkage(between, "average"), between)).astype(np.intp)
    return leaves if counts[leaves[0]] >= counts[leaves[-1]] else leaves[::-1]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the last pass computes of series (t, voxels).

    Parameters
    ----------
    centers
        (t, k).
    distance
        How near a voxel is to a centre.
    """

    centers: Values
    distance: str

    def __call__(self, series: Series) -> Answer:
        """label, from 1, and similarity (voxels,)."""
        points = points_of(series, self.distance)
        label, _, similarity = nearest(points, self.centers)
        return {"label": np.where(points.valid, label + 1.0, np.nan), "similarity": similarity}


def cluster_maps(palette: list[str]) -> tuple[Map, ...]:
    """The maps of `Labelled`."""
    known = {"alpha": "similarity", "palette": palette}
    return (
        Map("label", "cluster", Role.LABEL, attrs=known),
        Map("similarity", "similarity to the cluster's centre (r)", Role.FRACTION),
    )


def cluster_curves(centers: Values, counts: Places, distance: str, context: Context) -> tuple[Curves, list[str]]:
    """Time courses (frame, cluster), sizes and correlation with motion; and what to be warned of."""
    units = "a.u." if distance == EUCLIDEAN else "sd"
    tied = {"voxels_by": "label"}
    lines = {"long_name": "cluster centre", "units": units, "plot": "lines"}
    bars = {"long_name": "voxels in the cluster", "units": "1", "plot": "bars"}
    curves: Curves = {
        "centers": (("frame", "cluster"), centers, lines | tied),
        "sizes": (("cluster",), counts.astype(np.int64), bars | tied),
    }
    alike = like_motion(centers, context)
    if alike is None:
        return curves, []
    about = {"long_name": "correlation with motion", "units": "1", "plot": "matrix"}
    curves["motion_correlation"] = (("cluster", "motion"), alike, about | {"scale": "signed"} | tied)
    return curves, _of_motion(alike)


MOTION = ("shift along z", "shift along y", "shift along x", "distance moved")


def like_motion(centers: Values, context: Context) -> Values | None:
    """Correlation (k, 4) of centres with the shift along each axis and its size; None if motion is not known."""
    if context.motion is None or len(context.motion) != context.n_frames:
        return None
    shift = context.motion[context.keep].astype(np.float64)
    away = np.linalg.norm(shift - np.median(shift, axis=0), axis=1)
    traces = standard(np.column_stack([shift, away]))
    alike = standard(centers).T @ traces / len(traces)
    alike[:, np.ptp(traces, axis=0) == 0] = np.nan
    return np.asarray(alike)


def _of_motion(alike: Values) -> list[str]:
    texts = []
    for cluster, row in enumerate(np.nan_to_num(alike), 1):
        worst = int(np.abs(row).argmax())
        if abs(row[worst]) >= _LIKE_MOTION:
            texts.append(
                f"Cluster {cluster} goes with motion (r = {row[worst]:.2f} with {MOTION[worst]}): "
                "it may be made by movement rather than activity."
            )
    return texts


def coords_of(curves: Curves, others: Mapping[str, Any]) -> Mapping[str, Any]:
    """Labels of the dimensions that curves have: clusters from 1, what motion is compared with, and others."""
    n_clusters = curves["sizes"][1].size
    known = {"cluster": np.arange(1, n_clusters + 1), "motion": list(MOTION), **others}
    used = {dim for dims, _, _ in curves.values() for dim in dims}
    return {dim: values for dim, values in known.items() if dim in used}


def colours_of(centers: Values, distance: str) -> list[str]:
    """Colours of centres (t, k): similar ones for similar centres."""
    return palette_by_likeness(distances_between(centers, distance))


def with_facts(dataset: xr.Dataset, facts: Mapping[str, Any]) -> xr.Dataset:
    """A result with the sizes its map shows, and facts as attributes."""
    label = dataset["label"].values
    counts = np.bincount(label[np.isfinite(label)].astype(np.intp), minlength=dataset.sizes["cluster"] + 1)[1:]
    sizes = dataset["sizes"]
    return dataset.assign(sizes=(sizes.dims, counts.astype(np.int64), sizes.attrs)).assign_attrs(facts)

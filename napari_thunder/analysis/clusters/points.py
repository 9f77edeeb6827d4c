"""Voxels as points: what a distance makes of their series, and the nearest of few centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre

Values = NDArray[np.float64]

CORRELATION = "correlation"
STANDARDIZED = "standardized"
EUCLIDEAN = "euclidean"
DISTANCES = (CORRELATION, STANDARDIZED, EUCLIDEAN)


class Points(NamedTuple):
    """Series (t, voxels) as points: `scale` · `centred` + `mean`.

    Parameters
    ----------
    centred
        (t, voxels) of mean 0 over time; 0 where a voxel takes no part.
    scale, mean
        (voxels,); 0 where a voxel takes no part.
    squares
        (voxels,) Σ (scale · centred)².
    valid
        (voxels,) which voxels take part.
    """

    centred: Values
    scale: Values
    mean: Values
    squares: Values
    valid: NDArray[np.bool_]


def points_of(series: Series, distance: str) -> Points:
    """Series (t, voxels), which are overwritten, as points; of sd 1 and mean 0 unless the distance is Euclidean.

    Scaling is put off to where the arrays are small. Constant voxels and those with NaN take no part.
    """
    mean, sum_squares, valid = centre(series)
    if not valid.all():
        series[:, ~valid] = 0
    if distance == EUCLIDEAN:
        scale = valid.astype(np.float64)
        return Points(series, scale, np.where(valid, mean, 0.0), np.where(valid, sum_squares, 0.0), valid)
    with np.errstate(all="ignore"):
        scale = np.where(valid, np.sqrt(len(series) / sum_squares), 0.0)
    return Points(series, scale, np.zeros(len(mean)), np.where(valid, float(len(series)), 0.0), valid)


def as_points(series: Series, distance: str) -> Values:
    """Series (t, n), which are overwritten, as points (t, n), written out."""
    points = points_of(series, distance)
    written = points.centred
    written *= points.scale
    written += points.mean
    return written


class Nearest(NamedTuple):
    """The centre nearest to each of some points: its number, the squared distance, and Pearson's r with it."""

    label: NDArray[np.intp]
    squared: Values
    similarity: Values


def nearest(points: Points, centers: Values) -> Nearest:
    """The nearest of centres (t, k); of centres that are equally near the first. r is NaN where there is none."""
    level = centers.mean(axis=0)
    shape = centers - level
    size = np.einsum("tk,tk->k", shape, shape)
    alike = shape.T @ points.centred
    alike *= points.scale
    off_level = points.mean if points.mean.any() else np.zeros(1)
    squared = size[:, None] - 2 * alike
    squared += len(centers) * (off_level - level[:, None]) ** 2
    label = squared.argmin(axis=0)
    own = np.arange(len(label))
    with np.errstate(all="ignore"):
        similarity = alike[label, own] / np.sqrt(size[label] * points.squares)
    found = np.maximum(squared[label, own] + points.squares, 0.0)
    return Nearest(label, found, np.clip(similarity, -1, 1))


@dataclass(frozen=True, slots=True)
class Share:
    """What a slab of series adds to the next centres.

    Parameters
    ----------
    centers
        (t, k) the centres so far.
    distance
        One of `DISTANCES`.
    """

    centers: Values
    distance: str

    def __call__(self, series: Series) -> Answer:
        """Sums (t, k) and counts (k,) of the points by their nearest centre, `inertia`, and the farthest point."""
        points = points_of(series, self.distance)
        label, squared, _ = nearest(points, self.centers)
        member = np.zeros((len(label), self.centers.shape[1]))
        member[np.arange(len(label)), label] = points.scale
        valid = points.valid
        sums = points.centred @ member
        sums += np.bincount(label, points.mean, len(member.T))
        squared[~valid] = 0
        far = squared.argmax()
        return {
            "sums": sums,
            "counts": np.bincount(label[valid], minlength=len(member.T)),
            "inertia": squared.sum(keepdims=True),
            "farthest": points.centred[:, far] * points.scale[far] + points.mean[far],
            "far": squared[far : far + 1],
        }


def merge_shares(a: Answer, b: Answer) -> Answer:
    """The share of two slabs together; of points that are equally far the first."""
    farther = b if b["far"][0] > a["far"][0] else a
    summed = {name: a[name] + b[name] for name in ("sums", "counts", "inertia")}
    return summed | {name: farther[name] for name in ("farthest", "far")}


def next_centers(share: Answer, centers: Values, distance: str) -> Values:
    """Means of the points of each centre; an empty one starts again at the farthest point, one such in a pass.

    For the distance by correlation they keep the sd 1 of the points, so that the nearest is the most correlated.
    """
    counts = share["counts"]
    moved = np.where(counts > 0, share["sums"] / np.maximum(counts, 1), centers)
    empty = np.flatnonzero(counts == 0)
    if len(empty) and share["far"][0] > 0:
        moved[:, empty[0]] = share["farthest"]
    return standard(moved) if distance == CORRELATION else moved


def standard(columns: Values) -> Values:
    """Columns (t, k) at mean 0 and sd 1; as they are but centred where one does not vary."""
    centred = columns - columns.mean(axis=0)
    size = np.sqrt(np.einsum("tk,tk->k", centred, centred) / len(centred))
    return np.asarray(centred / np.where(size > 0, size, 1))

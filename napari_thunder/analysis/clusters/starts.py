"""Where k-means starts: the best of several runs on a sample of points, in few dimensions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Labels = NDArray[np.intp]

_DIMENSIONS = 50
_PASSES = 100
_STILL = 1e-4


class Run(NamedTuple):
    """What k-means found: centres (k, d), the cluster of each point, and the sum of squared distances."""

    centers: Values
    labels: Labels
    inertia: float


def in_few_dimensions(points: Values, n_clusters: int) -> Values:
    """Points (n, d) in their leading principal components: 50, or twice as many as clusters."""
    kept = max(_DIMENSIONS, 2 * n_clusters)
    centred = points - points.mean(axis=0)
    if min(centred.shape) <= kept:
        return np.asarray(centred)
    vectors = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :kept]
    return np.asarray(centred @ vectors)


def best_run(points: Values, n_clusters: int, n_init: int, seed: int) -> Run:
    """The run of least inertia of so many on points (n, d), each started by k-means++; the first of equals."""
    rng = np.random.default_rng(seed)
    squares = np.einsum("nd,nd->n", points, points)
    runs = (lloyd(points, plus_plus(points, squares, n_clusters, rng), squares) for _ in range(n_init))
    return min(runs, key=lambda run: run.inertia)


def plus_plus(points: Values, squares: Values, n_clusters: int, rng: np.random.Generator) -> Values:
    """Starting centres (k, d): points, each chosen with a chance that grows with its distance from those before.

    Arthur & Vassilvitskii 2007; of 2 + ln k candidates each time, the one that leaves least inertia.
    """
    n_tried = 2 + int(np.log(n_clusters))
    chosen = [int(rng.integers(len(points)))]
    left = _squared_to(points, squares, chosen)[0]
    while len(chosen) < n_clusters:
        cumulated = np.cumsum(left)
        tried = np.searchsorted(cumulated, rng.random(n_tried) * cumulated[-1])
        tried = np.minimum(tried, len(points) - 1)
        after = np.minimum(left, _squared_to(points, squares, tried.tolist()))
        best = after.sum(axis=1).argmin()
        left = after[best]
        chosen.append(int(tried[best]))
    return points[chosen]


def lloyd(points: Values, centers: Values, squares: Values) -> Run:
    """K-means on points (n, d) from these centres (k, d); an empty cluster starts again at the farthest point."""
    still = _STILL * points.var(axis=0).mean()
    for _ in range(_PASSES):
        labels, distances = _nearest(points, squares, centers)
        moved = _means(points, labels, centers, distances)
        shift = ((moved - centers) ** 2).sum()
        centers = moved
        if shift <= still:
            break
    labels, distances = _nearest(points, squares, centers)
    return Run(centers, labels, float(distances.sum()))


def _nearest(points: Values, squares: Values, centers: Values) -> tuple[Labels, Values]:
    scores = points @ (-2 * centers.T)
    scores += np.einsum("kd,kd->k", centers, centers)
    labels = scores.argmin(axis=1)
    return labels, np.maximum(scores[np.arange(len(labels)), labels] + squares, 0)


def _means(points: Values, labels: Labels, centers: Values, distances: Values) -> Values:
    member = np.zeros((len(centers), len(points)))
    member[labels, np.arange(len(points))] = 1
    counts = member.sum(axis=1, keepdims=True)
    moved = np.where(counts > 0, member @ points / np.maximum(counts, 1), centers)
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        moved[empty] = points[np.argsort(distances)[::-1][: len(empty)]]
    return np.asarray(moved)


def _squared_to(points: Values, squares: Values, chosen: list[int]) -> Values:
    """Squared distances (chosen, n)."""
    scores = points[chosen] @ points.T
    scores *= -2
    scores += squares
    scores += squares[chosen][:, None]
    return np.maximum(scores, 0)

"""Where k-means starts: the best of several runs on a sample of points, in few dimensions."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Labels = NDArray[np.intp]
Real = TypeVar("Real", np.float32, np.float64)

_PASSES = 100
_STILL = 1e-4
_FIRST_PASSES = 10
_LEFT = 3
"""Of several runs so many go on after the first passes: those behind then hardly ever win."""


class Run(NamedTuple):
    """What k-means found: centres (k, d), the cluster of each point, and the sum of squared distances."""

    centers: Values
    labels: Labels
    inertia: float


def best_run(points: NDArray[Real], n_clusters: int, n_init: int, seed: int, spherical: bool = False) -> Run:
    """The run of least inertia of so many on points (n, d), each started by k-means++; the first of equals.

    All make ten passes; the best three go on until they are still.
    """
    rng = np.random.default_rng(seed)
    squares = np.einsum("nd,nd->n", points, points)
    runs = []
    for _ in range(n_init):
        start = plus_plus(points, squares, n_clusters, rng)
        runs.append(lloyd(points, start, spherical, _FIRST_PASSES if n_init > _LEFT else _PASSES))
    if n_init > _LEFT:
        first = sorted(runs, key=lambda run: run.inertia)[:_LEFT]
        runs = [lloyd(points, run.centers, spherical) for run in first]
    return min(runs, key=lambda run: run.inertia)


def plus_plus(
    points: NDArray[Real], squares: NDArray[Real], n_clusters: int, rng: np.random.Generator
) -> NDArray[Real]:
    """Starting centres (k, d): points, each chosen with a chance that grows with its distance from those before.

    Arthur & Vassilvitskii 2007; of 2 + ln k candidates each time, the one that leaves least inertia.
    """
    n_tried = 2 + int(np.log(n_clusters))
    chosen = [int(rng.integers(len(points)))]
    left = _squared_to(points, squares, chosen)[0]
    while len(chosen) < n_clusters:
        cumulated = np.cumsum(left, dtype=np.float64)
        tried = np.searchsorted(cumulated, rng.random(n_tried) * cumulated[-1])
        tried = np.minimum(tried, len(points) - 1)
        after = np.minimum(left, _squared_to(points, squares, tried.tolist()))
        best = after.sum(axis=1).argmin()
        left = after[best]
        chosen.append(int(tried[best]))
    return points[chosen]


def lloyd(points: NDArray[Real], centers: NDArray[Any], spherical: bool = False, most: int = _PASSES) -> Run:
    """K-means on points (n, d) from these centres (k, d); an empty cluster starts again at the farthest point.

    With `spherical`, centres are kept at the distance from 0 that the points have on average.
    """
    squares = np.einsum("nd,nd->n", points, points)
    still = _STILL * points.var(axis=0).mean()
    radius = np.sqrt(squares.mean()) if spherical else None
    centers = _on_sphere(centers.astype(np.float64), radius)
    for _ in range(most):
        labels, distances = _nearest(points, squares, centers)
        moved = _on_sphere(_means(points, labels, centers, distances), radius)
        shift = ((moved - centers) ** 2).sum()
        centers = moved
        if shift <= still:
            break
    labels, distances = _nearest(points, squares, centers)
    return Run(centers, labels, float(distances.sum(dtype=np.float64)))


def _nearest(points: NDArray[Real], squares: NDArray[Real], centers: Values) -> tuple[Labels, NDArray[Real]]:
    scores = points @ (-2 * centers.T).astype(points.dtype)
    scores += np.einsum("kd,kd->k", centers, centers).astype(points.dtype)
    labels = scores.argmin(axis=1)
    return labels, np.maximum(scores[np.arange(len(labels)), labels] + squares, 0)


def _means(points: NDArray[Real], labels: Labels, centers: Values, distances: NDArray[Real]) -> Values:
    member = np.zeros((len(centers), len(points)), points.dtype)
    member[labels, np.arange(len(points))] = 1
    counts = np.bincount(labels, minlength=len(centers))[:, None]
    moved = np.where(counts > 0, member @ points / np.maximum(counts, 1), centers)
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        moved[empty] = points[np.argsort(distances)[::-1][: len(empty)]]
    return np.asarray(moved)


def _on_sphere(centers: Values, radius: float | None) -> Values:
    if radius is None:
        return centers
    size = np.sqrt(np.einsum("kd,kd->k", centers, centers))[:, None]
    return np.asarray(centers * (radius / np.where(size > 0, size, radius)))


def _squared_to(points: NDArray[Real], squares: NDArray[Real], chosen: list[int]) -> NDArray[Real]:
    """Squared distances (chosen, n)."""
    scores = points[chosen] @ points.T
    scores *= -2
    scores += squares
    scores += squares[chosen][:, None]
    return np.asarray(np.maximum(scores, 0))

"""Nodes in an order in which those that are alike, or follow one another, are near."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_IN_VAIN_PER_NODE = 20
_MOST_MOVES = 20_000


def following(courses: Values, pairs: list[tuple[Places, Places]]) -> Values:
    """How much each node is like what another does then or a little later.

    Parameters
    ----------
    courses
        (nodes, t).
    pairs
        For each lag from 0, the places among the frames of the earlier and the later one.

    Returns
    -------
    ndarray
        (nodes, nodes): the largest over lags of r(a at τ, b at τ + lag), for a before b.
    """
    best = np.full((len(courses), len(courses)), -1.0)
    for before, after in pairs:
        if len(before) > 2:
            best = np.maximum(best, _unit(courses[:, before]) @ _unit(courses[:, after]).T)
    return np.asarray(np.clip(best, -1, 1))


def sorted_nodes(alike: Values, locality: float, seed: int) -> Places:
    """The order (k,) for which Σ alike[a, b] · w(places from a to b) over all a before b is largest, as far as found.

    w falls with the logarithm of the distance, plus, with a share of `locality`, what counts neighbours only (the
    travelling salesman's path). Starts are the Fiedler vector of the likeness and the leaves of its tree, both ways
    round; they are improved by turning round and by moving stretches.
    """
    n = len(alike)
    if n < 3:
        return np.arange(n)
    weights = _weights(n, locality)
    even = (alike + alike.T) / 2
    starts = [start[::way] for start in (fiedler(even), _leaves(even)) for way in (1, -1)]
    start = max(starts, key=lambda order: _score(alike, weights, order))
    return _improved(alike, weights, start, np.random.default_rng(seed))


def fiedler(alike: Values) -> Places:
    """Order by the second eigenvector of the normalised Laplacian of a likeness (k, k), symmetric."""
    near = np.maximum(alike - alike.min(), 0)
    np.fill_diagonal(near, 0)
    scale = 1 / np.sqrt(np.maximum(near.sum(axis=0), np.finfo(float).tiny))
    vectors = np.linalg.eigh(np.eye(len(near)) - scale[:, None] * near * scale)[1]
    return np.argsort(vectors[:, 1] * scale, kind="stable").astype(np.intp)


def _leaves(alike: Values) -> Places:
    apart = squareform(np.clip(1 - alike, 0, 2), checks=False)
    return leaves_list(optimal_leaf_ordering(linkage(apart, "average"), apart)).astype(np.intp)


def _weights(n: int, locality: float) -> Values:
    """(k, k), above the diagonal, by how many places lie between."""
    steps = np.subtract.outer(np.arange(n), np.arange(n)).T
    after = steps > 0
    wide = np.where(after, -np.log(np.maximum(steps, 1) / n), 0)
    wide[after] -= wide[after].mean()
    near = (steps == 1).astype(np.float64)
    return np.asarray((1 - locality) * wide / np.abs(wide).sum() + locality * near / near.sum())


def _score(alike: Values, weights: Values, order: Places) -> float:
    return float(np.vdot(weights, alike.take(order, axis=0).take(order, axis=1)))


def _improved(alike: Values, weights: Values, order: Places, rng: np.random.Generator) -> Places:
    """Turn round or move stretches as long as that is better, until many tries in a row are in vain."""
    n, best = len(order), _score(alike, weights, order)
    vain = 0
    for start, stop, at, kind in _moves(n, rng):
        changed = _moved(order, start, stop, at, kind)
        score = _score(alike, weights, changed)
        if score > best + 1e-12:
            order, best, vain = changed, score, 0
        else:
            vain += 1
            if vain >= _IN_VAIN_PER_NODE * n:
                break
    return order


def _moves(n: int, rng: np.random.Generator) -> Iterator[list[int]]:
    """Start and stop of a stretch of n, where among the others it is put, and what is done to it."""
    one, other = rng.integers(n + 1, size=_MOST_MOVES), rng.integers(n, size=_MOST_MOVES)
    other += other >= one
    start, stop = np.minimum(one, other), np.maximum(one, other)
    at = rng.integers(n - (stop - start) + 1)
    yield from np.stack([start, stop, at, rng.integers(3, size=_MOST_MOVES)], axis=1).tolist()


def _moved(order: Places, start: int, stop: int, at: int, kind: int) -> Places:
    """The order with one stretch turned round where it is (kind 0), moved elsewhere (1), or both (2)."""
    stretch = order[start:stop]
    if kind != 1:
        stretch = stretch[::-1]
    if kind == 0:
        return np.concatenate([order[:start], stretch, order[stop:]])
    rest = np.concatenate([order[:start], order[stop:]])
    return np.concatenate([rest[:at], stretch, rest[at:]])


def _unit(rows: Values) -> Values:
    centred = rows - rows.mean(axis=1, keepdims=True)
    size = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(size > 0, size, 1))

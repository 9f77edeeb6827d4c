"""Rows summed up by few nodes, and rows placed along nodes that are in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from napari_thunder.analysis.clusters.starts import plus_plus

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_PASSES = 60


def leading_directions(rows: Values, n_components: int) -> tuple[Values, Values]:
    """Rows (n, t) as (n, k) along their leading patterns in time, and these (k, t), of unit length."""
    small = rows.T @ rows if rows.shape[1] <= rows.shape[0] else rows @ rows.T
    values, vectors = np.linalg.eigh(small)
    kept = min(n_components, int((values > 1e-10 * max(values[-1], 0)).sum()) or 1)
    leading = vectors[:, ::-1][:, :kept]
    if rows.shape[1] > rows.shape[0]:
        leading = rows.T @ leading
        leading /= np.maximum(np.linalg.norm(leading, axis=0), np.finfo(float).tiny)
    return rows @ leading, leading.T


def scaled_k_means(rows: Values, n_nodes: int, seed: int) -> Values:
    """Nodes (k, d) of unit length, so that each row is well described by some multiple of one of them.

    A row (n, d) belongs to the node u for which x · u is largest; u is moved to Σ (x · u) x of its rows, so that rows
    count by how much of them it describes. Where there are no more rows than nodes, each is one.
    """
    unit = _unit(rows)
    if len(rows) <= n_nodes:
        return unit
    rng = np.random.default_rng(seed)
    nodes = plus_plus(unit, np.ones(len(unit)), n_nodes, rng)
    before = np.full(len(rows), -1)
    for _ in range(_PASSES):
        scores = rows @ nodes.T
        own = scores.argmax(axis=1)
        if (own == before).all():
            break
        before = own
        weights = np.zeros_like(scores)
        weights[np.arange(len(own)), own] = np.maximum(scores[np.arange(len(own)), own], 0)
        moved = weights.T @ rows
        empty = weights.sum(axis=0) == 0
        moved[empty] = rows[scores.max(axis=1).argsort()[: empty.sum()]]
        nodes = _unit(moved)
    return nodes


def places_along(rows: Values, nodes: Values, upsample: int) -> Values:
    """Where each row (n, d) lies along nodes (k, d) that are in order: 0 is the first, k − 1 the last.

    The likeness of a row to the nodes is drawn out to a smooth curve; the row lies where that is highest, within one
    node of the one it is most like.
    """
    alike = _unit(rows) @ nodes.T
    if len(nodes) < 4:
        return np.asarray(alike.argmax(axis=1), np.float64)
    fine = np.linspace(0, len(nodes) - 1, upsample * (len(nodes) - 1) + 1)
    best = alike.argmax(axis=1)
    places = np.empty(len(rows))
    for start in range(0, len(rows), 2000):
        part = slice(start, start + 2000)
        curve = CubicSpline(np.arange(len(nodes)), alike[part], axis=1)(fine)
        curve[np.abs(fine - best[part, None]) > 1] = -np.inf
        places[part] = fine[curve.argmax(axis=1)]
    return places


def _unit(rows: Values) -> Values:
    size = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(size > 0, size, 1))

"""Ward's tree of groups that have sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cut_tree, leaves_list, optimal_leaf_ordering
from scipy.spatial.distance import pdist

Values = NDArray[np.float64]
Places = NDArray[np.intp]


def ward_tree(centers: Values, sizes: Values) -> Values:
    """The tree of merges that each raise the sum of squares within groups least.

    Two groups a and b are √(2 · n_a n_b / (n_a + n_b)) · ‖a − b‖ apart, n their sizes: the tree that all members would
    give, were each at its group's centre. Where all sizes are 1 it is `scipy.cluster.hierarchy.ward`.

    Parameters
    ----------
    centers
        (groups, d).
    sizes
        (groups,), above 0.

    Returns
    -------
    ndarray
        (groups − 1, 4) as scipy's linkage: the two that merge, their distance, and how many groups are below.
    """
    n = len(centers)
    squared = _squared(centers) * 2 * np.outer(sizes, sizes) / np.add.outer(sizes, sizes)
    np.fill_diagonal(squared, np.inf)
    size, name, below = sizes.astype(np.float64).copy(), np.arange(n), np.ones(n)
    tree = np.empty((n - 1, 4))
    for merge in range(n - 1):
        a, b = sorted(int(i) for i in np.unravel_index(squared.argmin(), squared.shape))
        below[a] += below[b]
        tree[merge] = *sorted((name[a], name[b])), np.sqrt(squared[a, b]), below[a]
        apart = (size + size[a]) * squared[a] + (size + size[b]) * squared[b] - size * squared[a, b]
        size[a], name[a] = size[a] + size[b], n + merge
        squared[a] = squared[:, a] = apart / (size - np.where(np.arange(n) == a, size[a], 0) + size[a])
        squared[b] = squared[:, b] = np.inf
        squared[a, a] = np.inf
    return tree


def in_leaf_order(tree: Values, centers: Values) -> tuple[Values, Places]:
    """The tree with its leaves numbered from left to right, so that neighbours are alike, and which leaf is which."""
    if len(tree) < 2:
        return tree, np.arange(len(centers))
    order = leaves_list(optimal_leaf_ordering(tree, pdist(centers))).astype(np.intp)
    number = np.empty(len(order))
    number[order] = np.arange(len(order))
    renamed = tree.copy()
    leaf = renamed[:, :2] < len(order)
    renamed[:, :2][leaf] = number[renamed[:, :2][leaf].astype(np.intp)]
    renamed[:, :2].sort(axis=1)
    return renamed, order


def cut_into(tree: Values, n_clusters: int) -> Places:
    """The cluster of each leaf, from 0 and from left to right, where the tree is cut into so many."""
    if n_clusters == 1 or len(tree) == 0:
        return np.zeros(len(tree) + 1, np.intp)
    at = cut_tree(tree, [n_clusters])[:, 0]
    first = np.unique(at, return_index=True)[1]
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[at])


def _squared(centers: Values) -> Values:
    squares = np.einsum("nd,nd->n", centers, centers)
    return np.asarray(np.maximum(squares[:, None] + squares - 2 * centers @ centers.T, 0))

"""The shape of a dendrogram: where its leaves stand, and what each merge joins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """A dendrogram with its leaves side by side.

    Parameters
    ----------
    order
        (n,) the leaf at each place, from the left.
    x, y
        (n - 1, 4) corners of the line of each merge: up from the left child, across, down to the right one.
    first, last
        (n - 1,) places of the outermost leaves below each merge.
    """

    order: NDArray[np.intp]
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    first: NDArray[np.intp] = field(repr=False)
    last: NDArray[np.intp] = field(repr=False)

    def leaves(self, first: int, last: int) -> frozenset[int]:
        """The leaves from one place to another, both included."""
        return frozenset(self.order[max(first, 0) : last + 1].tolist())

    def merge_at(self, x: float, y: float, x_unit: float, y_unit: float) -> int | None:
        """The merge whose line passes nearest to a place, at most one unit away; None if none does."""
        left, right = self.x[:, 0], self.x[:, 3]
        across = np.hypot(np.maximum(np.maximum(left - x, x - right), 0) / x_unit, (self.y[:, 1] - y) / y_unit)
        down = np.minimum(self._to_leg(x, y, x_unit, y_unit, 0), self._to_leg(x, y, x_unit, y_unit, 3))
        away = np.minimum(across, down)
        nearest = int(np.argmin(away)) if len(away) else -1
        return nearest if nearest >= 0 and away[nearest] <= 1 else None

    def _to_leg(self, x: float, y: float, x_unit: float, y_unit: float, end: int) -> Array:
        below = np.maximum(np.maximum(self.y[:, end] - y, y - self.y[:, 1]), 0)
        distance: Array = np.hypot((self.x[:, end] - x) / x_unit, below / y_unit)
        return distance


def is_linkage(values: Array) -> bool:
    """Whether these are merges as scipy's `linkage` gives them: of what is there by then, each of it once."""
    children, n = values[:, :2], len(values) + 1
    if not np.isfinite(values[:, :3]).all() or (children != np.floor(children)).any() or (children < 0).any():
        return False
    in_time = (children < np.arange(n, 2 * n - 1)[:, None]).all()
    return bool(in_time) and len(np.unique(children)) == children.size


def tree_of(linkage: Array) -> Tree:
    """The shape of a linkage matrix (merges, 4) as scipy's `linkage` gives it."""
    children = linkage[:, :2].astype(np.intp)
    n = len(linkage) + 1
    order = _leaves_in_order(children, n)
    middle, height = np.zeros(2 * n - 1), np.zeros(2 * n - 1)
    first, last = np.zeros(2 * n - 1, np.intp), np.zeros(2 * n - 1, np.intp)
    middle[order] = first[order] = last[order] = np.arange(n)
    x, y = np.empty((n - 1, 4)), np.empty((n - 1, 4))
    for k, (a, b) in enumerate(children.tolist()):
        left, right = (a, b) if middle[a] <= middle[b] else (b, a)
        here, top = n + k, float(linkage[k, 2])
        x[k] = middle[left], middle[left], middle[right], middle[right]
        y[k] = height[left], top, top, height[right]
        middle[here], height[here] = (middle[left] + middle[right]) / 2, top
        first[here], last[here] = first[left], last[right]
    return Tree(order, x, y, first[n:], last[n:])


def _leaves_in_order(children: NDArray[np.intp], n: int) -> NDArray[np.intp]:
    """From the left to the right, the first child of every merge to the left; by hand, as trees can be deep."""
    order: list[int] = []
    waiting = [2 * n - 2]
    while waiting:
        node = waiting.pop()
        if node < n:
            order.append(node)
        else:
            left, right = children[node - n].tolist()
            waiting += [right, left]
    return np.array(order, np.intp)

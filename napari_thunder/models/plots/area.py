"""Areas of a plane that are drawn by hand, and which of many points lie in them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Everything between two x and two y, borders included."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def between(cls, start: tuple[float, float], stop: tuple[float, float]) -> Rectangle:
        """The rectangle of two opposite corners (x, y)."""
        (left, right), (low, high) = sorted((start[0], stop[0])), sorted((start[1], stop[1]))
        return cls(left, right, low, high)

    def holds(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Mask:
        """Which points lie inside; NaN lies nowhere."""
        inside: Mask = (x >= self.left) & (x <= self.right) & (y >= self.low) & (y <= self.high)
        return inside

    @property
    def outline(self) -> Values:
        """Its corners (4, 2)."""
        left, right, low, high = self.left, self.right, self.low, self.high
        return np.array([(left, low), (right, low), (right, high), (left, high)])


@dataclass(frozen=True, slots=True, eq=False)
class Lasso:
    """What a closed line goes around; where it crosses itself, what is inside twice is outside.

    Parameters
    ----------
    outline
        (n, 2) x and y of its corners.
    """

    outline: Values = field(repr=False)

    def holds(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Mask:
        """Which points lie inside; NaN lies nowhere. Cost grows with the points beside its edges, not their product."""
        inside = np.zeros(np.shape(x), bool)
        if len(self.outline) < 3:
            return inside
        (left, low), (right, high) = self.outline.min(axis=0), self.outline.max(axis=0)
        near = np.flatnonzero(Rectangle(left, right, low, high).holds(x, y))
        if near.size:
            inside.ravel()[near] = self._crossed(x.ravel()[near].astype(float), y.ravel()[near].astype(float))
        return inside

    def _crossed(self, x: Values, y: Values) -> Mask:
        """Points to the left of an odd number of edges: sorted by height, each edge meets a run of them."""
        order = np.argsort(y)
        x, y = x[order], y[order]
        odd = np.zeros(len(x), bool)
        starts, stops = self.outline, np.roll(self.outline, -1, axis=0)
        for (x0, y0), (x1, y1) in zip(starts.tolist(), stops.tolist(), strict=True):
            if y0 == y1:
                continue
            a, b = np.searchsorted(y, sorted((y0, y1)))
            odd[a:b] ^= x[a:b] < x0 + (y[a:b] - y0) * ((x1 - x0) / (y1 - y0))
        inside = np.empty(len(x), bool)
        inside[order] = odd
        return inside


Area = Rectangle | Lasso

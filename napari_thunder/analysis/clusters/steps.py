"""From centres to the next ones, pass by pass."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.clusters.points import CORRELATION, next_centers, standard
from napari_thunder.analysis.protocol import Answer

Values = NDArray[np.float64]

_GROWTH = 1.5
_LONGEST = 1.8
"""Below 2: a step twice as far as the means of clusters that stay the same ends as high as it began."""


@dataclass
class Steps:
    """Steps of k-means that go beyond the means, further each time, as long as that lowers the sum of squares.

    Where clusters are not clear, centres move the same way for many passes. A step that raised the sum of squares is
    taken back: the next goes to the means and no further (Salakhutdinov & Roweis 2003, adaptive overrelaxation).

    Parameters
    ----------
    centers
        (t, k) at which the next pass is to look.
    distance
        One of `DISTANCES`.
    means
        (t, k) to which the points nearest to the best centres so far would move them.
    counts, inertia
        Of the best centres so far.
    shift
        The sum of squares by which `means` are away from those.
    gain
        Share of the inertia by which the last pass was below the one before; NaN at first, and if it was taken back.
    """

    centers: Values
    distance: str
    means: Values = field(init=False)
    counts: NDArray[np.intp] = field(init=False)
    inertia: float = np.inf
    shift: float = np.inf
    gain: float = np.nan
    _length: float = 1.0
    _beyond: bool = False

    def follow(self, share: Answer) -> None:
        """Choose the next centres after a pass at `centers`."""
        inertia = float(share["inertia"][0])
        self.gain = (self.inertia - inertia) / inertia if 0 < inertia < np.inf and self.inertia < np.inf else np.nan
        if self._beyond and inertia > self.inertia:
            self.gain, self._length, self._beyond, self.centers = np.nan, 1.0, False, self.means
            return
        self.means, self.counts, self.inertia = (
            next_centers(share, self.centers, self.distance),
            share["counts"],
            inertia,
        )
        move = self.means - self.centers
        self.shift = float((move**2).sum())
        self._advance(move)

    def _advance(self, move: Values) -> None:
        self._beyond = self._length > 1 and bool(self.counts.all())
        if not self._beyond:
            self.centers = self.means
        else:
            self.centers = self.centers + self._length * move
            if self.distance == CORRELATION:
                self.centers = standard(self.centers)
        self._length = min(self._length * _GROWTH, _LONGEST)

"""The blocks of the volume in which a judgement looks for what differs from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.shifts import Space

_LEAST = (8, 48, 48)
"""Voxels (z, y, x) that a block has at least, so that it holds enough structure to be matched."""
_MOST = (4, 6, 6)
"""Blocks along z, y, x at most."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Edges of blocks along z, y and x: block i runs from edge i to before edge i + 1."""

    edges: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]

    @property
    def shape(self) -> Space:
        """Blocks along z, y, x."""
        z, y, x = (len(e) - 1 for e in self.edges)
        return z, y, x

    @property
    def centers(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Centres of the blocks along z, y and x, in voxels."""
        z, y, x = (np.asarray([(a + b - 1) / 2 for a, b in pairwise(e)]) for e in self.edges)
        return z, y, x

    def box(self, index: Space) -> tuple[slice, slice, slice]:
        """The voxels of a block."""
        z, y, x = (slice(e[i], e[i + 1]) for e, i in zip(self.edges, index, strict=True))
        return z, y, x

    def labels(self, space: Space) -> NDArray[np.int64]:
        """(z, y, x) number of the block each voxel lies in, in C order."""
        z, y, x = (
            np.clip(np.searchsorted(e, np.arange(n), "right") - 1, 0, len(e) - 2)
            for e, n in zip(self.edges, space, strict=True)
        )
        _, ny, nx = self.shape
        return np.asarray((z[:, None, None] * ny + y[:, None]) * nx + x, np.int64)


def grid_of(space: Space) -> Grid:
    """Blocks of about equal size that cut a volume of this shape (z, y, x)."""
    counts = [min(most, max(1, n // least)) for n, least, most in zip(space, _LEAST, _MOST, strict=True)]
    z, y, x = (tuple(round(n * i / k) for i in range(k + 1)) for n, k in zip(space, counts, strict=True))
    return Grid((z, y, x))

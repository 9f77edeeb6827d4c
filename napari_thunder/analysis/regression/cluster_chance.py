"""How large clusters of voxels get by chance: the largest over the brain at each circular shift."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from napari_thunder.analysis.protocol import Map, Role
from napari_thunder.analysis.regression.cluster_sizes import Clustering, offsets

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Numbers = NDArray[np.intp]

RANK = "rank"
"""Dimension of the shifts whose statistics are largest at a voxel."""


def above_map(prefix: str, dim: str) -> Map:
    """Numbers of shifts at which a voxel is in a cluster: from 1, below 0 for effects below 0; dropped in the end."""
    attrs = {"passing": True}
    return Map(f"{prefix}shifts_above", "shifts with p below that of clusters", Role.VALUE, "1", (dim, RANK), attrs)


def numbers_above(chance: Values, found: Values, n: int) -> Values:
    """(rows, n, voxels) which shifts are among the n most unlikely of a voxel, what was found being one of them.

    Parameters
    ----------
    chance
        (rows, shifts, voxels) statistics at each shift, with the sign of the effect.
    found
        (rows, voxels) those without a shift, without sign.

    Returns
    -------
    (rows, n, voxels)
        Numbers of shifts, from 1, with the sign of the effect; NaN where what was found is among the n.
    """
    size = np.abs(chance)
    first = size.shape[1] - n
    chosen = np.argpartition(size, first, axis=1)[:, first:]
    numbers: Values = np.copysign(chosen + 1.0, np.take_along_axis(chance, chosen, axis=1))
    least = np.take_along_axis(size, chosen[:, :1], axis=1)[:, 0]  # argpartition puts it first
    numbers[:, 0][found >= least] = np.nan
    return numbers


@dataclass(frozen=True, slots=True)
class Grid:
    """A volume with room behind each row, column and plane, so that no neighbour of a voxel is on the other side.

    Parameters
    ----------
    numbers
        (voxels,) of the volume's voxels, in C order, with that room.
    steps
        From a voxel to its neighbours, one of each opposite pair.
    n
        Voxels with that room.
    """

    numbers: Numbers
    steps: tuple[int, ...]
    n: int

    @classmethod
    def of(cls, space: tuple[int, ...], clustering: Clustering) -> Grid:
        """Of a volume (z, y, x)."""
        wanted = offsets(clustering.reach, clustering.voxel_size) or [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
        room = np.abs(np.array(wanted)).max(axis=0)
        wide = tuple(int(s + r) for s, r in zip(space, room, strict=True))
        numbers = np.arange(np.prod(wide)).reshape(wide)[tuple(slice(s) for s in space)].ravel()
        step = (wide[1] * wide[2], wide[2], 1)
        return cls(numbers, tuple(int(np.dot(o, step)) for o in wanted), int(np.prod(wide)))

    def largest(self, voxels: Numbers, above_0: NDArray[np.bool_], place: NDArray[np.int32]) -> int:
        """Voxels of the largest cluster of these (numbers in C order) whose effects have one sign; 0 for none.

        `place` (n,) is full of -1, and is so again in the end.
        """
        if not len(voxels):
            return 0
        own = self.numbers[voxels]
        place[own] = np.arange(len(own))
        pairs = []
        for step in self.steps:
            reached = own + step
            inside = np.flatnonzero(reached < self.n)
            beside = place[reached[inside]]
            joined = (beside >= 0) & (above_0[beside] == above_0[inside])
            pairs.append(np.stack([inside[joined], beside[joined]]))
        place[own] = -1
        a, b = np.concatenate(pairs, axis=1)
        graph = sparse.coo_array((np.ones(len(a), np.int8), (a, b)), shape=(len(own), len(own)))
        return int(np.bincount(csgraph.connected_components(graph, directed=False)[1]).max())


def largest_by_shift(above: NDArray[np.floating], n_shifts: int, clustering: Clustering) -> Values:
    """(shifts,) µm³ of the largest cluster at each shift, by the numbers (rank, z, y, x) of `numbers_above`."""
    grid = Grid.of(above.shape[1:], clustering)
    place = np.full(grid.n, -1, np.int32)
    flat = above.reshape(len(above), -1)
    rank, voxel = np.nonzero(np.isfinite(flat))
    number = flat[rank, voxel].astype(np.intp)
    order = np.argsort(np.abs(number), kind="stable")
    number, voxel = number[order], voxel[order]
    ends = np.searchsorted(np.abs(number), np.arange(n_shifts + 1), side="right")
    spans = [slice(a, b) for a, b in pairwise(ends.tolist())]
    sizes = [grid.largest(voxel[span], number[span] > 0, place) for span in spans]
    return np.array(sizes) * float(np.prod(clustering.voxel_size))


def with_cluster_p(dataset: xr.Dataset, prefix: str, n_shifts: int, clustering: Clustering) -> xr.Dataset:
    """A result with p of its clusters beside their sizes (…, z, y, x), and without the numbers of shifts.

    p = (1 + shifts whose largest cluster over the brain is as large) / (1 + shifts); NaN where there is no cluster.
    """
    sizes, above = dataset[f"{prefix}cluster_size"], dataset[f"{prefix}shifts_above"]
    p = np.full(sizes.shape, np.nan, np.float32)
    for own, size, numbers in zip(p, sizes.values, above.values, strict=True):
        largest = np.sort(largest_by_shift(numbers, n_shifts, clustering))
        inside = np.isfinite(size)
        as_large = n_shifts - np.searchsorted(largest, size[inside] * (1 - 1e-6))
        own[inside] = (1 + as_large) / (1 + n_shifts)
    attrs = {
        "long_name": "p of the cluster (largest cluster at each shift)", "units": "1", "role": str(Role.PROBABILITY)
    }  # fmt: skip
    return dataset.assign({f"{prefix}p_cluster": (sizes.dims, p, attrs)}).drop_vars(f"{prefix}shifts_above")

"""Sizes of connected clusters of voxels, in µm³, with neighbours told by their distance in µm."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse import csgraph

if TYPE_CHECKING:
    import xarray as xr

Flags = NDArray[np.bool_]
Lengths = tuple[float, float, float]

_ROUNDING = 1e-6
"""Of p, which is a float32."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """How voxels are joined to clusters.

    Parameters
    ----------
    threshold
        p below which voxels count.
    reach
        µm between the centres of voxels that are neighbours; 0: those that share a face.
    least
        µm³ below which clusters are left out.
    voxel_size
        (z, y, x) µm.
    """

    threshold: float
    reach: float
    least: float
    voxel_size: Lengths

    def sizes(self, p: NDArray[np.floating], sign: NDArray[np.floating]) -> NDArray[np.float32]:
        """µm³ (z, y, x) of the cluster that a voxel belongs to, NaN where it is in none.

        Parameters
        ----------
        p
            (z, y, x).
        sign
            (z, y, x) of the effect: voxels of different sign are never in one cluster.
        """
        volume = float(np.prod(self.voxel_size))
        found = np.full(p.shape, np.nan, np.float32)
        inside = p <= self.threshold * (1 + _ROUNDING)
        for side in inside & (sign > 0), inside & (sign < 0):
            labels = labelled(side, self.reach, self.voxel_size)
            size = np.bincount(labels.ravel()) * volume
            size[0] = 0
            kept = ((size >= self.least) & (size > 0))[labels]
            found[kept] = size[labels[kept]]
        return found


def labelled(inside: Flags, reach: float, voxel_size: Lengths) -> NDArray[np.intp]:
    """Numbers from 1 (z, y, x) of connected clusters of voxels, 0 outside."""
    apart = offsets(reach, voxel_size)
    if not apart:
        return np.asarray(ndimage.label(inside)[0], np.intp)
    numbers = np.full(inside.shape, -1, np.intp)
    count = int(inside.sum())
    numbers[inside] = np.arange(count)
    pairs = [_pairs(numbers, offset) for offset in apart]
    a, b = (np.concatenate(side) for side in zip(*pairs, strict=True))
    graph = sparse.coo_array((np.ones(len(a), np.int8), (a, b)), shape=(count, count))
    labels = np.zeros(inside.shape, np.intp)
    labels[inside] = csgraph.connected_components(graph, directed=False)[1] + 1
    return labels


def offsets(reach: float, voxel_size: Lengths) -> list[tuple[int, int, int]]:
    """One of each pair of opposite offsets (z, y, x) in voxels that are within reach."""
    most = [int(reach / size + 1e-9) for size in voxel_size]
    return [
        (z, y, x)
        for z, y, x in product(*(range(-m, m + 1) for m in most))
        if (z, y, x) > (0, 0, 0)
        and np.hypot(np.hypot(z * voxel_size[0], y * voxel_size[1]), x * voxel_size[2]) <= reach * (1 + 1e-9)
    ]


def _pairs(numbers: NDArray[np.intp], offset: tuple[int, int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    here = tuple(slice(max(0, -o), max(0, n - max(0, o))) for o, n in zip(offset, numbers.shape, strict=True))
    there = tuple(slice(max(0, o), max(0, n - max(0, -o))) for o, n in zip(offset, numbers.shape, strict=True))
    a, b = numbers[here].ravel(), numbers[there].ravel()
    both = (a >= 0) & (b >= 0)
    return a[both], b[both]


def with_cluster_sizes(dataset: xr.Dataset, p: str, sign: str, name: str, clustering: Clustering) -> xr.Dataset:
    """A result with the map `name` of cluster sizes beside its `p` (…, z, y, x)."""
    values = dataset[p]
    shape = values.shape
    volumes, signs = (dataset[n].values.reshape(-1, *shape[-3:]) for n in (p, sign))
    sizes = np.stack([clustering.sizes(v, s) for v, s in zip(volumes, signs, strict=True)]).reshape(shape)
    attrs = {"long_name": f"size of the cluster with p ≤ {clustering.threshold:g}", "units": "µm³", "role": "value"}
    return dataset.assign({name: (values.dims, sizes, values.attrs | attrs)})

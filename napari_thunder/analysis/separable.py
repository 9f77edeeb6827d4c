"""Volumes times a matrix along each axis: blurs and sums over neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Array

Values = NDArray[np.float64]

_CHUNK_BYTES = 2**20


def chunks(n_frames: int, n_voxels: int) -> Iterator[slice]:
    """Stretches of frames whose float64 volumes fit a processor's cache."""
    length = max(1, _CHUNK_BYTES // (8 * max(1, n_voxels)))
    return (slice(start, start + length) for start in range(0, n_frames, length))


def along_axes(volumes: Array, matrices: list[Values]) -> Array:
    """Volumes (t, z, y, x) times square matrices along z, y and x; an axis of one voxel is left as it is."""
    t, z, y, x = volumes.shape
    if z > 1:
        volumes = np.matmul(matrices[0], volumes.reshape(t, z, y * x)).reshape(t, z, y, x)
    if y > 1:
        volumes = np.matmul(matrices[1], volumes)
    if x > 1:
        volumes = (volumes.reshape(-1, x) @ matrices[2].T).reshape(t, z, y, x)
    return volumes

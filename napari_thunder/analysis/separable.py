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
    """Volumes (t, z, y, x) times a matrix (new, old) along each of z, y and x."""
    t, _, y, x = volumes.shape
    if matrices[0].shape != (1, 1):
        volumes = np.matmul(matrices[0], volumes.reshape(t, -1, y * x)).reshape(t, -1, y, x)
    if matrices[1].shape != (1, 1):
        volumes = np.matmul(matrices[1], volumes)
    if matrices[2].shape != (1, 1):
        volumes = np.matmul(volumes.reshape(-1, x), matrices[2].T).reshape(*volumes.shape[:3], -1)
    return volumes

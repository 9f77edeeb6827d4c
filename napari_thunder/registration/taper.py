"""Windows that fade an image out towards its edges, so that a Fourier transform sees no jump there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box

Floats = NDArray[np.float32]


def taper(shape: Box, widths: Box) -> tuple[Floats, Floats, Floats]:
    """Weights along z, y and x: 1 inside, half a cosine at either edge; their product is the window.

    Parameters
    ----------
    shape
        (z, y, x) in voxels.
    widths
        Over how many voxels (z, y, x) it fades; 0 keeps the edge as it is.
    """
    z, y, x = (_faded(n, width) for n, width in zip(shape, widths, strict=True))
    return z, y, x


def self_overlap(weights: Floats) -> NDArray[np.float64]:
    """Share of a window (n,) that is left when two copies of it are 0, 1, … n - 1 voxels apart."""
    full = np.correlate(weights.astype(np.float64), weights.astype(np.float64), "full")[len(weights) - 1 :]
    return np.asarray(full / full[0])


def _faded(n: int, width: int) -> Floats:
    width = min(width, n // 2)
    weights = np.ones(n, np.float32)
    ramp = (0.5 - 0.5 * np.cos(math.pi * (np.arange(width) + 0.5) / max(1, width))).astype(np.float32)
    weights[:width] = ramp
    weights[n - width :] = ramp[::-1]
    return weights

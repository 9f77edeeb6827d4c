"""Windows that fade an image out towards its edges, so that a Fourier transform sees no jump there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from napari_thunder.blocks import Box

Floats = NDArray[np.float32]

_LAGS = 20
"""Steps to a voxel."""


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


def self_overlap(weights: Floats, blur: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of a window (n,) that is left when two copies of it are some way apart.

    Blurred as the correlation itself is by its low-pass: else what is divided by it would have a dent at 0.

    Parameters
    ----------
    weights
        Of the window along an axis.
    blur
        Sigma of the low-pass, in voxels.

    Returns
    -------
    lags, share
        From 0 on, in voxels; the share is 1 at lag 0.
    """
    n = len(weights)
    lags = np.arange(n * _LAGS + 1) / _LAGS
    whole = np.correlate(weights.astype(np.float64), weights.astype(np.float64), "full")[n - 1 :]
    share = np.interp(lags, np.arange(n + 1), np.append(whole, 0.0))
    if n > 1 and blur > 0:
        mirrored = np.concatenate([share[:0:-1], share])
        share = gaussian_filter1d(mirrored, blur * _LAGS, mode="constant")[len(share) - 1 :]
    return lags, share / share[0]


def _faded(n: int, width: int) -> Floats:
    width = min(width, n // 2)
    weights = np.ones(n, np.float32)
    ramp = (0.5 - 0.5 * np.cos(math.pi * (np.arange(width) + 0.5) / max(1, width))).astype(np.float32)
    weights[:width] = ramp
    weights[n - width :] = ramp[::-1]
    return weights

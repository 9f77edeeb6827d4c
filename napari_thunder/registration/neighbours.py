"""What blocks can learn from those around them where they see too little themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float32]
Sigma = tuple[float, float, float]

_VERY_SURE = 2.5
"""`Match.snr` from which a block is believed whatever those around it say."""
_LEAST_COMPANY = 0.02
"""Sure blocks around one, weighted by how near they are, below which it is alone."""
_WIDER = (1.0, 2.0, 4.0, 8.0)
_FAINT = 1e-6


def smoothed(maps: Floats, sigma: Sigma) -> Floats:
    """Sums over neighbouring blocks, weighted by a Gaussian of their distance.

    Parameters
    ----------
    maps
        (blocks along z, y, x, …).
    sigma
        Of the Gaussian in blocks along z, y and x; 0 leaves them apart.
    """
    return np.asarray(gaussian_filter(maps, sigma, mode="constant", axes=(0, 1, 2)))


def filled(values: Floats, sure: NDArray[np.bool_], fallback: Floats, sigma: Sigma) -> Floats:
    """Values in which blocks that are not sure take the answer of those around them that are.

    The nearer a block, the more it counts; those far away count only where none is near.

    Parameters
    ----------
    values
        (blocks along z, y, x, k) of one frame; those of blocks that are not sure do not matter.
    sure
        (blocks along z, y, x).
    fallback
        As `values`: taken where no block is within reach.
    sigma
        Of the Gaussian by which the nearest count, in blocks along z, y and x.
    """
    if sure.all():
        return values
    known = np.where(sure[..., None], values - fallback, 0).astype(np.float64)
    total, share = np.zeros_like(known), np.full((*sure.shape, 1), 1e-30)
    for faintness, wider in enumerate(_WIDER):
        wide = tuple(s * wider for s in sigma)
        total += _FAINT**faintness * gaussian_filter(known, wide, mode="constant", axes=(0, 1, 2))
        near = gaussian_filter(sure.astype(np.float64), wide, mode="constant")
        share += _FAINT**faintness * near[..., None]
    return np.where(sure[..., None], values, fallback + total / share).astype(np.float32)


def agreeing(
    values: Floats, sure: NDArray[np.bool_], snrs: Floats, sigma: Sigma, tolerance: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which of the sure blocks agree with those around them that are sure too, or are very sure.

    Parameters
    ----------
    values
        (blocks along z, y, x, k) of one frame.
    sure
        (blocks along z, y, x).
    snrs
        (blocks along z, y, x) how sure they are, as in `Match`.
    sigma
        Of the Gaussian by which the nearest count, in blocks along z, y and x.
    tolerance
        (k,) by how much a block may differ.
    """
    believed = np.where(sure, snrs - 1, 0).astype(np.float64)
    alone = np.prod([_own_share(s, n) for s, n in zip(sigma, sure.shape, strict=True)])
    share = gaussian_filter(believed, sigma, mode="constant") - alone * believed
    number = gaussian_filter(sure.astype(np.float64), sigma, mode="constant") - alone * sure
    weighted = believed[..., None] * np.nan_to_num(values)
    total = gaussian_filter(weighted, sigma, mode="constant", axes=(0, 1, 2)) - alone * weighted
    with np.errstate(divide="ignore", invalid="ignore"):
        differs = (np.abs(values - total / share[..., None]) > tolerance).any(axis=-1)
    alone_there = number < _LEAST_COMPANY
    return sure & ((~differs & ~alone_there) | (snrs >= _VERY_SURE))


def _own_share(sigma: float, n: int) -> float:
    """How much a place counts for itself in a Gaussian filter."""
    if sigma == 0 or n == 0:
        return 1.0
    delta = np.zeros(2 * int(4 * sigma + 0.5) + 1)
    delta[len(delta) // 2] = 1
    return float(gaussian_filter(delta, sigma, mode="constant")[len(delta) // 2])

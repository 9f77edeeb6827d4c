"""Crispness: how sharp a mean image is, and how sharp the picture of what varies together."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.quality.region import bounding_box

Image = NDArray[np.floating]


def crispness(image: Image) -> float:
    """Root of the summed squared gradient of an image (CaImAn's "smoothness").

    Parameters
    ----------
    image
        (z, y, x), NaN outside the region; voxels without known neighbours do not count. Comparable only between
        images of the same voxels.
    """
    inside = image[bounding_box(np.isfinite(image))].astype(np.float64)
    size = np.zeros(inside.shape)
    for axis, n in enumerate(inside.shape):
        if n > 1:
            size += np.square(np.gradient(inside, axis=axis))
    return float(np.sqrt(np.nansum(size))) if np.isfinite(size).any() else float("nan")


def local_correlation(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean correlation of each voxel's series with those of its neighbours (6 in a volume, 4 in a plane).

    Parameters
    ----------
    frames
        (t, z, y, x), NaN outside the region.

    Returns
    -------
    array
        (z, y, x) float32; a neighbour that is not known does not count, NaN where there is none. CaImAn,
        `local_correlations`.
    """
    mean = frames.mean(axis=0, dtype=np.float64)
    variance = np.zeros(mean.shape)
    for frame in frames:
        variance += np.square(frame - mean)
    sd = np.sqrt(variance / len(frames))
    sd = np.where(sd > 1e-6 * np.abs(mean), sd, np.nan)
    total, count = np.zeros(mean.shape), np.zeros(mean.shape)
    products = [np.zeros(tuple(n - (a == axis) for a, n in enumerate(mean.shape))) for axis in range(3)]
    for frame in frames:
        z = (frame - mean) / sd
        for axis, product in enumerate(products):
            product += z[_low(axis)] * z[_high(axis)]
    for (axis, product), side in itertools.product(enumerate(products), (_low, _high)):
        known = np.isfinite(product)
        total[side(axis)] += np.where(known, product / len(frames), 0.0)
        count[side(axis)] += known
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan).astype(np.float32)


def _low(axis: int) -> tuple[slice, ...]:
    return tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))


def _high(axis: int) -> tuple[slice, ...]:
    return tuple(slice(1, None) if a == axis else slice(None) for a in range(3))

"""How far one mean image lies from another: as a whole, in its planes alone, and block by block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_thunder.errors import RegistrationError
from napari_thunder.registration.phase import Matcher
from napari_thunder.registration.quality.depth import refined_in_depth
from napari_thunder.registration.quality.grid import Grid
from napari_thunder.registration.quality.region import bounding_box

Image = NDArray[np.floating]
Values = NDArray[np.float64]

_LEAST_SHARE = 0.3
"""Of a block's voxels that must be known for it to be matched."""
_LEAST_SNR = 1.2
"""suite2p's `snr_thresh`: below it a block has nothing to go by."""
_REACH = 0.1
"""Share of each axis within which a displacement is looked for."""
_UPSAMPLING = 10
_FADE = 3.0
"""Voxels over which an image fades where it is not known."""
_LEAST_CONTRAST = 1e-6


def displacement(low: Image, high: Image, *, in_plane: bool = False) -> Values:
    """Where an image lies relative to another.

    Parameters
    ----------
    low, high
        (z, y, x) of the same voxels, NaN where not known.
    in_plane
        Whether to look along y and x alone.

    Returns
    -------
    array
        (3,) displacement (z, y, x) of `high` relative to `low` in voxels; NaN if there is nothing to go by.
    """
    found, _ = _matched(low, high, in_plane)
    return found if in_plane else refined_in_depth(low, high, found)


def block_displacements(low: Image, high: Image, grid: Grid) -> Values:
    """As `displacement`, for every block of a grid by itself.

    Returns
    -------
    array
        (blocks along z, y, x, 3) voxels; NaN for blocks that are mostly unknown or have nothing to go by.
    """
    found = np.full((*grid.shape, 3), np.nan)
    for index in np.ndindex(*grid.shape):
        box = grid.box((index[0], index[1], index[2]))
        one, other = low[box], high[box]
        if (np.isfinite(one) & np.isfinite(other)).mean() >= _LEAST_SHARE:
            shift, snr = _matched(one, other, in_plane=False)
            found[index] = refined_in_depth(one, other, shift) if snr >= _LEAST_SNR else np.nan
    return found


def length(displacements: Values) -> Values:
    """Lengths (…) of displacements (…, 3)."""
    return np.asarray(np.sqrt(np.square(displacements).sum(axis=-1)))


def _reach(n: int, axis: int) -> float:
    """Voxels along an axis of `n` within which a displacement is looked for."""
    return max(1.0, _REACH * n) if axis == 0 else min(n / 4, max(4.0, _REACH * n))


def _matched(low: Image, high: Image, in_plane: bool) -> tuple[Values, float]:
    known = np.isfinite(low) & np.isfinite(high)
    box = bounding_box(known)
    one, other = (_faded(image[box], known[box]) for image in (low, high))
    if not min(_contrast(one), _contrast(other)) > _LEAST_CONTRAST:
        return np.full(3, np.nan), 0.0
    reach = [0.0 if n < 3 or (in_plane and axis == 0) else _reach(n, axis) for axis, n in enumerate(one.shape)]
    try:
        matcher = Matcher(one, max_shift=(reach[0], reach[1], reach[2]), upsampling=_UPSAMPLING)
        match = matcher.match(other)
    except RegistrationError:
        return np.full(3, np.nan), 0.0
    return match.shift.astype(np.float64), match.snr


def _faded(image: Image, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """An image that fades to its mean where it is not known: a hard edge would hold the displacement at 0."""
    if known.all() or not known.any():
        return image.astype(np.float32)
    mean = float(image[known].mean())
    weight = np.clip(2 * gaussian_filter(known.astype(np.float64), (0, _FADE, _FADE), mode="nearest") - 1, 0, 1)
    return np.where(known, mean + weight * (np.where(known, image, mean) - mean), mean).astype(np.float32)


def _contrast(image: NDArray[np.float32]) -> float:
    """Standard deviation relative to the size of the values; 0 for an image without voxels."""
    if image.size == 0:
        return 0.0
    return float(image.std(dtype=np.float64) / max(float(np.abs(image).max()), 1e-30))

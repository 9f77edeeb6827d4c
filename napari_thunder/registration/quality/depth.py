"""The displacement along z, where a volume has few planes: from gradients, as spectra tell it badly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, minimum_filter

Image = NDArray[np.floating]
Values = NDArray[np.float64]

_SIGMA = 1.15
"""Voxels of smoothing along y and x, so that noise does not count as gradient."""
_MARGIN = 5
_LEAST_VOXELS = 64


def refined_in_depth(low: Image, high: Image, found: Values) -> Values:
    """A displacement with its part along z estimated anew.

    A peak of a few planes is flat, and its place to a fraction of a plane uncertain by a tenth. The difference of the
    images, laid over each other to the whole voxel, is fitted by their gradients along z, y and x and a change of
    brightness; of the fit, z is taken.

    Lucas, B. & Kanade, T. (1981), An iterative image registration technique with an application to stereo vision.

    Parameters
    ----------
    low, high
        (z, y, x), NaN where not known.
    found
        (3,) displacement of `high` relative to `low` in voxels.
    """
    if low.shape[0] < 3 or not np.isfinite(found).all():
        return found
    whole = np.round(found).astype(int)
    one, other = (_smooth(image) for image in _overlaid(low, high, whole))
    middle = (one + other) / 2
    if min(middle.shape) < 2:
        return found
    gradients = [-np.gradient(middle, axis=axis) for axis in range(3)]
    design = np.stack([g.ravel() for g in (*gradients, middle, np.ones_like(middle))])
    rest = (other - one).ravel()
    known = np.isfinite(design).all(axis=0) & np.isfinite(rest)
    if known.sum() < _LEAST_VOXELS:
        return found
    design = design[:, known]
    fit, *_ = np.linalg.lstsq(design @ design.T, design @ rest[known], rcond=1e-12)
    z = whole[0] + np.clip(fit[0], -1.0, 1.0)
    return np.asarray([z, found[1], found[2]])


def _overlaid(low: Image, high: Image, whole: NDArray[np.intp]) -> tuple[Image, Image]:
    """The parts of both images that show the same, if one is displaced by whole voxels."""
    pairs = list(zip(whole, low.shape, strict=True))
    of_low = tuple(slice(max(0, -d), min(n, n - d)) for d, n in pairs)
    of_high = tuple(slice(max(0, d), min(n, n + d)) for d, n in pairs)
    return low[of_low], high[of_high]


def _smooth(image: Image) -> Values:
    """Smoothed along y and x; NaN also next to what is not known."""
    known = np.isfinite(image)
    values = np.where(known, image, image[known].mean() if known.any() else 0.0).astype(np.float64)
    smooth = gaussian_filter(values, (0, _SIGMA, _SIGMA))
    clear = minimum_filter(known, (1, _MARGIN, _MARGIN), mode="nearest")
    return np.where(clear, smooth, np.nan)

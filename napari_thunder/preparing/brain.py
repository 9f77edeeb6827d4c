"""Where the brain is, found in the mean image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_thunder.errors import RecordingError

Mask = NDArray[np.bool_]
Image = NDArray[Any]

_SMOOTH = 1.5
_LEAST_SHARE = 0.1
_LEVELS = 256
_FAR = 1e6


def find_brain(mean: Image, margin: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Mask:
    """Where the brain is: what is brighter than the surroundings, without crumbs and holes.

    Each plane of the mean image is smoothed and its square root taken, which makes the noise of photons alike
    everywhere; Otsu's threshold parts it in two. Pieces smaller than a tenth of the largest are dropped, holes in
    planes filled, and the margin is added.

    Parameters
    ----------
    mean
        (z, y, x) mean of some frames; NaN where nothing is known.
    margin
        Voxels (z, y, x) that are added around it.

    Returns
    -------
    array
        (z, y, x) bool.

    Raises
    ------
    RecordingError
        If nothing stands out.
    """
    known = np.isfinite(mean)
    values = np.where(known, mean, np.nanmin(mean) if known.any() else 0).astype(np.float64)
    smooth: Image = ndimage.gaussian_filter(values, (0, _SMOOTH, _SMOOTH))
    level = np.sqrt(smooth - smooth.min())
    bright = level > otsu(level[known])
    if not bright.any() or bright.all():
        raise RecordingError(
            "No brain was found: nothing in the mean image stands out from the rest. Give a mask, or keep everything "
            "(brain=everything)."
        )
    return _widened(_without_crumbs(bright), margin)


def otsu(values: Image) -> float:
    """The threshold that parts values in two groups, each as alike as can be (Otsu 1979).

    The brightest thousandth counts as one, so that a few glaring cells do not draw the threshold up.
    """
    if values.size == 0:
        return 0.0
    top = float(np.quantile(values, 0.999))
    counts, edges = np.histogram(np.minimum(values, top), _LEVELS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    total = np.cumsum(counts * middles)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = total / below - (total[-1] - total) / above
    between = np.nan_to_num(below * above * distance**2)
    return float(middles[int(np.argmax(between))])


def _without_crumbs(bright: Mask) -> Mask:
    pieces, n = ndimage.label(bright)
    sizes = np.bincount(pieces.ravel(), minlength=n + 1)
    sizes[0] = 0
    large = (sizes >= _LEAST_SHARE * sizes.max()) & (sizes > 0)
    kept = large[pieces]
    return np.stack([ndimage.binary_fill_holes(plane) for plane in kept])


def _widened(mask: Mask, margin: tuple[float, float, float]) -> Mask:
    """With all voxels that lie within an ellipsoid of these half axes around one of the mask.

    Plane by plane, as distances in three dimensions would take many times the memory of a volume.
    """
    wide = mask.copy()
    high, *flat = margin
    steps = [1 / m if m > 0 else _FAR for m in flat]
    for z in np.flatnonzero(mask.any(axis=(1, 2))):
        distance = ndimage.distance_transform_edt(~mask[z], sampling=steps)
        for other in range(max(0, math.ceil(z - high)), min(len(mask), math.floor(z + high) + 1)):
            share = abs(other - z) / high if other != z else 0.0
            wide[other] |= distance**2 + share**2 <= 1
    return wide

"""Weights of frames, applied to series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.protocol import Series
from napari_thunder.analysis.statistics import centre

Values = NDArray[np.float64]


def weigh(weights: sparse.csr_array, centred: Series, mean: Values) -> Values:
    """Weights (n, t) @ (centred (t, voxels) + mean (voxels,)), with rounding relative to the centred values."""
    weighed: Values = weights @ centred
    # so that weights that cancel but for rounding do so
    weighed += np.outer(np.round(weights.sum(axis=1), 9), mean)
    return weighed


def weighed_series(series: Series, weights: sparse.csr_array) -> Series:
    """Series (n, voxels) that weights (n, t) make of series (t, voxels), which are overwritten.

    Constant voxels stay constant; voxels with NaN become NaN throughout.
    """
    mean, _, valid = centre(series)
    usable = np.isfinite(mean)
    series[:, ~valid & usable] = 0
    with np.errstate(all="ignore"):
        weighed = weigh(weights, series, mean)
    weighed[:, ~usable] = np.nan
    return weighed

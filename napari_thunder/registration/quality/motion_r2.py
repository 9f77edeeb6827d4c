"""Motion R²: how much of each voxel's variance the shift traces explain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def motion_r2(moments: Values, regressors: Values, variation: Values) -> NDArray[np.float32]:
    """Share of the variance of each voxel that a linear fit to the shift traces explains.

    After a good registration the edges of bright objects are dark in this map. Motion often goes with behaviour, and
    activity with it, so that some of it may be real.

    Parameters
    ----------
    moments
        (traces, voxels) sum over frames of trace times series, with the traces centred.
    regressors
        (t, traces) the centred traces.
    variation
        (voxels,) sum of squares of each series around its mean.

    Returns
    -------
    array
        (voxels,) float32; NaN where nothing moves, or the series is constant.
    """
    gram = regressors.T @ regressors
    if not np.trace(gram) > 1e-9 * max(1, len(regressors)):
        return np.full(len(variation), np.nan, np.float32)
    explained = np.einsum("kv,kl,lv->v", moments, np.linalg.pinv(gram, rcond=1e-6, hermitian=True), moments)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variation > 0, np.clip(explained / variation, 0, 1), np.nan).astype(np.float32)

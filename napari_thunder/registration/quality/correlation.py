"""Correlation of frames with a template, from sums that can be added up from anywhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

N, D, DD, DT, T, TT = range(6)
"""Sums over voxels: their number, d = frame − template, d², d·t, t = template, t²."""


def correlation(sums: Values, share: Values | float = 0.0) -> NDArray[np.float32]:
    """Pearson correlation of frames with a template that is a mean of frames.

    Parameters
    ----------
    sums
        (…, 6) as named in this module, over the voxels that both have.
    share
        Broadcast to (…): 1 / (n − 1) where the frame is one of the n that the template is the mean of, else 0. The
        frame is then taken out of the template, as it would correlate with itself.

    Returns
    -------
    array
        (…) float32; NaN where there are fewer than two voxels or one of both is flat.
    """
    n = np.maximum(sums[..., N], 1.0)
    var_t = sums[..., TT] - sums[..., T] ** 2 / n
    var_d = sums[..., DD] - sums[..., D] ** 2 / n
    cov = sums[..., DT] - sums[..., D] * sums[..., T] / n
    var_frame = var_t + 2 * cov + var_d
    var_rest = var_t - 2 * share * cov + np.square(share) * var_d
    both = var_t + (1 - share) * cov - share * var_d
    with np.errstate(divide="ignore", invalid="ignore"):
        found = both / np.sqrt(np.maximum(var_frame, 0) * np.maximum(var_rest, 0))
    tiny = 1e-12 * np.maximum(sums[..., TT] + sums[..., DD], 1e-300)
    known = (sums[..., N] >= 2) & (var_frame > tiny) & (var_rest > tiny)
    return np.where(known, np.clip(found, -1, 1), np.nan).astype(np.float32)


def pearson(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Pearson correlation of two arrays over the places where both are known; NaN if there is none."""
    known = np.isfinite(a) & np.isfinite(b)
    x, y = a[known].astype(np.float64), b[known].astype(np.float64)
    if len(x) < 2:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else float("nan")

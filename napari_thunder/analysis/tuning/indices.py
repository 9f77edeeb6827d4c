"""Indices of tuning curves: what is preferred against its opposite, and how few conditions are answered."""

from __future__ import annotations

import numpy as np

from napari_thunder.analysis.tuning.angles import Values

_SHOWN = 0.5
"""Degrees within which an angle counts as shown."""


def mean_at(degrees: Values, *turns: float) -> Values:
    """Weights (angles, angles) of the mean over the angles that lie so many degrees from each; NaN where none does."""
    apart = degrees - degrees[:, None]
    shown = sum((np.abs((apart - turn + 180) % 360 - 180) < _SHOWN).astype(float) for turn in turns)
    with np.errstate(invalid="ignore"):
        weights: Values = np.asarray(shown) / np.sum(shown, axis=1, keepdims=True)
    return weights


def peak_index(rectified: Values, other: Values) -> Values:
    """(R_peak - R_other) / (R_peak + R_other) of curves (conditions, voxels) ≥ 0, the peak being the largest response.

    `other` (conditions, conditions) weighs, for each condition as the peak, those that it is compared with. NaN where
    it is compared with none, or nothing is above 0.
    """
    known = np.asarray(np.isfinite(other).all(axis=1))
    beside = np.where(known[:, None], other, 0.0) @ rectified
    peak = rectified.argmax(axis=0)
    high = np.take_along_axis(rectified, peak[None], 0)[0]
    low = np.take_along_axis(beside, peak[None], 0)[0]
    total = high + low
    index: Values = (high - low) / np.where((high > 0) & known[peak], total, np.nan)
    return index


def lifetime_sparseness(rectified: Values) -> Values:
    """(1 - (Σ R)² / (n Σ R²)) / (1 - 1 / n) of curves (conditions, voxels) ≥ 0.

    0 where all conditions are answered alike, 1 where only one is (Vinje & Gallant 2000). NaN where none is.
    """
    n = len(rectified)
    total, squares = rectified.sum(axis=0), np.einsum("cv,cv->v", rectified, rectified)
    sparseness: Values = (1 - total**2 / (n * np.where(squares > 0, squares, np.nan))) / (1 - 1 / n)
    return sparseness

"""What correlations have in common: unit series, and how much a r of series that change slowly means."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from napari_thunder.analysis.statistics import centre

Values = NDArray[np.float64]
Frames = NDArray[np.intp]
Pairs = tuple[Frames, Frames]

LEAST_PAIRS = 3


def neighbours(kept: Frames, lag: int) -> Pairs:
    """Places among the kept frames of the pairs (earlier by `lag`, later) of which both are kept."""
    _, before, after = np.intersect1d(kept + lag, kept, assume_unique=True, return_indices=True)
    return before, after


def to_unit(columns: Values) -> Values:
    """Columns (t, p) centred and of unit length; NaN where one is constant."""
    unit = columns.copy()
    to_unit_in_place(unit)
    return unit


def to_unit_in_place(series: Values) -> None:
    """Centre series (t, voxels) and give them unit length; NaN where one is constant."""
    _, squares, valid = centre(series)
    with np.errstate(all="ignore"):
        series /= np.sqrt(squares)
    series[:, ~valid] = np.nan


def persistence(unit: Values, following: Pairs) -> Values:
    """Autocorrelation (p,) of unit series (t, p) one frame apart, times the sum of squares of other ones.

    Parameters
    ----------
    unit
        Centred.
    following
        Places of frames and of those right after them, both kept.
    """
    before, after = following
    total: Values = np.einsum("tv,tv->v", _at(unit, before), _at(unit, after))
    return total


def _at(unit: Values, places: Frames) -> Values:
    """Frames at rising places; where none is left out a view, which saves two copies of the series."""
    if len(places) and places[-1] - places[0] + 1 == len(places):
        return unit[places[0] : places[-1] + 1]
    return np.asarray(unit[places])


def p_of(r: Values, effective: Values) -> Values:
    """Two-sided p of correlations among so many effective frames; t = r √(ν / (1 − r²)), ν two less, 1 at least."""
    with np.errstate(all="ignore"):
        dof = np.maximum(effective - 2, 1)
        t = np.abs(r) * np.sqrt(dof / np.maximum(1 - r**2, np.finfo(np.float64).tiny))
        p: Values = 2 * special.stdtr(dof, -t)
    p[~np.isfinite(r)] = np.nan
    return p

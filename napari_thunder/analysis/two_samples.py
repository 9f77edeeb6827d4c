"""Student's and Welch's t-test of two samples of many voxels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from napari_thunder.analysis.statistics import sum_of_squares, two_sided_p

Values = NDArray[np.float64]

_ROUNDING = 1e-14


class Sample(NamedTuple):
    """Size of a sample, mean and variance (ddof 1) of each voxel (voxels,)."""

    n: int
    mean: Values
    variance: Values


def sample_of(values: Values) -> Sample:
    """Of (n, voxels); the variance of fewer than two is NaN."""
    n = len(values)
    if n == 0:
        nothing = np.full(values.shape[1], np.nan)
        return Sample(0, nothing, nothing)
    mean = values.mean(axis=0)
    squares = sum_of_squares(values - mean)
    squares[squares <= n * (_ROUNDING * mean) ** 2] = 0
    return Sample(n, mean, squares / (n - 1) if n > 1 else np.full(values.shape[1], np.nan))


def student(a: Sample, b: Sample) -> tuple[Values, Values]:
    """t (voxels,) of a − b with equal variances, n_a + n_b − 2 degrees of freedom, and its two-sided p."""
    dof = a.n + b.n - 2
    with np.errstate(all="ignore"):
        pooled = ((a.n - 1) * a.variance + (b.n - 1) * b.variance) / dof
        t = _ratio(a.mean - b.mean, np.sqrt(pooled * (1 / a.n + 1 / b.n)))
        return t, two_sided_p(t, dof)


def welch(a: Sample, b: Sample) -> tuple[Values, Values]:
    """t (voxels,) of a − b with variances of their own, Welch & Satterthwaite's degrees of freedom, two-sided p."""
    with np.errstate(all="ignore"):
        first, second = a.variance / a.n, b.variance / b.n
        both = first + second
        t = _ratio(a.mean - b.mean, np.sqrt(both))
        dof = both**2 / (first**2 / (a.n - 1) + second**2 / (b.n - 1))
        return t, np.asarray(2 * special.stdtr(dof, -np.abs(t)))


def _ratio(difference: Values, error: Values) -> Values:
    ratio: Values = difference / np.where(error > 0, error, np.nan)
    return ratio

"""Slow drift is taken out of the series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.analysis.statistics import centre, orthonormal, sum_of_squares
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Detrend:
    """Take slow drift out of each voxel by least squares: y − Q Q'y, with Q an orthonormal basis of the drift.

    Parameters
    ----------
    method
        `polynomial` of frame time (of frame number if times are not known), or `cosine`: the discrete cosines
        cos(π k (τ + dt/2) / D), k = 1 … floor(2 D / period), of a recording of D seconds, as in SPM and nilearn.
    order
        Highest power of the polynomial.
    period
        In s: cosines take out what is slower than this.
    keep_mean
        Keep each voxel's mean over the kept frames, so that ΔF/F can follow; else the mean becomes 0.

    Notes
    -----
    A voxel with nothing left but rounding becomes constant, and NaN in maps. A voxel with NaN stays unusable.
    Slow responses go with the drift: keep `period` well above the time between events. Thunder's `detrend` kept the
    intercept at the first frame where this keeps the mean.

    References
    ----------
    Friston et al. 1995, NeuroImage 2:45 (cosine set); `scipy.signal.detrend` (order 1).
    """

    title: ClassVar[str] = "Detrend"
    summary: ClassVar[str] = "Take slow drift out of each voxel"

    method: str = parameter(
        "polynomial", help="Shape of the drift: a polynomial, or slow cosines", choices=("polynomial", "cosine")
    )
    order: int = parameter(1, help="Order of the polynomial", minimum=1, maximum=10)
    period: float = parameter(100.0, help="Cosines take out what is slower than this", unit="s", minimum=1e-6)
    keep_mean: bool = parameter(True, help="Keep the mean of each voxel, as ΔF/F needs it")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        drift = self._cosines(context) if self.method == "cosine" else self._powers(context)
        context.need_frames(drift.shape[1] + 2, f"detrending by {drift.shape[1]} {self.method} terms")
        drift = drift[context.keep]
        return partial(_detrend, basis=orthonormal(drift - drift.mean(axis=0)), keep_mean=self.keep_mean)

    def _powers(self, context: Context) -> Values:
        times = np.arange(context.n_frames) if context.frame_times is None else context.frame_times
        span = max(float(times[-1] - times[0]), 1e-300)
        scaled = 2 * (times - times[0]) / span - 1
        return np.polynomial.legendre.legvander(scaled, self.order)[:, 1:]

    def _cosines(self, context: Context) -> Values:
        context.need_frames(2, "detrending")
        times = context.need_frame_times("detrending by cosines")
        interval = float(np.median(np.diff(times)))
        duration = float(times[-1] - times[0]) + interval
        count = int(2 * duration / self.period + 1e-9)
        if count == 0:
            raise AnalysisError(
                f"{context.name}: the recording lasts {duration:g} s, so no cosine is slower than "
                f"period={self.period:g} s. Give a period below {2 * duration:g} s, or method='polynomial'."
            )
        place = (times - times[0] + interval / 2) / duration
        return np.cos(np.pi * np.outer(place, np.arange(1, count + 1)))


def _detrend(series: Series, basis: Values, keep_mean: bool) -> Series:
    mean, before, _ = centre(series)
    with np.errstate(all="ignore"):
        series -= basis @ (basis.T @ series)
        rounding = len(series) * np.finfo(np.float64).eps
        series[:, sum_of_squares(series) <= rounding**2 * (before + len(series) * mean**2)] = 0
        if keep_mean:
            series += mean
    return series

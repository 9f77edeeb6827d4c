"""What is done to the series before an analysis: take out drift, express as ΔF/F, standardise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.preprocessing.rolling import RollingPercentile, percentile
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


@dataclass(frozen=True, slots=True)
class DeltaFOverF:
    """Express each voxel as ΔF/F = (F − F0) / max(F0 + offset, floor), F0 its baseline.

    Parameters
    ----------
    baseline
        `percentile`: one F0 for the whole recording, the `percentile` over time, interpolated between values.
        `mean`: one F0, the mean over time. `rolling`: the `percentile` over a window of `window` s around each frame.
    percentile
        0 to 100.
    window
        In s, for `rolling`. The window of a frame at time τ holds the kept frames from τ − window/2 to τ + window/2; at
        the ends of the recording it is cut off, not mirrored, and percentiles are interpolated among what is left.
    offset
        Added to F0 in the denominator only, in units of F. Thunder added 0.1.
    floor
        Least denominator, in units of F, such as the noise; 0 for none.

    Notes
    -----
    A voxel whose denominator is not above 0 (anywhere, for `rolling`) becomes NaN: it has no usable baseline.
    Subtract the camera's offset first, or ΔF/F is too small; at a baseline near 0 it blows up, which `floor` prevents.
    Excluded frames are in no window. Thunder's `window-exact` with an even width w took w + 1 frames, as this does
    with window = w frames; its faster `window` (a rank without interpolation, edge values repeated) is not offered.

    References
    ----------
    Freeman et al. 2014, Nat. Methods 11:941 (percentile 20). Rolling: suite2p takes percentile 8 over 60 s,
    voluseg 10 over 300 s.
    """

    title: ClassVar[str] = "ΔF/F"
    summary: ClassVar[str] = "Express each voxel as change relative to its baseline"

    percentile: float = parameter(
        20.0, help="Percentile over time that is the baseline", unit="%", minimum=0, maximum=100
    )
    baseline: str = parameter(
        "percentile",
        help="One percentile or the mean of the whole recording, or a percentile over a rolling window",
        choices=("percentile", "mean", "rolling"),
    )
    window: float = parameter(60.0, help="Length of the rolling window", unit="s", minimum=1e-6)
    offset: float = parameter(0.0, help="Added to the baseline in the denominator, in units of the movie")
    floor: float = parameter(0.0, help="Least denominator, in units of the movie; 0 for none", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        return partial(_relative_change, baseline=self._baseline(context), offset=self.offset, floor=self.floor)

    def _baseline(self, context: Context) -> Callable[[Series], Values]:
        if self.baseline == "mean":
            return _mean
        if self.baseline == "percentile":
            return partial(percentile, q=self.percentile)
        times = context.need_frame_times("a rolling baseline")[context.keep]
        slack = 1e-6 * self.window
        start = np.searchsorted(times, times - self.window / 2 - slack)
        stop = np.searchsorted(times, times + self.window / 2 + slack, side="right")
        return RollingPercentile(start, stop, self.percentile)


def _mean(series: Series) -> Values:
    mean: Values = series.mean(axis=0)
    return mean


def _relative_change(series: Series, baseline: Callable[[Series], Values], offset: float, floor: float) -> Series:
    with np.errstate(all="ignore"):
        f0 = baseline(series)
        series -= f0
        f0 += offset
        np.maximum(f0, floor, out=f0)
        series /= f0
        unusable = ~(f0 > 0) if f0.ndim == 1 else ~(f0 > 0).all(axis=0)
        if unusable.any():
            series[:, unusable] = np.nan
    return series


@dataclass(frozen=True, slots=True)
class ZScore:
    """Standardise each voxel: (y − mean) / sd over the kept frames, sd with ddof 0 as in `scipy.stats.zscore`.

    Notes
    -----
    Constant voxels become NaN. After it, maps in units of the movie are in standard deviations of each voxel.
    """

    title: ClassVar[str] = "z-score"
    summary: ClassVar[str] = "Give each voxel mean 0 and standard deviation 1"

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        context.need_frames(2, "a z-score")
        return _standardise


def _standardise(series: Series) -> Series:
    centred = centre(series)
    with np.errstate(all="ignore"):
        sd = np.sqrt(centred.sum_squares / len(series))
        sd[~centred.valid] = np.nan
        series /= sd
    return series

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
    keep
        What stays of each voxel's level: its `mean` over the kept frames, so that ΔF/F can follow; its `start`, the
        value of the fitted drift at the first frame of the recording, as in Thunder; or `nothing`: mean 0.

    Notes
    -----
    A voxel with nothing left but rounding becomes constant, and NaN in maps. A voxel with NaN stays unusable.
    Slow responses go with the drift: keep `period` well above the time between events. `start` is right where the
    drift is bleaching, as the level before it is the one that counts; it carries the error of the fit at its end.

    References
    ----------
    Friston et al. 1995, NeuroImage 2:45 (cosine set); `scipy.signal.detrend` (order 1); Thunder `TimeSeries.detrend`.
    """

    title: ClassVar[str] = "Detrend"
    summary: ClassVar[str] = "Take slow drift out of each voxel"

    method: str = parameter(
        "polynomial", help="Shape of the drift: a polynomial, or slow cosines", choices=("polynomial", "cosine")
    )
    order: int = parameter(1, help="Order of the polynomial", minimum=1, maximum=10)
    period: float = parameter(100.0, help="Cosines take out what is slower than this", unit="s", minimum=1e-6)
    keep: str = parameter(
        "mean",
        help="What stays of a voxel's level: its mean, the drift at the start, or nothing",
        choices=("mean", "start", "nothing"),
    )

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        drift = cosines(context, self.period) if self.method == "cosine" else self._powers(context)
        context.need_frames(drift.shape[1] + 2, f"detrending by {drift.shape[1]} {self.method} terms")
        kept = drift[context.keep]
        middle = kept.mean(axis=0)
        basis = orthonormal(kept - middle)
        start = np.linalg.lstsq(kept - middle, basis, rcond=None)[0].T @ (drift[0] - middle)
        return partial(_detrend, basis=basis, level={"mean": 0.0 * start, "start": start, "nothing": None}[self.keep])

    def _powers(self, context: Context) -> Values:
        times = np.arange(context.n_frames) if context.frame_times is None else context.frame_times
        span = max(float(times[-1] - times[0]), 1e-300)
        scaled = 2 * (times - times[0]) / span - 1
        return np.polynomial.legendre.legvander(scaled, self.order)[:, 1:]


def cosines(context: Context, period: float) -> Values:
    """Discrete cosines (t, k) of all frames that are slower than `period` s.

    Raises
    ------
    ThunderError
        If the times of the frames are not known, or the recording is too short for any.
    """
    context.need_frames(2, "detrending")
    times = context.need_frame_times("detrending by cosines")
    interval = float(np.median(np.diff(times)))
    duration = float(times[-1] - times[0]) + interval
    count = int(2 * duration / period + 1e-9)
    if count == 0:
        raise AnalysisError(
            f"{context.name}: the recording lasts {duration:g} s, so no cosine is slower than "
            f"period={period:g} s. Give a period below {2 * duration:g} s, or take out a polynomial instead."
        )
    place = (times - times[0] + interval / 2) / duration
    return np.cos(np.pi * np.outer(place, np.arange(1, count + 1)))


def _detrend(series: Series, basis: Values, level: Values | None) -> Series:
    """Without drift, at the mean plus so much of each column of the basis; at 0 for no level."""
    mean, before, _ = centre(series)
    with np.errstate(all="ignore"):
        drift = basis.T @ series
        series -= basis @ drift
        rounding = len(series) * np.finfo(np.float64).eps
        series[:, sum_of_squares(series) <= rounding**2 * (before + len(series) * mean**2)] = 0
        if level is not None:
            series += mean + level @ drift
    return series

"""Means of many voxels over bins of frames, with their analysis of variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse

from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre, sum_of_squares, upper_p

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_AS_LARGE = 1 - 1e-9
"""A shift counts as giving an F as large as observed from this share of it on, for rounding."""


@dataclass(frozen=True, slots=True)
class Shifts:
    """Circular shifts in frames, of series of so many frames."""

    shifts: Places
    n_frames: int


@dataclass(frozen=True, slots=True)
class BinMeans:
    """Means over bins, the bin where it is largest, and F of the differences.

    Parameters
    ----------
    indicator
        (used bins, t) 1 where a frame is in a bin.
    used
        Their numbers among all bins.
    shape
        Bins of each signal.
    places
        (signals, used bins) value of each signal there.
    shifts
        For p by circular shifts, or None.
    """

    indicator: sparse.csr_array
    used: Places
    shape: tuple[int, ...]
    places: Values
    shifts: Shifts | None

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        level, _, valid = centre(series)
        level[~valid] = np.nan
        count = self.indicator.sum(axis=1)
        with np.errstate(all="ignore"):
            sums = self.indicator @ series
            means = sums / count[:, None]
            between, within = self._squares(series, sums, means)
            f = self._f(between, within)
            answer = {"tuning": self._laid_out(means + level), "preferred": self.places[:, means.argmax(axis=0)]}
            answer["preferred"][:, ~valid] = np.nan
            dof = len(count) - 1, int(count.sum()) - len(count)
            f[~valid] = np.nan
            answer |= {"f_statistic": f, "p": upper_p(f, *dof), "r_squared": between / (between + within)}
            answer["r_squared"][~valid] = np.nan
            if self.shifts is not None:
                answer["p_shift"] = self._p_shift(series, f, self.shifts)
        return answer

    def _squares(self, series: Series, sums: Values, means: Values) -> tuple[Values, Values]:
        """Sums of squares (voxels,) between bins and within, over the frames in them."""
        count = self.indicator.sum(axis=1)
        frames = np.flatnonzero(self.indicator.sum(axis=0))
        grand = sums.sum(axis=0) / count.sum()
        off = means - grand
        between = np.einsum("bv,b,bv->v", off, count, off)
        chosen = series if len(frames) == len(series) else series[frames]
        total = sum_of_squares(chosen) - count.sum() * grand**2
        within = total - between
        within[within <= len(series) * np.finfo(np.float64).eps * total] = 0
        return between, within

    def _f(self, between: Values, within: Values) -> Values:
        count = self.indicator.sum(axis=1)
        error = within / (count.sum() - len(count))
        f: Values = between / (len(count) - 1) / np.where(error > 0, error, np.nan)
        return f

    def _laid_out(self, means: Values) -> Values:
        """Means (used bins, voxels) at all bins (*shape, voxels), NaN where there are too few frames."""
        full = np.full((int(np.prod(self.shape)), means.shape[1]), np.nan)
        full[self.used] = means
        return full.reshape(*self.shape, -1)

    def _p_shift(self, series: Series, f: Values, shifts: Shifts) -> Values:
        """From F at all circular shifts at once: sums over bins are correlations, by Fourier transforms over time."""
        n = shifts.n_frames
        columns = np.ascontiguousarray(series.T)
        spectrum = fft.rfft(columns, axis=1)
        count = self.indicator.sum(axis=1)
        explained = np.zeros((len(columns), len(shifts.shifts)))
        for row, in_bin in enumerate(self.indicator.toarray()):
            sums = fft.irfft(spectrum * np.conj(fft.rfft(in_bin)), n, axis=1)[:, shifts.shifts]
            explained += sums**2 / count[row]
        in_any = self.indicator.sum(axis=0)
        if in_any.min() == 1:
            total = sum_of_squares(series)[:, None]
        else:
            mask = np.conj(fft.rfft(in_any))
            grand = fft.irfft(spectrum * mask, n, axis=1)[:, shifts.shifts]
            squares = fft.irfft(fft.rfft(columns**2, axis=1) * mask, n, axis=1)[:, shifts.shifts]
            explained -= grand**2 / count.sum()
            total = squares - grand**2 / count.sum()
        shifted = self._f(explained, total - explained)
        p = (1 + (shifted >= _AS_LARGE * f[:, None]).sum(axis=1)) / (1 + len(shifts.shifts))
        return np.where(np.isfinite(f), p, np.nan)

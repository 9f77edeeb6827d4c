"""What is found at a voxel against what is found at it with the design shifted in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.regression.least_squares import LeastSquares, prepare
from napari_thunder.analysis.regression.shifts import ShiftedDesigns
from napari_thunder.analysis.statistics import sum_of_squares

Values = NDArray[np.float64]

_VALUES_AT_ONCE = 2**19


@dataclass(frozen=True, slots=True)
class ChanceStatistics:
    """t² of each line and F of each plane, times constants, at many voxels and all shifts.

    Correlations of series and regressors at all shifts come from Fourier transforms, at the cost of a few shifts.

    Parameters
    ----------
    designs
        At each shift.
    intercept
        Whether series are centred first.
    """

    designs: ShiftedDesigns
    intercept: bool

    def of(self, series: Series) -> Values:
        """(rows, shifts, voxels) of few series (t, voxels) that are prepared and finite: lines first, then planes."""
        designs = self.designs
        left = series - designs.beside.T @ (designs.beside @ series)
        products = designs.rows @ self._correlated(left)
        n_scores, n_lines = designs.n_scores, designs.n_lines
        products *= products
        residual = sum_of_squares(left) - np.einsum("krv->kv", products[:, :n_scores])
        explained = products[:, n_scores : n_scores + n_lines]
        if len(designs.starts):
            planes = np.add.reduceat(products[:, n_scores + n_lines :], designs.starts, axis=1)
            explained = np.concatenate([explained, planes / designs.ranks], axis=1)
        explained *= (designs.dof / residual)[:, None]
        return np.swapaxes(explained, 0, 1)

    def _correlated(self, left: Series) -> Values:
        """(shifts, p, voxels) Σ x(t − lag) y(t) over the kept frames."""
        designs = self.designs
        n_frames, n_regressors = designs.regressors.shape
        whole = left
        if len(designs.frames) < n_frames:
            whole = np.zeros((n_frames, left.shape[1]))
            whole[designs.frames] = left
        spectrum = fft.rfft(whole, axis=0)
        found = np.empty((len(designs.lags), n_regressors, left.shape[1]))
        for k, own in enumerate(fft.rfft(designs.regressors, axis=0).T):
            found[:, k] = fft.irfft(own.conj()[:, None] * spectrum, n_frames, axis=0)[designs.lags]
        return found

    def voxels_at_once(self) -> int:
        """So many that what is made of them fits a processor's cache."""
        return int(max(1, _VALUES_AT_ONCE // (len(self.designs.lags) * self.designs.rows.shape[1])))


@dataclass(frozen=True, slots=True)
class LargestByChance:
    """A share of the largest statistics over the brain: (rows, shifts) of series (t, voxels)."""

    chance: ChanceStatistics

    def __call__(self, series: Series) -> Answer:
        _, valid = prepare(series, self.chance.intercept)
        designs = self.chance.designs
        largest = np.zeros((designs.n_lines + len(designs.starts), len(designs.lags)))
        usable, step = np.flatnonzero(valid), self.chance.voxels_at_once()
        with np.errstate(all="ignore"):
            for start in range(0, len(usable), step):
                found = self.chance.of(series[:, usable[start : start + step]])
                np.maximum(largest, np.nan_to_num(found, posinf=0).max(axis=2), out=largest)
        return {"largest": largest}


def larger(a: Answer, b: Answer) -> Answer:
    """The larger of two answers, value by value; in place of the first where that may be written to."""
    return {name: np.maximum(a[name], b[name], out=a[name] if a[name].flags.writeable else None) for name in a}


@dataclass(frozen=True, slots=True)
class CircularShift:
    """The fit of a design at many voxels, with p from the same design at many shifts.

    Parameters
    ----------
    ordinary
        The fit at shift 0.
    chance
        What is found at the other shifts.
    largest
        (rows, shifts) the largest statistics over the brain at each shift, rising along shifts; None where they are
        not wanted.
    """

    ordinary: LeastSquares
    chance: ChanceStatistics
    largest: Values | None = None

    def __call__(self, series: Series) -> Answer:
        """As `LeastSquares`, with `p` (n, voxels) and `p_of_f`, and, if wanted, `p_fwer` and `p_fwer_of_f`."""
        total, valid = prepare(series, self.ordinary.intercept)
        with np.errstate(all="ignore"):
            scores = self.ordinary.basis @ series
            if not valid.all():
                scores[:, ~valid] = np.nan
            answer = self.ordinary.from_scores(scores, total, len(series))
            t = answer["t"]
            found = np.concatenate([t * t, answer.get("f", t[:0])])
            answer |= self._split("p", self._p(series, found), len(t))
            if self.largest is not None:
                answer |= self._split("p_fwer", self._p_of_largest(found, self.largest), len(t))
        return answer

    def _split(self, name: str, values: Values, n_lines: int) -> Answer:
        return {name: values[:n_lines], f"{name}_of_f": values[n_lines:]}

    def _p(self, series: Series, found: Values) -> Values:
        """(1 + shifts with a statistic this large) / (1 + shifts), of each row and voxel."""
        p = np.full(found.shape, np.nan)
        usable, step = np.flatnonzero(np.isfinite(found).all(axis=0)), self.chance.voxels_at_once()
        for start in range(0, len(usable), step):
            part = usable[start : start + step]
            as_large = self.chance.of(series[:, part]) >= found[:, None, part]
            p[:, part] = 1 + np.count_nonzero(as_large, axis=1)
        return p / (1 + len(self.chance.designs.lags))

    def _p_of_largest(self, found: Values, largest: Values) -> Values:
        n = largest.shape[1]
        above = np.stack([n - np.searchsorted(row, values) for row, values in zip(largest, found, strict=True)])
        return np.where(np.isfinite(found), (1 + above) / (1 + n), np.nan)

"""What is found at a voxel against what is found at it with the design shifted in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.regression.cluster_chance import numbers_above
from napari_thunder.analysis.regression.least_squares import LeastSquares, prepare
from napari_thunder.analysis.regression.shifts import ShiftedDesigns
from napari_thunder.analysis.statistics import count_true, sum_of_squares

Values = NDArray[np.float64]

_VALUES_AT_ONCE = 2**18
_LEAST_VOXELS = 16
"""Fewer would leave a processor's wide registers empty."""


@dataclass(frozen=True, slots=True)
class _Room:
    """Memory that is used again and again, as fresh memory would cost more than what is computed in it."""

    products: Values
    explained: Values

    def of(self, n_voxels: int) -> tuple[Values, Values]:
        """Of so many voxels, without gaps."""
        p, e = (room.ravel()[: room.size // room.shape[-1] * n_voxels] for room in (self.products, self.explained))
        return p.reshape(*self.products.shape[:-1], n_voxels), e.reshape(*self.explained.shape[:-1], n_voxels)


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
    signed
        Whether lines have the sign of the effect.
    """

    designs: ShiftedDesigns
    intercept: bool
    signed: bool = False

    def of(self, series: Series) -> Iterator[tuple[slice, Values]]:
        """Yield few voxels at a time of series (t, voxels) that are prepared and finite: which, and (rows, shifts,
        voxels), lines first, then planes. What is yielded is overwritten by the next."""
        step = self._voxels_at_once()
        room = self._room(min(step, series.shape[1]))
        for start in range(0, series.shape[1], step):
            span = slice(start, min(start + step, series.shape[1]))
            yield span, self._of_few(series[:, span], room)

    def _of_few(self, series: Series, room: _Room) -> Values:
        designs = self.designs
        left = series - designs.beside.T @ (designs.beside @ series)
        products, explained = room.of(left.shape[1])
        self._correlate(left, products)
        scores = products[:, designs.places]
        if len(designs.rows) == 1:
            lines = designs.rows[0, designs.n_scores :]
            np.matmul(lines, scores.reshape(len(scores), -1), out=explained.reshape(len(lines), -1))
        else:
            each = designs.rows @ np.swapaxes(scores, 0, 1)
            scores = np.swapaxes(each[:, : designs.n_scores], 0, 1)
            explained[:] = np.swapaxes(each[:, designs.n_scores :], 0, 1)
        residual = sum_of_squares(left) - np.einsum("ksv,ksv->sv", scores, scores)
        below_0 = np.signbit(explained[: designs.n_lines]) if self.signed else None
        explained *= explained
        if len(designs.starts):
            by_plane = np.add.reduceat(explained[designs.n_lines :], designs.starts, axis=0)
            explained = np.concatenate([explained[: designs.n_lines], by_plane / designs.ranks[:, :, None]])
        explained *= np.divide(designs.dof, residual, out=residual)
        if below_0 is not None:
            np.negative(explained[: designs.n_lines], out=explained[: designs.n_lines], where=below_0)
        return explained

    def _correlate(self, left: Series, found: Values) -> None:
        """Write (p, n_frames, voxels) Σ x(t − lag) y(t) over the kept frames."""
        designs = self.designs
        n_frames = found.shape[1]
        whole = left
        if len(designs.frames) < n_frames:
            whole = np.zeros((n_frames, left.shape[1]))
            whole[designs.frames] = left
        spectrum = fft.rfft(whole, axis=0)
        for k, own in enumerate(designs.spectra):
            found[k] = fft.irfft(own[:, None] * spectrum, n_frames, axis=0, overwrite_x=True)

    def _room(self, n_voxels: int) -> _Room:
        designs = self.designs
        n_rows = designs.rows.shape[1] - designs.n_scores
        each = (designs.n_scores, len(designs.regressors)), (n_rows, len(designs.lags))
        return _Room(*(np.empty((*shape, n_voxels)) for shape in each))

    def _voxels_at_once(self) -> int:
        """So many that what is made of them nearly fits a processor's cache."""
        each = len(self.designs.regressors) * self.designs.rows.shape[1]
        return int(max(_LEAST_VOXELS, _VALUES_AT_ONCE // each))


@dataclass(frozen=True, slots=True)
class LargestByChance:
    """A share of the largest statistics over the brain: (rows, shifts) of series (t, voxels)."""

    chance: ChanceStatistics

    def __call__(self, series: Series) -> Answer:
        _, valid = prepare(series, self.chance.intercept)
        designs = self.chance.designs
        largest = np.zeros((designs.n_lines + len(designs.starts), len(designs.lags)))
        with np.errstate(all="ignore"):
            for _, found in self.chance.of(series if valid.all() else series[:, valid]):
                found[~np.isfinite(found)] = 0
                np.maximum(largest, found.max(axis=2), out=largest)
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
    n_above
        Of how many shifts, the most unlikely ones of each line and voxel, the numbers are wanted.
    """

    ordinary: LeastSquares
    chance: ChanceStatistics
    largest: Values | None = None
    n_above: int = 0

    def __call__(self, series: Series) -> Answer:
        """As `LeastSquares`, with `p` (n, voxels) and `p_of_f`, and, if wanted, `p_fwer`, `p_fwer_of_f` and `above`
        (n, n_above, voxels), by `numbers_above`."""
        total, valid = prepare(series, self.ordinary.intercept)
        with np.errstate(all="ignore"):
            scores = self.ordinary.basis @ series
            if not valid.all():
                scores[:, ~valid] = np.nan
            answer = self.ordinary.from_scores(scores, total, len(series))
            t = answer["t"]
            found = np.concatenate([t * t, answer.get("f", t[:0])])
            above = np.full((len(t), self.n_above, t.shape[1]), np.nan)
            answer |= self._split("p", self._p(series, found, above), len(t))
            answer |= {"above": above} if self.n_above else {}
            if self.largest is not None:
                answer |= self._split("p_fwer", self._p_of_largest(found, self.largest), len(t))
        return answer

    def _split(self, name: str, values: Values, n_lines: int) -> Answer:
        return {name: values[:n_lines], f"{name}_of_f": values[n_lines:]}

    def _p(self, series: Series, found: Values, above: Values) -> Values:
        """(1 + shifts with a statistic this large) / (1 + shifts), of each row and voxel; writes the numbers above."""
        p = np.full(found.shape, np.nan)
        usable = np.isfinite(found).all(axis=0)
        all_usable = bool(usable.all())
        columns = np.flatnonzero(usable)
        for span, chance in self.chance.of(series if all_usable else series[:, usable]):
            part = columns[span]
            if self.n_above:
                lines = chance[: len(above)]
                above[..., part] = numbers_above(lines, found[: len(above), part], self.n_above)
                np.abs(lines, out=lines)
            p[:, part] = 1 + count_true(chance >= found[:, None, part], axis=1)
        return p / (1 + len(self.chance.designs.lags))

    def _p_of_largest(self, found: Values, largest: Values) -> Values:
        n = largest.shape[1]
        above = np.stack([n - np.searchsorted(row, values) for row, values in zip(largest, found, strict=True)])
        return np.where(np.isfinite(found), (1 + above) / (1 + n), np.nan)

"""Least squares where noise remembers: AR(1) prewhitening of each voxel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.regression.least_squares import Asked, Basis, LeastSquares, least_squares, prepare
from napari_thunder.analysis.statistics import sum_of_squares

Values = NDArray[np.float64]
Places = NDArray[np.intp]

STEP = 0.01
"""Autocorrelations are rounded to this, so that few designs need whitening."""

_LARGEST = 99
_BINS = np.arange(-_LARGEST, _LARGEST + 1) * STEP


@dataclass(frozen=True, slots=True)
class Autoregressive:
    """The generalised least squares fit of one design at many voxels, with noise e(t) = ρ e(t − 1) + white noise.

    The precision of such noise is I (1 + ρ²) − ρ A − ρ² E, where A joins neighbouring frames and E holds the ends of
    stretches without excluded frames; so all that depends on ρ comes from products that do not.

    Parameters
    ----------
    ordinary
        The fit by ordinary least squares: R², and what planes explain, are its.
    basis
        (2 b, t): the design's basis with the constant, and the same times A.
    ends
        Frames where a stretch starts or ends.
    end_weights
        (ends,) diagonal of E: 1, or 2 for a frame alone.
    end_basis
        (b, ends) the basis times E there.
    joined
        (t − 1,) 1.0 where a frame and the next are neighbours.
    basis_joined
        (b, b) basis A basis'.
    inverses
        (ρ, b, b) inverse of the whitened Gram matrix.
    lines
        (n, b) from whitened scores to estimates.
    sizes
        (ρ, n) standard error of each in units of the innovations' sd.
    planes
        (q, b) of each plane.
    plane_inverses
        (ρ, q, q) inverse of the covariance of its estimates.
    """

    ordinary: LeastSquares
    basis: Values
    ends: Places
    end_weights: Values
    end_basis: Values
    joined: Values
    basis_joined: Values
    inverses: Values
    lines: Values
    sizes: Values
    planes: tuple[Values, ...]
    plane_inverses: tuple[Values, ...]

    def __call__(self, series: Series) -> Answer:
        """As `LeastSquares`, with `rho` (voxels,) beside it."""
        total, valid = prepare(series, self.ordinary.intercept)
        with np.errstate(all="ignore"):
            products = self.basis @ series
            if not valid.all():
                products[:, ~valid] = np.nan
            once, joined = np.split(products, 2)
            ordinary = self.ordinary.from_scores(once[: len(self.ordinary.basis)], total, len(series))
            pairs = self._pairs(series)
            rho = self._autocorrelation(once, joined, pairs, total)
            at_ends = series[self.ends]
            found = self._whitened(rho, once, joined, total, pairs, at_ends)
            return ordinary | found | {"rho": np.where(valid, _BINS[rho], np.nan)}

    def _pairs(self, series: Series) -> Values:
        """(voxels,) Σ y(t) y(t + 1) over neighbouring frames."""
        pairs: Values = np.einsum("tv,tv->v", series[:-1], series[1:])
        for gap in np.flatnonzero(self.joined == 0):
            pairs -= series[gap] * series[gap + 1]
        return pairs

    def _autocorrelation(self, once: Values, joined: Values, pairs: Values, total: Values) -> Places:
        """(voxels,) numbers of bins: Yule & Walker's Σ e(t) e(t + 1) / Σ e(t)² of the residuals, rounded."""
        neighbours = 2 * pairs - 2 * np.einsum("bv,bv->v", once, joined)
        neighbours += np.einsum("bv,bv->v", once, self.basis_joined @ once)
        residual = total - sum_of_squares(once)
        rho = np.nan_to_num(neighbours / 2 / residual, posinf=0, neginf=0)
        bins: Places = np.rint(np.clip(rho / STEP, -_LARGEST, _LARGEST)).astype(np.intp) + _LARGEST
        return bins

    def _whitened(
        self, bins: Places, once: Values, joined: Values, total: Values, pairs: Values, at_ends: Values
    ) -> Answer:
        rho = _BINS[bins]
        scores = (1 + rho**2) * once - rho * joined - rho**2 * (self.end_basis @ at_ends)
        squares = (1 + rho**2) * total - 2 * rho * pairs - rho**2 * (self.end_weights @ at_ends**2)
        weights = np.matmul(self.inverses[bins], scores.T[:, :, None])[:, :, 0].T
        residual = squares - np.einsum("bv,bv->v", scores, weights)
        residual[residual <= len(self.joined) * np.finfo(np.float64).eps * squares] = np.nan
        variance = residual / self.ordinary.dof
        estimate = self.lines @ weights
        answer = {"estimate": estimate, "t": estimate / np.sqrt(variance) / self.sizes[bins].T}
        if self.planes:
            f = [self._f(k, bins, weights) for k in range(len(self.planes))]
            answer["f"] = np.stack(f) / variance
        return answer

    def _f(self, k: int, bins: Places, weights: Values) -> Values:
        values = self.planes[k] @ weights
        f: Values = np.einsum("qv,vqr,rv->v", values, self.plane_inverses[k][bins], values) / len(values)
        return f


def autoregressive(design: Design, asked: Asked) -> Autoregressive:
    """The fit of a checked design, with all whitened designs made beforehand."""
    ordinary, basis = least_squares(design, asked), Basis.of(design)
    n_frames = len(design.values)
    frames = np.arange(n_frames) if design.keep is None else np.flatnonzero(design.keep)
    joined = (np.diff(frames) == 1).astype(np.float64)
    neighbours = np.append(joined, 0) + np.insert(joined, 0, 0)
    ends = np.flatnonzero(neighbours < 2)
    constant = np.full((int(design.intercept), n_frames), 1 / np.sqrt(n_frames))
    rows = np.concatenate([basis.rows, constant])
    rows_joined = np.zeros_like(rows)
    rows_joined[:, :-1] += joined * rows[:, 1:]
    rows_joined[:, 1:] += joined * rows[:, :-1]
    end_weights = 2 - neighbours[ends]
    end_basis = rows[:, ends] * end_weights
    between = rows_joined @ rows.T
    at_ends = end_basis @ rows[:, ends].T
    rho = _BINS[:, None, None]
    inverses = np.linalg.inv((1 + rho**2) * np.eye(len(rows)) - rho * between - rho**2 * at_ends)
    beside = np.zeros((len(basis.rows), len(constant)))
    to_weights = np.concatenate([basis.to_weights, beside], axis=1)
    lines = asked.lines @ to_weights
    planes = tuple(plane @ to_weights for plane in asked.planes[: asked.n_tested])
    return Autoregressive(
        ordinary,
        np.concatenate([rows, rows_joined]),
        ends,
        end_weights,
        end_basis,
        joined,
        between,
        inverses,
        lines,
        np.sqrt(np.einsum("nb,rbc,nc->rn", lines, inverses, lines)),
        planes,
        tuple(np.linalg.inv(plane @ inverses @ plane.T) for plane in planes),
    )

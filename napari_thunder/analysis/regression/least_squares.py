"""Ordinary least squares of many voxels on one design: two products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre, sum_of_squares, varies

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the weights of a design.

    Parameters
    ----------
    lines
        (n, p) combinations of weights, each of which is estimated and tested by t.
    planes
        (q, p) several combinations, of which is asked what they explain together.
    n_tested
        How many of the first planes are tested by F.
    """

    lines: Values
    planes: tuple[Values, ...] = ()
    n_tested: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """A design as an orthonormal basis: scores = rows @ series hold all there is to know of the weights.

    Parameters
    ----------
    rows
        (p, t) Q' of the (centred) design.
    to_weights
        (p, p) R⁻¹: weights of the design's columns from scores.
    """

    rows: Values
    to_weights: Values

    @classmethod
    def of(cls, design: Design) -> Basis:
        """Of a checked design."""
        q, r = np.linalg.qr(design.centred)
        return cls(np.ascontiguousarray(q.T), solve_triangular(r, np.eye(len(r))))


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """The fit of one design at many voxels.

    Parameters
    ----------
    basis
        (p, t) rows of the design's basis.
    lines
        (n, p) from scores to estimates.
    sizes
        (n,) standard error of each estimate in units of the residual sd.
    planes
        (Σ q, p) orthonormal rows, the planes below each other.
    starts
        Where each plane starts.
    ranks
        (tested, 1) q of each plane that is tested.
    dof
        Degrees of freedom that are left.
    intercept
        Whether series are centred first.
    """

    basis: Values
    lines: Values
    sizes: Values
    planes: Values
    starts: NDArray[np.intp]
    ranks: Values
    dof: int
    intercept: bool

    def __call__(self, series: Series) -> Answer:
        """Of series (t, voxels), which are overwritten: `estimate` and `t` (n, voxels), `r_squared` (voxels,),
        `f` of the planes that are tested, and `explained`, the share of variance that each plane alone explains."""
        total, valid = prepare(series, self.intercept)
        with np.errstate(all="ignore"):
            scores = self.basis @ series
            if not valid.all():
                scores[:, ~valid] = np.nan
            return self.from_scores(scores, total, len(series))

    def from_scores(self, scores: Values, total: Values, n_frames: int) -> Answer:
        """The same from scores (p, voxels) and the sum of squares (voxels,) of the series."""
        residual = total - sum_of_squares(scores)
        residual[residual <= n_frames * np.finfo(np.float64).eps * total] = 0
        variance = np.where(residual > 0, residual / self.dof, np.nan)
        estimate = self.lines @ scores
        t = estimate / np.sqrt(variance)
        t /= self.sizes[:, None]
        answer = {"estimate": estimate, "t": t, "r_squared": 1 - residual / total}
        if len(self.starts):
            squares = self.planes @ scores
            squares *= squares
            squares = np.add.reduceat(squares, self.starts, axis=0)
            answer |= {"f": squares[: len(self.ranks)] / self.ranks / variance, "explained": squares / total}
        return answer


def least_squares(design: Design, asked: Asked) -> LeastSquares:
    """The fit of a checked design."""
    basis = Basis.of(design)
    lines = asked.lines @ basis.to_weights
    planes = [orthonormal_rows(plane @ basis.to_weights) for plane in asked.planes]
    return LeastSquares(
        basis.rows,
        lines,
        np.linalg.norm(lines, axis=1),
        np.concatenate([*planes, np.empty((0, len(basis.rows)))]),
        starts_of(planes),
        np.array([float(len(plane)) for plane in planes[: asked.n_tested]])[:, None],
        design.dof,
        design.intercept,
    )


def starts_of(planes: Sequence[Values]) -> NDArray[np.intp]:
    """Where each of several arrays starts if they are put below each other."""
    ends = np.cumsum([0, *map(len, planes)])
    return ends[:-1].astype(np.intp)


def prepare(series: Series, intercept: bool) -> tuple[Values, NDArray[np.bool_]]:
    """Centre series in place, if there is an intercept; their sums of squares, and which can be analysed."""
    if intercept:
        _, total, valid = centre(series)
        return total, valid
    valid = varies(series)
    with np.errstate(all="ignore"):
        return sum_of_squares(series), valid


def orthonormal_rows(rows: Values) -> Values:
    """Rows (q, p) that span the same as these, which are independent."""
    scaled = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(np.linalg.qr(scaled.T)[0].T)

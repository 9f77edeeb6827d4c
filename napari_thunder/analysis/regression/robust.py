"""Least squares whose errors hold for noise of any memory up to a length: Newey & West's covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.regression.least_squares import Asked, Basis, LeastSquares, least_squares, prepare
from napari_thunder.analysis.statistics import sum_of_squares, upper_p
from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_VALUES_AT_ONCE = 2**15


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of L + 1 frames that start at every frame, those that reach over an end included.

    Sums over all stretches of the square of Σ u(t), over L + 1, are Σ w(|t − s|) u(t) u(s) with Bartlett's weights
    w(l) = 1 − l / (L + 1).

    Parameters
    ----------
    first, last
        (windows,) of the kept frames, those of each stretch: from the first to before the last.
    scale
        What sums of squares are multiplied by.
    """

    first: Places
    last: Places
    scale: float

    def sums(self, values: Values) -> Values:
        """(windows, voxels) of (t, voxels), which are overwritten."""
        running = np.zeros((len(values) + 1, values.shape[1]))
        np.cumsum(values, axis=0, out=running[1:])
        sums: Values = running[self.last]
        sums -= running[self.first]
        return sums


@dataclass(frozen=True, slots=True)
class Robust:
    """The ordinary least squares fit of one design at many voxels, with Newey & West's errors.

    Parameters
    ----------
    ordinary
        The fit.
    lines
        (n, t) from series to estimates.
    planes
        (q, t) likewise, of each plane that is tested.
    windows
        Of frames that may remember each other.
    dof
        As many as the errors are worth.
    """

    ordinary: LeastSquares
    lines: Values
    planes: tuple[Values, ...]
    windows: Windows
    dof: int

    def __call__(self, series: Series) -> Answer:
        """As `LeastSquares`, with `p_of_f` and `ordinary_t` (n, voxels) beside it."""
        total, valid = prepare(series, self.ordinary.intercept)
        with np.errstate(all="ignore"):
            scores = self.ordinary.basis @ series
            if not valid.all():
                scores[:, ~valid] = np.nan
            answer = self.ordinary.from_scores(scores, total, len(series))
            answer["ordinary_t"] = answer["t"]
            answer["t"] = np.empty_like(answer["t"])
            step = max(16, _VALUES_AT_ONCE // len(series))
            for start in range(0, series.shape[1], step):
                span = slice(start, start + step)
                left = series[:, span] - self.ordinary.basis.T @ scores[:, span]
                answer["t"][:, span] = answer["estimate"][:, span] / self._errors(left)
                for k, plane in enumerate(self.planes):
                    answer["f"][k, span] = self._f(plane, plane @ series[:, span], left)
            answer["t"][np.isnan(answer["ordinary_t"])] = np.nan
            if self.planes:
                answer["p_of_f"] = np.stack([self._p(f, len(p)) for f, p in zip(answer["f"], self.planes, strict=True)])
            return answer

    def _errors(self, left: Values) -> Values:
        """(n, voxels) standard errors, of residuals (t, voxels)."""
        squares = [sum_of_squares(self.windows.sums(line[:, None] * left)) for line in self.lines]
        return np.sqrt(self.windows.scale * np.stack(squares))

    def _f(self, plane: Values, estimates: Values, left: Values) -> Values:
        sums = np.stack([self.windows.sums(row[:, None] * left) for row in plane])
        covariance = self.windows.scale * np.einsum("qwv,rwv->vqr", sums, sums)
        singular = ~np.isfinite(covariance).all(axis=(1, 2)) | (np.linalg.det(covariance) <= 0)
        covariance[singular] = np.eye(len(plane))
        solved = np.linalg.solve(covariance, estimates.T[:, :, None])[:, :, 0]
        f: Values = np.einsum("qv,vq->v", estimates, solved) / len(plane)
        return np.where(singular, np.nan, f)

    def _p(self, f: Values, rank: int) -> Values:
        """By Hotelling's distribution, as the covariance of a plane is estimated too."""
        left = self.dof - rank + 1
        return upper_p(f * left / self.dof, rank, left)


def robust(design: Design, asked: Asked, memory: int, where: str) -> Robust:
    """The fit of a checked design, for noise that remembers so many frames.

    Raises
    ------
    AnalysisError
        If memory is half of the recording or longer, or a contrast has more rows than the errors are worth.
    """
    n_kept = len(design.values)
    frames = np.arange(n_kept) if design.keep is None else np.flatnonzero(design.keep)
    n_frames = int(frames[-1] - frames[0]) + 1
    if 2 * (memory + 1) > n_frames:
        raise AnalysisError(
            f"{where}: noise that remembers {memory} frames cannot be told from {n_frames} frames; half of them is the "
            "most. Give a shorter noise_memory."
        )
    share = (memory + 1) / n_frames
    dof = int(min(design.dof, max(1, round(1.5 / share))))
    most = max((len(plane) for plane in asked.planes[: asked.n_tested]), default=0)
    if most > dof:
        raise AnalysisError(
            f"{where}: a contrast asks of {most} combinations at once, but with noise_memory of {memory} frames the "
            f"errors are worth {dof} degrees of freedom. Give a shorter noise_memory."
        )
    basis = Basis.of(design)
    start = np.arange(frames[0] - memory, frames[-1] + 1)
    first, last = np.searchsorted(frames, start), np.searchsorted(frames, start + memory, side="right")
    scale = n_kept / design.dof / (memory + 1) / (1 - share + share**2 / 3 if memory else 1)
    to_series = basis.to_weights @ basis.rows
    return Robust(
        least_squares(design, asked),
        np.ascontiguousarray(asked.lines @ to_series),
        tuple(plane @ to_series for plane in asked.planes[: asked.n_tested]),
        Windows(first.astype(np.intp), last.astype(np.intp), float(scale)),
        dof,
    )

"""Least squares whose errors hold for noise of any memory up to a length: Newey & West's covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.regression.least_squares import Asked, Basis, LeastSquares, least_squares, prepare
from napari_thunder.analysis.statistics import upper_p
from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]
Places = NDArray[np.intp]

_VALUES_AT_ONCE = 2**15
_LEAST_VOXELS = 16


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of `length` frames that start at every frame, those that reach over an end included.

    Sums over all stretches of the square of Σ u(t), over the length L + 1, are Σ w(|t − s|) u(t) u(s) with Bartlett's
    weights w(l) = 1 − l / (L + 1).

    Parameters
    ----------
    frames
        (t,) the kept frames, from 0; the others count as 0.
    length
        Of a stretch.
    scale
        What sums of squares are multiplied by.
    """

    frames: Places
    length: int
    scale: float

    @property
    def n_frames(self) -> int:
        """From the first kept one to the last."""
        return int(self.frames[-1]) + 1

    def in_time(self, left: Values) -> Values:
        """(voxels, n_frames) of residuals (t, voxels) of the kept frames."""
        if len(left) == self.n_frames:
            return np.ascontiguousarray(left.T)
        whole = np.zeros((left.shape[1], self.n_frames))
        whole[:, self.frames] = left.T
        return whole

    def sums(self, line: Values, left: Values, room: Room) -> Values:
        """(voxels, stretches) Σ u(t), u = line (n_frames,) · left (voxels, n_frames); overwritten by the next."""
        n, length, running, sums = self.n_frames, self.length, room.running, room.sums
        np.multiply(line, left, out=running[:, 1:])
        np.cumsum(running[:, 1:], axis=1, out=running[:, 1:])
        sums[:, : length - 1] = running[:, 1:length]
        np.subtract(running[:, length:], running[:, : n + 1 - length], out=sums[:, length - 1 : n])
        np.subtract(running[:, n:], running[:, n + 1 - length : n], out=sums[:, n:])
        return sums


@dataclass(frozen=True, slots=True)
class Room:
    """Memory that is used again and again, as fresh memory would cost more than what is computed in it."""

    running: Values
    sums: Values

    @classmethod
    def of(cls, windows: Windows, n_voxels: int) -> Room:
        """For so many voxels."""
        n = windows.n_frames
        return cls(np.zeros((n_voxels, n + 1)), np.empty((n_voxels, n + windows.length - 1)))


@dataclass(frozen=True, slots=True)
class Robust:
    """The ordinary least squares fit of one design at many voxels, with Newey & West's errors.

    Parameters
    ----------
    ordinary
        The fit.
    lines
        (n, n_frames) from series in time to estimates.
    planes
        (q, n_frames) likewise, of each plane that is tested.
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
            self._test(series, scores, answer)
            answer["t"][np.isnan(answer["ordinary_t"])] = np.nan
            if self.planes:
                answer["p_of_f"] = np.stack([self._p(f, len(p)) for f, p in zip(answer["f"], self.planes, strict=True)])
            return answer

    def _test(self, series: Series, scores: Values, answer: Answer) -> None:
        """Write t and f, few voxels at a time."""
        step = max(_LEAST_VOXELS, _VALUES_AT_ONCE // len(series))
        for start in range(0, series.shape[1], step):
            span = slice(start, min(start + step, series.shape[1]))
            if start == 0 or span.stop - start < step:
                room = Room.of(self.windows, span.stop - start)
            left = self.windows.in_time(series[:, span] - self.ordinary.basis.T @ scores[:, span])
            squares = [_sum_of_squares(self.windows.sums(line, left, room)) for line in self.lines]
            answer["t"][:, span] = answer["estimate"][:, span] / np.sqrt(self.windows.scale * np.stack(squares))
            for k, plane in enumerate(self.planes):
                estimates = plane[:, self.windows.frames] @ series[:, span]
                answer["f"][k, span] = self._f(plane, estimates, left, room)

    def _f(self, plane: Values, estimates: Values, left: Values, room: Room) -> Values:
        sums = np.stack([self.windows.sums(row, left, room).copy() for row in plane], axis=1)
        covariance = self.windows.scale * (sums @ np.swapaxes(sums, 1, 2))
        singular = ~np.isfinite(covariance).all(axis=(1, 2)) | (np.linalg.det(covariance) <= 0)
        covariance[singular] = np.eye(len(plane))
        solved = np.linalg.solve(covariance, estimates.T[:, :, None])[:, :, 0]
        f: Values = np.einsum("qv,vq->v", estimates, solved) / len(plane)
        return np.where(singular, np.nan, f)

    def _p(self, f: Values, rank: int) -> Values:
        """By Hotelling's distribution, as the covariance of a plane is estimated too."""
        left = self.dof - rank + 1
        return upper_p(f * left / self.dof, rank, left)


def _sum_of_squares(values: Values) -> Values:
    """Sum over the last axis of the squares of (voxels, n), without a temporary array."""
    total: Values = np.einsum("vn,vn->v", values, values)
    return total


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
    windows = Windows(frames - frames[0], memory + 1, _scale(design, memory, share))
    basis = Basis.of(design)
    to_series = np.zeros((len(basis.rows), n_frames))
    to_series[:, windows.frames] = basis.to_weights @ basis.rows
    planes = tuple(plane @ to_series for plane in asked.planes[: asked.n_tested])
    return Robust(least_squares(design, asked), asked.lines @ to_series, planes, windows, dof)


def _scale(design: Design, memory: int, share: float) -> float:
    """Of the few frames, and of the slow noise that the fit takes from the residuals."""
    few = len(design.values) / design.dof
    taken = 1 - share + share**2 / 3 if memory else 1.0
    return few / (memory + 1) / taken

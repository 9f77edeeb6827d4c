"""Least squares without negative numbers: many small problems with the same matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Solver = Callable[[Values, Values, Values | None], Values]
"""(gram (k, k), cross (k, n), where to start (k, n)) → x (k, n) ≥ 0 with small Σ x'·gram·x − 2 x'·cross."""

_SWEEPS = 3
_RIDGE = 1e-13
_EXCHANGES = 5


def swept(gram: Values, cross: Values, start: Values | None = None) -> Values:
    """A few sweeps of hierarchical alternating least squares (HALS): each row the best beside the others."""
    x = clipped(gram, cross) if start is None else start.copy()
    for _ in range(_SWEEPS):
        for row, diagonal in enumerate(np.diag(gram)):
            if diagonal > 0:
                x[row] += (cross[row] - gram[row] @ x) / diagonal
                np.maximum(x[row], 0, out=x[row])
    return x


def clipped(gram: Values, cross: Values, start: Values | None = None) -> Values:
    """Plain least squares with what is negative set to 0, as in Thunder: quick, and not the minimum."""
    positive: Values = np.maximum(np.linalg.lstsq(gram, cross, rcond=None)[0], 0)
    return positive


def exact(gram: Values, cross: Values, start: Values | None = None) -> Values:
    """The minimum of each problem for itself, by block principal pivoting.

    Each problem keeps a set of rows that are above 0; rows that should not be in it (x < 0) or should be (gradient < 0)
    are exchanged together, and one at a time once that has failed to make them fewer some times: then it must end.

    References
    ----------
    Kim & Park 2011, SIAM J. Sci. Comput. 33:3261.
    """
    k, n = cross.shape
    gram = gram + _RIDGE * max(float(np.trace(gram)), np.finfo(float).tiny) * np.eye(k)
    inside = (np.linalg.solve(gram, cross) > 0).T
    x, state = np.zeros((n, k)), _Exchange.begin(n, k)
    left = np.arange(n)
    while len(left):
        x[left] = _within(gram, cross[:, left].T, inside[left])
        gradient = x[left] @ gram - cross[:, left].T
        tolerance = 1e-12 * (np.abs(x[left]) @ np.abs(gram) + np.abs(cross[:, left].T))
        wrong = np.where(inside[left], x[left] < 0, gradient < -tolerance)
        open_ = wrong.any(axis=1)
        left, wrong = left[open_], wrong[open_]
        inside[left] ^= state.exchanged(left, wrong)
    return np.maximum(x, 0).T


def _within(gram: Values, cross: Values, inside: NDArray[np.bool_]) -> Values:
    """Solutions (n, k) with only those rows above or below 0 that are inside (n, k)."""
    both = inside[:, :, None] & inside[:, None, :]
    matrices = np.where(both, gram, np.eye(len(gram)))
    solved: Values = np.linalg.solve(matrices, np.where(inside, cross, 0.0)[..., None])[..., 0]
    return solved


class _Exchange(NamedTuple):
    """Which wrong rows to exchange: all of them while that helps, else the last one.

    Parameters
    ----------
    fewest
        (n,) wrong rows of each problem at best.
    chances
        (n,) how often it may still fail to have fewer.
    """

    fewest: NDArray[np.intp]
    chances: NDArray[np.intp]

    @classmethod
    def begin(cls, n: int, k: int) -> _Exchange:
        return cls(np.full(n, k + 1, np.intp), np.full(n, _EXCHANGES, np.intp))

    def exchanged(self, left: NDArray[np.intp], wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
        count = wrong.sum(axis=1)
        better = count < self.fewest[left]
        self.fewest[left] = np.where(better, count, self.fewest[left])
        self.chances[left] = np.where(better, _EXCHANGES, self.chances[left] - 1)
        last = np.zeros_like(wrong)
        last[np.arange(len(wrong)), wrong.shape[1] - 1 - wrong[:, ::-1].argmax(axis=1)] = True
        return np.where((self.chances[left] >= 0)[:, None], wrong, last)


class Factored(NamedTuple):
    """Series (t, n) ≈ courses (t, k) @ maps (k, n), and the relative error after each iteration."""

    courses: Values
    maps: Values
    errors: list[float]


def factored(series: Values, courses: Values, solve: Solver, max_iter: int, tol: float) -> Factored:
    """Solve for maps and for time courses in turn, until the error falls by less than `tol` of itself.

    Courses are scaled to length 1 after each turn.
    """
    total = float(np.vdot(series, series))
    maps: Values | None = None
    errors: list[float] = []
    while len(errors) < max_iter and not _settled(errors, tol):
        maps = solve(courses.T @ courses, courses.T @ series, maps)
        gram, cross = maps @ maps.T, series @ maps.T
        courses = solve(gram, cross.T, courses.T).T
        errors.append(relative_error(total, courses, gram, cross))
        size = np.maximum(np.linalg.norm(courses, axis=0), np.finfo(float).tiny)
        courses, maps = courses / size, maps * size[:, None]
    assert maps is not None
    return Factored(courses, maps, errors)


def relative_error(total: float, courses: Values, gram: Values, cross: Values) -> float:
    """‖Y − H W‖ / ‖Y‖ from ‖Y‖², H (t, k), W W' (k, k) and Y W' (t, k)."""
    squared = total - 2 * float(np.vdot(courses, cross)) + float(np.vdot(courses.T @ courses, gram))
    return float(np.sqrt(max(squared, 0.0) / total))


def _settled(errors: list[float], tol: float) -> bool:
    return len(errors) > 1 and errors[-2] - errors[-1] < tol * errors[-2]


def starting_courses(series: Values, count: int) -> Values:
    """Time courses (t, k) to start from, made of singular vectors: nndsvda.

    Of each singular pair the positive or the negative parts are taken, whichever are larger; zeros, which could never
    leave 0, are filled with the mean of the series.

    References
    ----------
    Boutsidis & Gallopoulos 2008, Pattern Recognit. 41:1350.
    """
    values, vectors = np.linalg.eigh(series @ series.T)
    singular, left = np.sqrt(np.maximum(values[::-1][:count], 0)), vectors[:, ::-1][:, :count]
    right = left.T @ series / np.maximum(singular, np.finfo(float).tiny)[:, None]
    start = np.empty((len(series), count))
    for i in range(count):
        pairs = [(np.maximum(sign * left[:, i], 0), np.maximum(sign * right[i], 0)) for sign in (1, -1)]
        u, v = max(pairs, key=lambda pair: float(np.linalg.norm(pair[0]) * np.linalg.norm(pair[1])))
        size = np.linalg.norm(u)
        start[:, i] = np.sqrt(singular[i] * np.linalg.norm(v) / max(size, np.finfo(float).tiny)) * u
    start[start == 0] = series.mean()
    return start

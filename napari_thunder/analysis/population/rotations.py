"""jPCA: the rotations in how states change, by a skew-symmetric matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_sylvester

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Steps:
    """States and how they change to the next lag.

    Parameters
    ----------
    states, changes
        (n, k) and (n, k) per second.
    """

    states: Values
    changes: Values

    @classmethod
    def of(cls, trajectory: Values, lags: Values) -> Steps:
        """Of trajectories (conditions, lags, k); pairs of lags of which one is missing (NaN) are left out."""
        here, there = trajectory[:, :-1], trajectory[:, 1:]
        changes = (there - here) / np.diff(lags)[None, :, None]
        known = np.isfinite(changes).all(axis=2)
        return cls(here[known], changes[known])

    def explained(self, matrix: Values) -> float:
        """Share of the changes that ẋ = M x explains."""
        left = self.changes - self.states @ matrix.T
        return 1 - float(np.vdot(left, left) / np.vdot(self.changes, self.changes))

    def skew(self) -> Values:
        """The skew-symmetric M (k, k) for which ẋ = M x fits best, in closed form.

        At the best one the gradient has no skew part: M C + C M = Q, with C = X'X and Q = Ẋ'X − X'Ẋ.
        """
        covariance = self.states.T @ self.states
        cross = self.changes.T @ self.states
        found = solve_sylvester(covariance, covariance, cross - cross.T)
        skew: Values = (found - found.T) / 2
        return skew

    def unconstrained(self) -> Values:
        """The best M of any kind."""
        solved: Values = np.asarray(np.linalg.lstsq(self.states, self.changes, rcond=None)[0], np.float64)
        return solved.T


def planes(skew: Values, first_states: Values) -> tuple[Values, Values]:
    """The planes in which a skew-symmetric matrix (k, k), k even, rotates.

    Parameters
    ----------
    first_states
        (conditions, k) where the trajectories begin.

    Returns
    -------
    basis : (k, k)
        Orthonormal columns, two for each plane, the fastest first. In each plane the rotation is anticlockwise, from
        the first to the second, and the first states spread most along the first, their largest to the right.
    frequencies : (k / 2,)
        Turns per second.
    """
    speeds, vectors = np.linalg.eigh(1j * skew)
    fastest = np.argsort(-speeds)[: len(skew) // 2]
    columns = []
    for vector in vectors[:, fastest].T:
        # 1j M v = s v, s > 0: the real part turns into the imaginary part by M
        plane = np.stack([vector.real, vector.imag], axis=1) * np.sqrt(2)
        plane[:, 1] *= np.sign(plane[:, 1] @ skew @ plane[:, 0]) or 1.0
        columns.append(plane @ _turned(first_states @ plane))
    return np.concatenate(columns, axis=1), speeds[fastest] / (2 * np.pi)


def _turned(points: Values) -> Values:
    """The rotation (2, 2) that brings to the right where points (n, 2) spread most, the farthest of them."""
    points = points[np.isfinite(points).all(axis=1)]
    _, axes = np.linalg.eigh(points.T @ points)
    x = axes[:, -1]
    along = points @ x
    x = x * (np.sign(along[np.argmax(np.abs(along) > (1 - 1e-6) * np.abs(along).max())]) or 1.0)
    return np.array([[x[0], -x[1]], [x[1], x[0]]])

"""FastICA: the rotation of white signals that makes them as independent as can be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

CONTRASTS = ("logcosh", "cube")


@dataclass(frozen=True, slots=True)
class Unmixing:
    """A rotation, and how it was found.

    Parameters
    ----------
    rotation
        (k, k) orthogonal; times white signals (k, n): the sources.
    change
        The last step's largest 1 − abs(cosine) between a row before and after.
    n_iter
        Steps taken.
    """

    rotation: Values
    change: float
    n_iter: int


def unmix(white: Values, contrast: str, max_iter: int, tol: float, seed: int | tuple[int, int]) -> Unmixing:
    """Iterate from a random rotation until the change is below `tol`, or `max_iter` times.

    Parameters
    ----------
    white
        (k, n) signals with mean 0, variance 1 and no correlation.
    contrast
        One of `CONTRASTS`.
    """
    k = len(white)
    rotation = nearest_rotation(np.random.default_rng(seed).normal(size=(k, k)))
    change, n_iter = np.inf, 0
    while change >= tol and n_iter < max_iter:
        following = stepped(*moments(rotation @ white, white, contrast), rotation)
        change, rotation, n_iter = change_of(rotation, following), following, n_iter + 1
    return Unmixing(rotation, change, n_iter)


def moments(sources: Values, white: Values, contrast: str) -> tuple[Values, Values]:
    """Means over signals (k, n) that a step needs: of g(s) z' (k, k), and of the derivative g'(s) (k,)."""
    n = sources.shape[1]
    if contrast == "cube":
        bent, slope = sources**3, 3 * np.einsum("kn,kn->k", sources, sources)
    else:
        bent = np.tanh(sources)
        slope = n - np.einsum("kn,kn->k", bent, bent)
    return bent @ white.T / n, slope / n


def stepped(cross: Values, slope: Values, rotation: Values) -> Values:
    """The rotation after one step of all sources together: E[g(s) z'] − E[g'(s)] W, made orthogonal."""
    return nearest_rotation(cross - slope[:, None] * rotation)


def nearest_rotation(matrix: Values) -> Values:
    """(W W')^-½ W."""
    u, _, v = np.linalg.svd(matrix)
    nearest: Values = u @ v
    return nearest


def change_of(before: Values, after: Values) -> float:
    """Largest 1 − abs(cosine) between rows of two rotations."""
    return float(np.abs(np.abs(np.einsum("ij,ij->i", before, after)) - 1).max())


def skewness(sources: Values) -> Values:
    """(k,) third moments of sources (k, n) with mean 0."""
    third: Values = np.mean(sources**3, axis=1)
    return third

"""Random tensors that share with a given one how it varies over time, over components and over conditions, no more."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

_STEPS = 200
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Surrogates:
    """A Gaussian of largest entropy among those with the covariances of a tensor along each of its three axes.

    Parameters
    ----------
    bases
        (n, rank) of each axis: eigenvectors of its covariance.
    variances
        (rank, rank, rank) of the products of those.
    """

    bases: tuple[Values, Values, Values]
    variances: Values

    @classmethod
    def of(cls, tensor: Values) -> Surrogates:
        """Of a tensor (a, b, c) whose mean is 0 in expectation, such as one without its mean over conditions.

        The Gaussian has the covariance Σ 1 / (α_i + β_j + γ_k) along the products of the eigenvectors of the three
        covariances. α, β and γ are such that its sums along the axes are their eigenvalues: the maximum of a concave
        function, found by Newton's steps.

        References
        ----------
        Elsayed & Cunningham 2017, Nat. Neurosci. 20:1310.
        """
        values, bases = [], []
        for axis in range(3):
            flat = np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1)
            found, vectors = np.linalg.eigh(flat @ flat.T)
            real = found > _ROUNDING * found[-1]
            values.append(found[real])
            bases.append(vectors[:, real])
        return cls((bases[0], bases[1], bases[2]), _variances(values))

    def drawn(self, rng: np.random.Generator) -> Values:
        """One random tensor (a, b, c)."""
        white = rng.normal(size=self.variances.shape) * np.sqrt(self.variances)
        for axis, basis in enumerate(self.bases):
            white = np.moveaxis(np.tensordot(basis, white, axes=(1, axis)), 0, axis)
        return white


def _variances(eigenvalues: list[Values]) -> Values:
    """1 / (α_i + β_j + γ_k), whose sums over the other two axes are the eigenvalues of each axis."""
    scale = float(eigenvalues[0].sum())
    wanted = [values / scale for values in eigenvalues]
    sizes = [len(values) for values in wanted]
    ends = np.cumsum([0, *sizes])
    unknown = np.concatenate([np.prod(sizes) / n / (3 * values) for n, values in zip(sizes, wanted, strict=True)])
    for _ in range(_STEPS):
        variances = 1 / _outer_sum([unknown[a:b] for a, b in pairwise(ends)])
        gradient = np.concatenate([_sums(variances, axis) - wanted[axis] for axis in range(3)])
        step = np.linalg.lstsq(_hessian(variances**2, ends), gradient, rcond=1e-13)[0]
        decrement = float(np.sqrt(max(gradient @ step, 0.0)))
        if decrement < 1e-9:
            break
        unknown = unknown + step / (1 + decrement if decrement > 0.25 else 1)
    return variances * scale


def _outer_sum(parts: list[Values]) -> Values:
    total: Values = parts[0][:, None, None] + parts[1][None, :, None] + parts[2][None, None, :]
    return total


def _sums(values: Values, axis: int) -> Values:
    total: Values = values.sum(axis=tuple({0, 1, 2} - {axis}))
    return total


def _hessian(squares: Values, ends: Values) -> Values:
    """Of minus the sum of logarithms, at α, β and γ side by side."""
    matrix = np.zeros((ends[-1], ends[-1]))
    for i in range(3):
        here = slice(ends[i], ends[i + 1])
        matrix[here, here] = np.diag(_sums(squares, i))
        for j in range(i + 1, 3):
            there = slice(ends[j], ends[j + 1])
            matrix[here, there] = squares.sum(axis=3 - i - j)
            matrix[there, here] = matrix[here, there].T
    return matrix

"""Whether the vector sums of repeats of all stimuli point one way: Hotelling's T², for many voxels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_thunder.analysis.statistics import upper_p
from napari_thunder.analysis.tuning.angles import Places, Values

LEAST_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Hotelling:
    """T² = n v̄' S⁻¹ v̄ of the vector sums v (x, y) of n repeats, with S their covariance.

    Parameters
    ----------
    weights
        (2, n, trials) from responses to the x and the y of each repeat's vector sum.
    """

    weights: Values

    @classmethod
    def of(cls, waves: Values, n_trials: Places) -> Hotelling | None:
        """By the waves (3, conditions) of the vector sum, of trials that are sorted by condition and then by time; a
        repeat is the first, second … trial of each condition. None where there are fewer than three."""
        n = int(n_trials.min())
        if n < LEAST_REPEATS:
            return None
        repeat = np.concatenate([np.arange(count) for count in n_trials])
        condition = np.repeat(np.arange(len(n_trials)), n_trials)
        weights = np.where(repeat == np.arange(n)[:, None], waves[:2, None, condition], 0.0)
        return cls(weights)

    def __call__(self, responses: Values) -> Values:
        """p (voxels,) of responses (trials, voxels): F = T² (n − 2) / (2 (n − 1)) with 2 and n − 2."""
        n = self.weights.shape[1]
        vectors = (self.weights.reshape(2 * n, -1) @ responses).reshape(2, n, -1)
        mean = vectors.mean(axis=1)
        vectors -= mean[:, None]
        (xx, xy), (_, yy) = np.einsum("anv,bnv->abv", vectors, vectors)
        determinant = xx * yy - xy * xy
        determinant[~(determinant > 1e-12 * xx * yy)] = np.nan
        squares = (yy * mean[0] ** 2 - 2 * xy * mean[0] * mean[1] + xx * mean[1] ** 2) / determinant
        return upper_p(n * (n - 2) / 2 * squares, 2, n - 2)

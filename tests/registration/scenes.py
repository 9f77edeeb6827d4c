"""Brains that move for certain: a scene wider than what is seen of it, so that true neighbours come in at the edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import affine_transform, gaussian_filter

Floats = NDArray[np.float64]
_ROOM = 8


class Scene:
    """Cells in a brain with a border, about 300 counts bright.

    Parameters
    ----------
    space
        Shape (z, y, x) of what is seen.
    seed
        Same seed, same brain.
    """

    def __init__(self, space: tuple[int, int, int], seed: int = 0) -> None:
        self.space = space
        self.rng = np.random.default_rng(seed)
        self._room = [0 if n == 1 else _ROOM for n in space]
        whole = [n + 2 * room for n, room in zip(space, self._room, strict=True)]
        cells = self._blurred((self.rng.random(whole) < 0.01) * self.rng.gamma(2, 1, whole), (0.8, 1.2, 1.2))
        tissue = self._blurred(self.rng.standard_normal(whole), (6, 10, 10))
        outline = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in whole]
        distance = sum((1.15 * c) ** 2 for c in np.meshgrid(*outline, indexing="ij"))
        self.light = 100 * (cells + 3 + 0.7 * tissue) / (1 + np.exp((distance - 1) * 12))

    def frame(self, shift: ArrayLike = (0, 0, 0), noise: float = 0.0, light: Floats | None = None) -> Floats:
        """What is seen (z, y, x) of the brain displaced by `shift` voxels, with white noise."""
        offset = [room - s for room, s in zip(self._room, np.asarray(shift, float), strict=True)]
        seen = affine_transform(
            self.light if light is None else light,
            np.ones(3),
            offset=offset,
            output_shape=self.space,
            order=5,
            mode="nearest",
        )
        return seen + noise * self.rng.standard_normal(self.space)

    def frames(self, shifts: ArrayLike, noise: float = 0.0) -> Floats:
        """Frames (t, z, y, x) displaced by shifts (t, 3)."""
        return np.stack([self.frame(shift, noise) for shift in np.asarray(shifts)])

    def active(self, strength: float) -> Floats:
        """The whole scene with patches of cells that are up to some times brighter."""
        patches = np.clip(self._blurred(self.rng.standard_normal(self.light.shape), (3, 5, 5)), 0, None)
        return self.light * (1 + strength * patches)

    def _blurred(self, values: Floats, sigma: tuple[float, float, float]) -> Floats:
        blurred = gaussian_filter(values, [0 if n == 1 else s for n, s in zip(values.shape, sigma, strict=True)])
        return blurred / blurred.std()


def jitter(n: int, space: tuple[int, int, int], seed: int = 0, spread: float = 2.0) -> Floats:
    """Shifts (n, 3) in voxels, up to 2.5 times `spread`, a third of it along z."""
    shifts = np.clip(np.random.default_rng(seed).standard_normal((n, 3)), -2.5, 2.5)
    return shifts * [0 if space[0] == 1 else spread / 3, spread, spread]


def rms(error: ArrayLike) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(error))))

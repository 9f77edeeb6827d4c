"""A coloured volume whose colour says what and whose opacity says how strongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Colours and strengths, from which an RGBA volume is made for any threshold in a few milliseconds.

    Parameters
    ----------
    rgb
        (z, y, x, 3) uint8.
    strength
        (z, y, x) float32; −inf where nothing can be said.
    limits
        Strengths that are drawn fully transparent and fully opaque.
    """

    rgb: NDArray[np.uint8]
    strength: NDArray[np.float32]
    limits: tuple[float, float]

    @property
    def span(self) -> tuple[float, float]:
        """Least and largest finite strength, for a slider; (0, 1) when there is none."""
        finite = self.strength[np.isfinite(self.strength)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)

    def rgba(self, threshold: float | None = None) -> NDArray[np.uint8]:
        """A new volume (z, y, x, 4) uint8; transparent below the threshold."""
        rgba = np.empty((*self.strength.shape, 4), np.uint8)
        rgba[..., :3] = self.rgb
        self.fade(rgba, threshold)
        return rgba

    def fade(self, rgba: NDArray[np.uint8], threshold: float | None = None) -> None:
        """Give a volume made by `rgba` another threshold, in place; its colours stay."""
        rgba[..., 3] = self.alpha(threshold)

    def alpha(self, threshold: float | None = None) -> NDArray[np.uint8]:
        """Opacity (z, y, x): 0 at the lower limit and below the threshold, 255 from the upper limit on."""
        low, high = self.limits
        scaled = self.strength - np.float32(low)
        scaled *= np.float32(255 / (high - low))
        np.clip(scaled, 0, 255, out=scaled)
        scaled += np.float32(0.5)
        alpha = scaled.astype(np.uint8)
        if threshold is not None and threshold > -np.inf:
            alpha *= self.strength >= np.float32(threshold)
        return alpha


def strength_limits(strength: Array, least: float | None = None) -> tuple[float, float]:
    """From 0 to a high percentile of the finite strengths, so that the strongest voxels do not make the rest fade.

    Parameters
    ----------
    strength
        Any shape.
    least
        Only strengths from here on count, and the strongest quarter of them is opaque: where few voxels respond, the
        95th percentile of all, which is taken otherwise, would be one of noise.
    """
    step = max(1, strength.size // 1_000_000) | 1
    sample = strength.reshape(-1)[::step]
    counted = sample[np.isfinite(sample) & (sample >= (-np.inf if least is None else least))]
    high = float(np.percentile(counted, 95 if least is None else 75)) if counted.size else 1.0
    return 0.0, high if high > 0 else 1.0


def as_strength(values: Array, *others: Array) -> NDArray[np.float32]:
    """Strengths as an `Overlay` takes them: −inf where they, or any of the others, are NaN.

    The strengths are looked at only after they are copied, as the maps may be filled further meanwhile.
    """
    strength = np.array(values, np.float32)
    strength[np.isnan(strength)] = -np.inf
    for other in others:
        strength[np.isnan(other)] = -np.inf
    return strength

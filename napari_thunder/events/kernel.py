"""How a calcium indicator answers a burst of activity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_thunder.errors import ParameterError


@dataclass(frozen=True, slots=True)
class Kernel:
    """A causal calcium kernel h(t) = exp(-t / decay) - exp(-t / rise) for t ≥ 0, scaled to unit area.

    With unit area, the regressor of an event that lasts much longer than `decay` has a plateau of 1, so that a
    regression weight is the response at the plateau in the units of the movie.

    Parameters
    ----------
    decay, rise
        Time constants in s, decay > rise ≥ 0; with rise = 0 the kernel is a plain exponential.

    Raises
    ------
    ParameterError
        If the constants are not numbers in that order.
    """

    decay: float
    rise: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.decay) and self.decay > self.rise >= 0):
            raise ParameterError(
                f"Kernel: decay={self.decay} s and rise={self.rise} s: decay must be above rise, and rise 0 or more."
            )

    def __call__(self, time: ArrayLike) -> NDArray[np.float64]:
        """h(t) in 1/s at times after an impulse in s; 0 before it."""
        t = np.asarray(time, np.float64)
        after = np.maximum(t, 0)
        rise = np.exp(-after / self.rise) if self.rise > 0 else 0.0
        return np.where(t < 0, 0.0, (np.exp(-after / self.decay) - rise) / (self.decay - self.rise))

    def step_response(self, time: ArrayLike) -> NDArray[np.float64]:
        """The integral of h from 0 to t: the answer to activity that starts at 0 and goes on; rises from 0 to 1."""
        after = np.maximum(np.asarray(time, np.float64), 0)
        decayed = self.decay * -np.expm1(-after / self.decay)
        risen = self.rise * -np.expm1(-after / self.rise) if self.rise > 0 else 0.0
        return np.asarray((decayed - risen) / (self.decay - self.rise))


KERNELS: dict[str, Kernel] = {
    "GCaMP6f": Kernel(decay=0.4, rise=0.05),
    "GCaMP6s": Kernel(decay=1.3, rise=0.18),
    "jGCaMP8m": Kernel(decay=0.2, rise=0.02),
    "H2B-GCaMP6": Kernel(decay=3.5, rise=0.3),
}
"""Usual constants by indicator. They vary with expression and cell type; `Kernel(decay, rise)` for others."""

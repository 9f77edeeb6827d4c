"""Cubic B-splines through the voxels of a volume."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import spline_filter

Floats = NDArray[np.float32]

PAD = 12
"""Voxels that coefficients reach beyond the volume on every side; its edges are repeated there."""


def coefficients(volume: NDArray[Any]) -> Floats:
    """Coefficients (z, y, x), `PAD` wider on every side, of the spline that goes through the voxels of a volume."""
    return np.asarray(spline_filter(np.pad(np.asarray(volume, np.float32), PAD, "edge"), 3, output=np.float32))


def weights(fraction: float) -> tuple[float, float, float, float]:
    """What the coefficients from one before to two after a voxel count, a fraction of a voxel beyond it."""
    f = fraction
    return (1 - f) ** 3 / 6, (3 * f**3 - 6 * f**2 + 4) / 6, (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6, f**3 / 6

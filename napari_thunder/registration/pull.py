"""How far shifts are pulled towards 0 by what moves out of an image at one edge and comes in at the other."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box
from napari_thunder.errors import RegistrationError

Floats = NDArray[np.float32]
Shift = Callable[[Floats, Floats], NDArray[np.float32]]
"""The shift (3,) that is found of a frame relative to a reference."""

_MEASURED = range(4, 65)
"""Lengths of an axis in voxels at which the pull counts."""
_LIKELY = (0.8, 1.1)


def measured_pull(image: Floats, reach: Box, shift: Shift) -> NDArray[np.float64]:
    """How far a shift seems to be, relative to how far it is, along each axis.

    Measured on the reference itself: two cut-outs of it that lie a known number of voxels apart.

    Parameters
    ----------
    image
        (z, y, x) reference.
    reach
        Voxels (z, y, x) that are looked at for a shift.
    shift
        How shifts are found.
    """
    return np.array([_along(axis, image, reach[axis], shift) for axis in range(3)])


def _along(axis: int, image: Floats, reach: int, shift: Shift) -> float:
    n = image.shape[axis]
    apart = max(1, n // 16)
    if n not in _MEASURED or reach <= apart:
        return 1.0
    rows = np.moveaxis(image, axis, 0)
    low, high = (np.ascontiguousarray(np.moveaxis(part, 0, axis)) for part in (rows[:-apart], rows[apart:]))
    try:
        seems = float(shift(low, high)[axis]) / -apart
    except RegistrationError:
        return 1.0
    pull = 1 - (1 - seems) * (n - apart) / n
    return float(np.clip(pull, *_LIKELY)) if math.isfinite(pull) else 1.0

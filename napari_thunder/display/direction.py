"""Direction maps: hue is the preferred direction, opacity is how strongly it is preferred."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.display.colormaps import CYCLIC, cyclic_lut
from napari_thunder.display.overlay import Overlay, as_strength, strength_limits

Array = NDArray[Any]

DIRECTION_PERIOD = 360.0
ORIENTATION_PERIOD = 180.0


def direction_overlay(
    direction: Array,
    strength: Array,
    *,
    colormap: str = CYCLIC[0],
    period: float = DIRECTION_PERIOD,
    limits: tuple[float, float] | None = None,
) -> Overlay:
    """Colours of a direction map.

    Parameters
    ----------
    direction
        (z, y, x) in degrees, any turn; NaN is transparent.
    strength
        (z, y, x), such as R²; NaN is transparent.
    colormap
        One of `CYCLIC`.
    period
        360 for directions, 180 for orientations: where hue comes round again.
    limits
        Strengths drawn fully transparent and fully opaque; `strength_limits` when left out.
    """
    seen = as_strength(strength, direction)
    return Overlay(direction_colours(direction, colormap, period), seen, limits or strength_limits(seen))


def direction_colours(
    direction: Array, colormap: str = CYCLIC[0], period: float = DIRECTION_PERIOD
) -> NDArray[np.uint8]:
    """Opaque colours (…, 3) of directions (…) in degrees; those of NaN mean nothing."""
    turn = np.nan_to_num(np.asarray(direction, np.float32), nan=0.0, posinf=0.0, neginf=0.0) * np.float32(256 / period)
    entry = np.round(turn).astype(np.int32) & 255
    colours: NDArray[np.uint8] = cyclic_lut(colormap)[entry]
    return colours

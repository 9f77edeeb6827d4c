"""Several factor maps in one picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.display.colormaps import CYCLIC, palette
from napari_thunder.display.direction import direction_overlay
from napari_thunder.display.overlay import Overlay, as_strength

Array = NDArray[Any]


def factor_overlay(factors: Array, *, colormap: str = CYCLIC[0]) -> Overlay:
    """Colours of two or more factor maps together.

    Parameters
    ----------
    factors
        (k, z, y, x), k ≥ 2; NaN in any of them is transparent.
    colormap
        One of `CYCLIC`; for two maps.

    Returns
    -------
    Overlay
        Two maps: `polar_overlay`, which keeps their signs. Three: `rgb_overlay`. More: `winner_overlay`.

    Raises
    ------
    ValueError
        For fewer than two maps.
    """
    if len(factors) < 2:
        raise ValueError(f"{len(factors)} factor map: a picture of several needs at least two")
    if len(factors) == 2:
        return polar_overlay(factors, colormap=colormap)
    return rgb_overlay(factors) if len(factors) == 3 else winner_overlay(factors)


def polar_overlay(factors: Array, *, colormap: str = CYCLIC[0]) -> Overlay:
    """Two maps (2, z, y, x) as a plane: hue is the angle (0° = +first, 90° = +second), opacity the distance from 0.

    Freeman et al. 2014 colour their pairs of components like this (Thunder's `polar`).
    """
    first, second = np.asarray(factors, np.float32)
    return direction_overlay(np.degrees(np.arctan2(second, first)), np.hypot(first, second), colormap=colormap)


def rgb_overlay(factors: Array) -> Overlay:
    """Three maps (3, z, y, x) as red, green and blue, by absolute value: the sign of a factor is arbitrary.

    Each map is scaled by the 99th percentile of its absolute value; opacity is the largest of the three.
    """
    scaled = _scaled(factors)
    strength = scaled.max(axis=0)
    mixed = scaled / np.where(strength > 0, strength, 1)
    rgb = np.round(np.nan_to_num(np.moveaxis(mixed, 0, -1)) * 255).astype(np.uint8)
    return Overlay(rgb, as_strength(strength), (0.0, 1.0))


def winner_overlay(factors: Array) -> Overlay:
    """Any number of maps (k, z, y, x): each voxel takes the palette's colour of the map that is largest in it.

    Scaled as in `rgb_overlay`.
    """
    scaled = _scaled(factors)
    winner = np.nan_to_num(scaled).argmax(axis=0)
    return Overlay(palette(len(factors))[winner], as_strength(scaled.max(axis=0)), (0.0, 1.0))


def _scaled(factors: Array) -> NDArray[np.float32]:
    sizes = np.abs(np.asarray(factors, np.float32))
    for size in sizes:
        finite = size[np.isfinite(size)]
        top = np.percentile(finite, 99) if finite.size else 0.0
        size /= top if top > 0 else 1.0
    return sizes

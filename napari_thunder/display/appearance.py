"""How a scalar map is coloured, by what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.colormaps import napari_colormap
from napari_thunder.volumes.contrast import limits_of

Array = NDArray[Any]

_LEAST_P = 1e-30


@dataclass(frozen=True, slots=True)
class Appearance:
    """Colours of a scalar map.

    Parameters
    ----------
    limits
        Values at the ends of the colormap.
    colormap
        As napari takes it.
    quantity
        What the numbers drawn are of the map's own: `{}`, or `−log10 {}`.
    """

    limits: tuple[float, float]
    colormap: str | dict[str, Any]
    quantity: str = "{}"


def drawn_values(values: Array, role: Role) -> Array:
    """The numbers that are drawn for a map: its own, but −log10 of a probability, so that strong is bright."""
    if role is not Role.PROBABILITY:
        return np.asarray(values)
    shown: Array = -np.log10(np.clip(np.asarray(values, np.float32), _LEAST_P, 1))
    return shown + np.float32(0)


def appearance_of(drawn: Array, role: Role) -> Appearance:
    """Colours and limits for drawn values, from what they mean and how they are spread.

    An image is grey. What is signed (factors too) diverges around 0, with limits at the 99.5th percentile of the
    absolute value, and is transparent at 0. Fractions and probabilities start at 0 and are transparent there; so do
    factors that are nowhere below 0. Any other value spans its 1st to 99.8th percentile.
    """
    if role in (Role.SIGNED, Role.FACTOR):
        top = limits_of(np.abs(drawn), (0.0, 99.5))[1]
        if role is Role.FACTOR and top > 0 and not (np.asarray(drawn) < 0).any():
            return Appearance((0.0, top), napari_colormap("magma", fades="low"))
        return Appearance((-top, top), napari_colormap("vik", fades="middle"))
    low, high = limits_of(drawn)
    if role is Role.FRACTION:
        return Appearance((0.0, high if high > 0 else 1.0), napari_colormap("magma", fades="low"))
    if role is Role.PROBABILITY:
        return Appearance((0.0, max(3.0, high)), napari_colormap("viridis", fades="low"), "−log10 {}")
    return Appearance((low, high), "gray" if role is Role.IMAGE else "inferno")

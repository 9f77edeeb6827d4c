"""What a shape of the layer of regions is, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.regions import Kind, Outline

_FACE_ALPHA = 0.15

Look = tuple[str, str, bool]
"""Colour, name, visible."""


@dataclass(slots=True, eq=False)
class Drawn:
    """A shape as it was last put on the canvas, or taken from it.

    Parameters
    ----------
    outline
        It stands for.
    data
        (n, 3) as the layer gives it back.
    plane
        Where it is.
    look
        Colour, name and visibility it was given.
    under_way
        Whether the region is still being made of it.
    unfit
        Whether no region can be made of it.
    """

    outline: Outline | None
    data: NDArray[Any]
    plane: int
    look: Look | None = None
    under_way: bool = False
    unfit: bool = False


def rows_of(layer: Any) -> list[int]:
    """The key of each shape; napari may leave rows of features behind a drawing that was given up."""
    keys = [int(key) for key in layer.features["key"]]
    n = int(layer.nshapes)
    return (keys + [0] * n)[:n]


def kind_of(shape_type: str) -> Kind:
    """What kind of outline a shape is."""
    if shape_type == "rectangle":
        return "rectangle"
    return "ellipse" if shape_type == "ellipse" else "polygon"


def vertices_of(data: NDArray[Any]) -> NDArray[np.float64]:
    """Its points (y, x)."""
    return np.asarray(data[:, 1:], np.float64)


def closed(shape_type: str, data: NDArray[Any]) -> bool:
    """Whether it is a closed line on one plane z."""
    return shape_type in ("polygon", "rectangle", "ellipse") and bool(np.ptp(data[:, 0]) < 0.5)


def look_of(color: str, *, visible: bool = True) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Colours (rgba) of a region's edge and face."""
    red_green_blue = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    edge, face = (1.0, _FACE_ALPHA) if visible else (0.0, 0.0)
    return np.array([*red_green_blue, edge]), np.array([*red_green_blue, face])


def color_by_hand(edge: NDArray[Any], face: NDArray[Any], look: Look) -> str:
    """The colour that a person gave to one part of a shape of this look, or the one it has."""
    known, given = look[0].lower(), [_hex(part) for part in (edge, face) if part[3] > 0]
    return next((color for color in given if color != known), look[0])


def _hex(color: NDArray[Any]) -> str:
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in color[:3])

"""Colour tables: cyclic ones for directions, diverging and sequential ones for scalar maps."""

from __future__ import annotations

from functools import cache
from typing import Any

import cmap
import numpy as np
from numpy.typing import NDArray

CYCLIC = ("romaO", "CET_CBTC1", "hsv")
"""Colormaps for directions, the default first. `romaO` and `CET_CBTC1` are readable for colour-blind people; `hsv`, the
field's classic, is not."""

_PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7", "#BBBBBB")


_FADES = " over image"

_FULL_NAMES = {"RdBu_r": "colorbrewer:RdBu_r"}
"""Of colormaps that several catalogues have: `cmap` warns of a short name."""


@cache
def cyclic_lut(name: str = CYCLIC[0]) -> NDArray[np.uint8]:
    """Colours (256, 3) of a whole turn; the entry after the last is the first again.

    Raises
    ------
    ValueError
        If there is no colormap of that name.
    """
    turn = np.arange(256) / 256
    colours = _pure_hues(turn) if name == "hsv" else cmap.Colormap(name)(turn)[:, :3]
    lut = np.round(colours * 255).astype(np.uint8)
    lut.flags.writeable = False
    return lut


def _pure_hues(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Red, green and blue at thirds of a turn; `cmap`'s table of that name stops short of red, so it would jump."""
    away: NDArray[np.float64] = np.abs((turn[:, None] * 6 + np.array([0, 4, 2])) % 6 - 3)
    return np.clip(away - 1, 0, 1)


@cache
def palette(n: int) -> NDArray[np.uint8]:
    """`n` colours (n, 3) that tell things apart (Okabe and Ito); they repeat after eight."""
    colours = np.array([cmap.Color(_PALETTE[i % len(_PALETTE)]).rgba8[:3] for i in range(n)], np.uint8)
    colours.flags.writeable = False
    return colours.reshape(n, 3)


@cache
def colours_from(names: tuple[str, ...]) -> NDArray[np.uint8]:
    """Colours (n, 3) of names such as `#e69f00`; grey for what is no colour."""
    colours = np.array([_colour_of(name) for name in names], np.uint8).reshape(-1, 3)
    colours.flags.writeable = False
    return colours


def _colour_of(name: str) -> tuple[int, int, int]:
    try:
        red, green, blue = cmap.Color(name).rgba8[:3]
    except (ValueError, TypeError):
        return 128, 128, 128
    return red, green, blue


def napari_colormap(name: str, *, fades: str = "") -> dict[str, Any]:
    """A colormap as napari takes it, without importing napari.

    Parameters
    ----------
    name
        As `cmap` knows it.
    fades
        `"low"`: transparent at the low end; `"middle"`: transparent in the middle, for maps that diverge around 0;
        so that what is under it shows where there is nothing to say. NaN is transparent anyway.
    """
    at = np.linspace(0, 1, 256)
    colours = np.array(cmap.Colormap(_FULL_NAMES.get(name, name))(at), float)
    if fades:
        away = at if fades == "low" else np.abs(2 * at - 1)
        colours[:, 3] = np.where(away < 1 / len(at), 0, np.minimum(1, 2 * away))
    return {"colors": colours, "name": f"{name}{_FADES}" if fades else name, "interpolation": "linear"}


def fades(colormap: str | dict[str, Any]) -> bool:
    """Whether a colormap of `napari_colormap` is transparent somewhere."""
    return not isinstance(colormap, str) and str(colormap["name"]).endswith(_FADES)

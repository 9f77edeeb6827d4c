"""A colormap as a small picture, for a list."""

from __future__ import annotations

from functools import cache

import numpy as np
from qtpy.QtCore import QSize
from qtpy.QtGui import QIcon, QImage, QPixmap

from napari_thunder.display.colormaps import CYCLIC, cyclic_lut, napari_colormap

SWATCH = QSize(56, 12)

_NOT_FOR_ALL = {"hsv": "not for the colour-blind"}


@cache
def swatch(name: str) -> QIcon:
    """The colours of a colormap from left to right; nothing for what is no colormap."""
    if name == "fixed":
        return QIcon()
    at = np.linspace(0, 255, SWATCH.width()).astype(int)
    rgb = cyclic_lut(name)[at] if name in CYCLIC else np.round(napari_colormap(name)["colors"][at, :3] * 255)
    pixels = np.ascontiguousarray(np.repeat(rgb.astype(np.uint8)[None], SWATCH.height(), axis=0))
    image = QImage(pixels.tobytes(), SWATCH.width(), SWATCH.height(), 3 * SWATCH.width(), QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()))


def colormap_title(name: str) -> str:
    """Its name, and what is to be said of it."""
    return f"{name} ({_NOT_FOR_ALL[name]})" if name in _NOT_FOR_ALL else name

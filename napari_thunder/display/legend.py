"""Legends of coloured maps, as images and places for text: whoever draws the text has fonts, this has not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cmap
import numpy as np
from numpy.typing import NDArray

from napari_thunder.display.colormaps import CYCLIC, palette
from napari_thunder.display.direction import DIRECTION_PERIOD, direction_colours

_RADIUS = 0.34
_TEXT_RADIUS = 0.43

COMPASS = ((0.0, "0°"), (90.0, "90°"), (180.0, "180°"), (270.0, "270°"))
HALF_COMPASS = ((0.0, "0°"), (45.0, "45°"), (90.0, "90°"), (135.0, "135°"))


@dataclass(frozen=True, slots=True)
class Label:
    """A word at a place: (x, y) in pixels from the upper left corner, where the middle of the word goes."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Wheel:
    """A colour wheel: hue is the direction, counter-clockwise from the right; opacity grows with the radius.

    Parameters
    ----------
    title
        What the hue means.
    strength
        What the radius means.
    limits
        Strengths at the centre and at the rim.
    colormap, period
        As in `direction_overlay`.
    ticks
        Degrees around the wheel, and their words.
    """

    title: str
    strength: str
    limits: tuple[float, float]
    colormap: str = CYCLIC[0]
    period: float = DIRECTION_PERIOD
    ticks: tuple[tuple[float, str], ...] = COMPASS

    def image(self, size: int = 160, threshold: float | None = None) -> NDArray[np.uint8]:
        """The wheel (size, size, 4) uint8, with a smooth rim and room for words; hollow below the threshold."""
        colours, radius = _disc(size, self.colormap, self.period)
        rim = _RADIUS * size
        cover = np.clip(radius - self._hollow(threshold) * rim + 0.5, 0, 1)
        rgba = colours.copy()
        rgba[..., 3] = np.round(rgba[..., 3] * cover)
        return rgba

    def labels(self, size: int = 160) -> tuple[Label, ...]:
        """Where the words of the ticks go, on an image of this size."""
        return tuple(self._label(angle, text, size) for angle, text in self.ticks)

    def _label(self, angle: float, text: str, size: int) -> Label:
        middle, away = (size - 1) / 2, _TEXT_RADIUS * size
        return Label(text, middle + away * np.cos(np.radians(angle)), middle - away * np.sin(np.radians(angle)))

    def _hollow(self, threshold: float | None) -> float:
        low, high = self.limits
        if threshold is None or high <= low:
            return 0.0
        return float(np.clip((threshold - low) / (high - low), 0, 1))


@dataclass(frozen=True, slots=True)
class Swatches:
    """A list of names and the colours (r, g, b), 0 to 255, they are drawn in."""

    title: str
    entries: tuple[tuple[str, tuple[int, int, int]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bar:
    """The colours of a scalar map, from its lower to its upper limit.

    Parameters
    ----------
    title
        What the numbers are.
    units
        Empty for none.
    limits
        Values at the ends.
    colormap
        As napari takes it: a name, or a dict with `colors` (n, 4).
    signed
        Whether a threshold hides what is near 0 on both sides.
    """

    title: str
    units: str
    limits: tuple[float, float]
    colormap: str | dict[str, Any]
    signed: bool = False

    def image(self, width: int = 160, height: int = 12, threshold: float | None = None) -> NDArray[np.uint8]:
        """The bar (height, width, 4) uint8, the upper limit to the right; hollow below the threshold."""
        at = np.linspace(0, 1, width)
        rgba = np.round(self._colours(at) * 255).astype(np.uint8)
        values = self.limits[0] + at * (self.limits[1] - self.limits[0])
        if threshold:
            rgba[(np.abs(values) if self.signed else values) < threshold, 3] = 0
        return np.repeat(rgba[None], height, axis=0)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Places from 0 to 1 along the bar, and the numbers there: the ends, and 0 or the middle."""
        low, high = self.limits
        middle = 0.0 if low < 0 < high else (low + high) / 2
        return tuple(((v - low) / (high - low or 1), short_number(v)) for v in (low, middle, high))

    def _colours(self, at: NDArray[np.float64]) -> NDArray[np.float64]:
        if isinstance(self.colormap, str):
            return np.asarray(cmap.Colormap(self.colormap)(at), float)
        table = np.asarray(self.colormap["colors"], float)
        return np.asarray(table[np.round(at * (len(table) - 1)).astype(int)])


Legend = Wheel | Swatches | Bar


@lru_cache(maxsize=16)
def _disc(size: int, colormap: str, period: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A whole wheel (size, size, 4), and the distance of each pixel from its middle: the same above every threshold."""
    at = np.arange(size, dtype=np.float32) - np.float32((size - 1) / 2)
    x, up = np.meshgrid(at, -at)
    radius, rim = np.hypot(x, up), np.float32(_RADIUS * size)
    rgba = np.empty((size, size, 4), np.uint8)
    rgba[..., :3] = direction_colours(np.degrees(np.arctan2(up, x)), colormap, period)
    rgba[..., 3] = np.round(255 * np.clip(rim - radius + 0.5, 0, 1) * np.clip(radius / rim, 0, 1))
    for kept in (rgba, radius):
        kept.flags.writeable = False
    return rgba, radius


def short_number(value: float) -> str:
    """A number for a tick: three digits, a real minus sign, no exponent where it can be helped."""
    text = f"{value:.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
    return text.replace("-", "−")


def rgb_legend(title: str, names: tuple[str, ...]) -> Swatches:
    """The legend of `rgb_overlay`."""
    pure = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    return Swatches(title, tuple(zip(names, pure, strict=True)))


def palette_legend(title: str, names: tuple[str, ...]) -> Swatches:
    """The legend of `winner_overlay`."""
    colours = [(int(r), int(g), int(b)) for r, g, b in palette(len(names))]
    return Swatches(title, tuple(zip(names, colours, strict=True)))

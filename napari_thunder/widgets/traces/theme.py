"""Colours of the plots, from napari's theme."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

_LEAST_CONTRAST = 3.0
"""Of lines and marks against what is behind them (WCAG 2.2, 1.4.11)."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What the plots are drawn in, as `#rrggbb`.

    Parameters
    ----------
    background
        Of the dock.
    text
        Of words and axes.
    quiet
        Of grid lines.
    cursor
        Of the line of the moment that is shown.
    """

    background: str
    text: str
    quiet: str
    cursor: str

    def readable(self, color: str) -> str:
        """A colour, moved towards the text's until it can be told from the background."""
        return _moved_until_readable(color, self.text, self.background)


def colours_of(viewer: Any) -> Colours:
    """The colours of a viewer's theme."""
    theme = get_theme(viewer.theme)
    named = {
        "background": theme.background,
        "text": theme.text,
        "quiet": theme.primary,
        "cursor": theme.warning,
    }
    return Colours(**{name: QColor(*color.as_rgb_tuple(alpha=False)).name() for name, color in named.items()})


@lru_cache(maxsize=256)
def _moved_until_readable(color: str, text: str, background: str) -> str:
    shown = QColor(color)
    for _ in range(10):
        if contrast(shown.name(), background) >= _LEAST_CONTRAST:
            break
        shown = _between(shown, QColor(text), 0.12)
    return shown.name()


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2)."""
    dark, light = sorted((_luminance(QColor(one)), _luminance(QColor(other))))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _between(a: QColor, b: QColor, part: float) -> QColor:
    mixed = [p + (q - p) * part for p, q in zip(a.getRgbF()[:3], b.getRgbF()[:3], strict=True)]
    return QColor.fromRgbF(*mixed)

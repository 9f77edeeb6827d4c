"""Pictures within the page, as PNG."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from cmap import Colormap
from imagecodecs import png_encode
from numpy.typing import NDArray

from napari_thunder.reporting.markup import Content, Html, element

Image = NDArray[np.floating[Any]]
Limits = tuple[float, float]

_MOST_PIXELS = 900


def limits_of(*images: Image, low: float = 1.0, high: float = 99.7) -> Limits:
    """Limits that suit several images alike: percentiles of what is known."""
    known = np.concatenate([image[np.isfinite(image)].ravel() for image in images])
    if len(known) == 0:
        return 0.0, 1.0
    a, b = (float(v) for v in np.percentile(known, [low, high]))
    return (a, b) if b > a else (a - 0.5, a + 0.5)


def around_zero(*images: Image) -> Limits:
    """Limits for differences: as far below zero as above."""
    low, high = limits_of(*images, low=0.5, high=99.5)
    size = max(abs(low), abs(high))
    return -size, size


def picture(image: Image, limits: Limits, *, title: str, colors: str = "gray", pixel: float = 1.0) -> Html:
    """An image (y, x) in colours; what is not known is transparent.

    Parameters
    ----------
    limits
        Values of the first and the last colour.
    title
        What it shows, for those who cannot see it.
    colors
        Name of a colour map.
    pixel
        Height of a pixel over its width.
    """
    image = _fitting(image)
    data = base64.b64encode(_png(image, limits, colors)).decode()
    height, width = image.shape
    shape = f"aspect-ratio: {width} / {height * pixel:.6g}"
    return element("img", src=f"data:image/png;base64,{data}", alt=title, style=shape)


def figures(shown: Sequence[tuple[Html, Content]]) -> Html:
    """Pictures side by side, each with its caption."""
    made = [element("figure", image, element("figcaption", caption)) for image, caption in shown]
    return element("div", *made, class_="row")


def color_bar(limits: Limits, colors: str, label: str) -> Html:
    """What the colours of pictures mean."""
    ramp = np.linspace(limits[0], limits[1], 128)[None].repeat(8, axis=0)
    bar = picture(ramp, limits, title="colours", colors=colors)
    low, high = (f"{v:.3g}" for v in limits)
    return element("p", label + ": ", low + " ", bar, " " + high, class_="bar-of-colors")


def _fitting(image: Image) -> Image:
    """No larger than a screen shows: neighbours are averaged."""
    factor = math.ceil(max(image.shape) / _MOST_PIXELS)
    if factor == 1 or min(image.shape) < factor:
        return image
    y, x = (n // factor for n in image.shape)
    cut = image[: y * factor, : x * factor].reshape(y, factor, x, factor)
    known = np.isfinite(cut)
    total = np.where(known, cut, 0.0).sum(axis=(1, 3))
    count = known.sum(axis=(1, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _png(image: Image, limits: Limits, colors: str) -> bytes:
    low, high = limits
    known = np.isfinite(image)
    level = np.clip((np.where(known, image, low) - low) / (high - low), 0, 1)
    table = np.round(255 * np.asarray(Colormap(colors)(np.linspace(0, 1, 256)))).astype(np.uint8)
    pixels = table[np.round(255 * level).astype(np.uint8)]
    pixels[..., 3] = np.where(known, 255, 0)
    return bytes(png_encode(np.ascontiguousarray(pixels), level=9))

"""Line charts as SVG, drawn by hand: no script, no font, readable in light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.reporting.markup import Html, element, joined

Values = NDArray[np.floating]

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 900, 64, 12, 10, 40
_MOST_POINTS = 1200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart.

    Parameters
    ----------
    name
        In the legend; nothing for a line that needs none.
    values
        (t,), NaN where there is a gap.
    style
        A class of the page's style sheet, which gives colour, width and dashes.
    """

    name: str
    values: Values
    style: str


def line_chart(
    lines: Sequence[Line],
    x: Values,
    *,
    x_label: str,
    y_label: str,
    marks: Sequence[float] = (),
    title: str,
    height: int = 190,
) -> Html:
    """Lines over one axis.

    Parameters
    ----------
    x
        (t,) such as times in s.
    marks
        Places on the x axis that are marked by a small triangle at the top: outliers.
    title
        For those who cannot see it.
    """
    x = np.asarray(x, np.float64)
    spans = _span(x, 0.0), _span(np.concatenate([np.asarray(line.values, np.float64) for line in lines]), 0.05)
    place = _Place(spans[0], spans[1], height)
    parts = [*_grid(place, x_label, y_label), *(_drawn(line, x, place) for line in lines)]
    parts += [_mark(place.x(at)) for at in marks]
    box = f"0 0 {_WIDTH} {height}"
    svg = element("svg", *parts, viewBox=box, role="img", aria_label=title, class_="chart")
    return joined(_legend(lines), svg)


def bar_chart(
    names: Sequence[str], groups: Sequence[Line], *, y_label: str, title: str, limit: float | None = None
) -> Html:
    """Bars side by side for each name; `values` of a group are (names,), and a limit is a dashed line."""
    height, n = 190, len(names)
    top = [group.values for group in groups] + ([np.asarray([limit * 1.1])] if limit is not None else [])
    high = np.concatenate([np.asarray(v, np.float64) for v in top] + [np.asarray([1e-9])])
    place = _Place((0.0, float(max(1, n))), (0.0, 1.05 * float(np.nanmax(high))), height)
    parts = [*_levels(place, y_label)]
    width = 0.8 / len(groups)
    for g, group in enumerate(groups):
        for i, value in enumerate(np.nan_to_num(np.asarray(group.values, np.float64))):
            left, right = place.x(i + 0.1 + g * width), place.x(i + 0.1 + (g + 1) * width)
            size = max(0.0, place.y(0) - place.y(value))
            parts.append(
                element("rect", x=left, y=place.y(value), width=right - left, height=size, class_=f"bar {group.style}")
            )
    for i, name in enumerate(names):
        parts.append(_text(name, place.x(i + 0.5), height - _BOTTOM + 16, "middle"))
    if limit is not None:
        parts.append(
            element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=place.y(limit), y2=place.y(limit), class_="limit")
        )
    svg = element("svg", *parts, viewBox=f"0 0 {_WIDTH} {height - 18}", role="img", aria_label=title, class_="chart")
    return joined(_legend(groups, filled=True), svg)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) between two."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where numbers lie in the picture."""

    across: tuple[float, float]
    up: tuple[float, float]
    height: int

    def x(self, value: float) -> float:
        low, high = self.across
        return _LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        low, high = self.up
        return self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _BOTTOM - _TOP)


def _span(values: Values, margin: float) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5
    return low - margin * (high - low), high + margin * (high - low)


def _grid(place: _Place, x_label: str, y_label: str) -> list[Html]:
    bottom = place.height - _BOTTOM
    parts = _levels(place, y_label)
    for at in ticks(*place.across, 10):
        parts.append(element("line", x1=place.x(at), x2=place.x(at), y1=bottom, y2=bottom + 4, class_="axis"))
        parts.append(_text(f"{at:g}", place.x(at), bottom + 16, "middle"))
    parts.append(_text(x_label, (_LEFT + _WIDTH) / 2, place.height - 6, "middle"))
    return parts


def _levels(place: _Place, y_label: str) -> list[Html]:
    parts = []
    for at in ticks(*place.up, 5):
        y = place.y(at)
        parts.append(element("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(_text(f"{at:g}", _LEFT - 6, y + 4, "end"))
    middle = (_TOP + place.height - _BOTTOM) / 2
    turned = f"translate(14 {middle:.0f}) rotate(-90)"
    parts.append(element("text", y_label, transform=turned, text_anchor="middle"))
    return parts


def _text(text: str, x: float, y: float, anchor: str) -> Html:
    return element("text", text, x=x, y=y, text_anchor=anchor)


def _drawn(line: Line, x: Values, place: _Place) -> Html:
    values = np.asarray(line.values, np.float64)
    known = np.isfinite(values) & np.isfinite(x)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    spans = [_thinned(x[a:b], values[a:b]) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return element("g", *(_stroke(xs, ys, place) for xs, ys in spans), class_=f"line {line.style}")


def _stroke(xs: Values, ys: Values, place: _Place) -> Html:
    if len(xs) == 1:
        return element("circle", cx=place.x(float(xs[0])), cy=place.y(float(ys[0])), r=1.5)
    points = " ".join(f"{place.x(float(a)):.1f},{place.y(float(b)):.1f}" for a, b in zip(xs, ys, strict=True))
    return element("polyline", points=points)


def _thinned(x: Values, y: Values) -> tuple[Values, Values]:
    """Of a long line, the lowest and highest point of each column of pixels: it looks the same."""
    if len(x) <= _MOST_POINTS:
        return x, y
    parts = np.array_split(np.arange(len(x)), _MOST_POINTS // 2)
    kept = np.unique([p[k] for p in parts for k in (int(y[p].argmin()), int(y[p].argmax()))])
    return x[kept], y[kept]


def _mark(x: float) -> Html:
    return element("path", d=f"M{x - 4:.1f} 0 L{x + 4:.1f} 0 L{x:.1f} 8 Z", class_="mark")


def _legend(lines: Sequence[Line], *, filled: bool = False) -> Html:
    named = [element("span", _swatch(line, filled), " " + line.name) for line in lines if line.name]
    return element("p", *named, class_="legend") if named else Html("")


def _swatch(line: Line, filled: bool) -> Html:
    stroke = element("g", element("line", x1=1, x2=23, y1=6, y2=6), class_=f"line {line.style}")
    box = element("rect", x=4, y=0, width=16, height=12, class_=f"bar {line.style}")
    return element("svg", box if filled else stroke, viewBox="0 0 24 12", class_="swatch")

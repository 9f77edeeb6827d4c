"""Axes of plots: numbers, names, or times of columns that are drawn one beside the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QFontMetricsF

from napari_thunder.models.plots.axis import PlotAxis
from napari_thunder.models.plots.plot import ever_shorter
from napari_thunder.widgets.traces.plotting import pg

_LONGEST = 16
_MANY = 500
"""Names of so many are left as they are: few of them are seen."""
_APART = 10.0
"""Pixels between two names beside each other."""

_LEAST_TITLE = 40.0
"""Pixels of a title that are shown in any case."""


class PlotAxisItem(pg.AxisItem):
    """Ticks at numbers; or at the places of names, as many as there is room for; or at times between columns.

    Parameters
    ----------
    orientation
        `left` or `bottom`.
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self._forms: list[tuple[str, ...]] = []
        self._names: tuple[str, ...] = ()
        self._places: Any = None
        self._title = self._unit = ""
        self.enableAutoSIPrefix(False)

    def show_numbers(self) -> None:
        """Say the numbers as they are."""
        self._say((), None)

    def show_names(self, names: Sequence[str]) -> None:
        """Say a name at each whole number, from 0."""
        self._say(tuple(names), None)

    def show_columns(self, axis: PlotAxis) -> None:
        """Say what stands at the whole numbers of columns that are as wide as each other."""
        if axis.names:
            self.show_names(axis.names)
        else:
            self._say((), axis.places if len(axis.places) > 1 else None)

    def show_title(self, title: str, unit: str = "") -> None:
        """Say what is measured: as much of it as there is room for, and its unit."""
        self._title, self._unit = title, unit
        self._fit_title()

    def resizeEvent(self, event: Any = None) -> None:
        super().resizeEvent(event)
        if getattr(self, "_title", ""):
            self._fit_title()

    def _fit_title(self) -> None:
        across = self.orientation == "bottom"
        size = self.size().width() if across else self.size().height()
        metrics = QFontMetricsF(self.font())
        room = max(size - metrics.horizontalAdvance(self._unit) - _APART, _LEAST_TITLE)
        said = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, room) + self._unit
        said = metrics.elidedText(said, Qt.TextElideMode.ElideMiddle, max(size, _LEAST_TITLE))
        if said != self.labelText:
            self.setLabel(said)

    def _say(self, names: tuple[str, ...], places: Any) -> None:
        self._forms = ever_shorter(names) if len(names) <= _MANY else [names]
        self._names = names
        self._places = places
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:
        minVal, maxVal = sorted((minVal, maxVal))
        if self._names:
            return self._name_places(minVal, maxVal, size)
        if self._places is None:
            return super().tickValues(minVal, maxVal, size)
        at = np.arange(len(self._places))
        low, high = np.interp([minVal, maxVal], at, self._places)
        levels = super().tickValues(low, high, size)
        return [(step, list(np.interp(values, self._places, at))) for step, values in levels]

    def tickStrings(self, values: Any, scale: float, spacing: float) -> Any:
        if self._names:
            return [self._names[round(value)] for value in values]
        if self._places is None:
            return super().tickStrings(values, scale, spacing)
        return super().tickStrings(np.interp(values, np.arange(len(self._places)), self._places), scale, spacing)

    def _name_places(self, low: float, high: float, size: float) -> Any:
        """Every so many names as there is room for; where that is not all, without words they share."""
        each = max(size, 1.0) / max(high - low, 1e-9)
        for names in self._forms:
            self._names = tuple(map(_short, names))
            every = _round_up(self._need() / each)
            if every == 1 and max(map(len, names)) <= _LONGEST:
                break
        first = max(0, math.ceil(low / every) * every)
        last = min(len(self._names) - 1, math.floor(high))
        return [(every, [float(value) for value in range(first, last + 1, every)])]

    def _need(self) -> float:
        """Pixels for a name, in the direction of the axis."""
        metrics = QFontMetricsF(self.font())
        if self.orientation != "bottom":
            return metrics.height()
        return float(max(map(metrics.horizontalAdvance, self._names))) + _APART


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _round_up(step: float) -> int:
    """1, 2, 5, 10, 20 … the least that is not below a step."""
    power = 10 ** max(0, math.floor(math.log10(max(step, 1.0))))
    return next(int(factor * power) for factor in (1, 2, 5, 10) if factor * power >= step)

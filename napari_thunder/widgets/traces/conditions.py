"""Events by condition, each with its name and colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.display.colormaps import cyclic_lut, palette
from napari_thunder.errors import TableError
from napari_thunder.events import event_groups
from napari_thunder.traces.responses import period_of

_ALL = "#999999"
"""Of events that are not told apart."""

_MOST_LEVELS = 60
"""A column of more levels than this tells no conditions apart; it is a number of its own for each event."""


def _floats() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Events, and what tells them apart.

    Parameters
    ----------
    labels, colors
        Of each condition (c,): a few words, and `#rrggbb`.
    start, stop
        (n,) of each event, in units of the time axis, in the order of their starts.
    of
        (n,) number of each event's condition.
    """

    labels: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    start: NDArray[np.float64] = field(default_factory=_floats)
    stop: NDArray[np.float64] = field(default_factory=_floats)
    of: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, np.intp))

    def between(self, first: float, last: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
        """Start, stop and condition of the events that reach into a stretch of time."""
        there = (self.start < last) & (self.stop > first)
        return self.start[there], self.stop[there], self.of[there]

    def at(self, time: float) -> str:
        """The conditions of a moment, in words; empty between events."""
        _, _, of = self.between(time, np.nextafter(time, np.inf))
        return ", ".join(dict.fromkeys(self.labels[k] for k in of.tolist()))


def conditions_of(events: pd.DataFrame | None, column: str) -> Conditions:
    """The events of a recording, told apart by a column; all alike if it is empty or not there."""
    if events is None or events.empty:
        return Conditions()
    columns = (column,) if column in events.columns else ()
    try:
        groups = event_groups(events, columns)
    except TableError:
        groups = event_groups(events, ())
    of = np.concatenate([np.full(len(rows), k) for k, (_, rows) in enumerate(groups)])
    rows = pd.concat([rows for _, rows in groups])
    order = np.argsort(rows["start_time"].to_numpy(), kind="stable")
    labels = tuple(short_label(name, column) for name, _ in groups)
    start, stop = rows["start_time"].to_numpy(float)[order], rows["stop_time"].to_numpy(float)[order]
    return Conditions(labels, colors_of(labels, column), start, stop, of[order].astype(np.intp))


def short_label(name: str, column: str) -> str:
    """`direction=45` as `45°`, `sound=tone` as `tone`."""
    level = name.removeprefix(f"{column}=")
    number = _number(level)
    if number is None:
        return level
    return f"{round(number, 2):g}°" if period_of(column) else f"{number:g}"


def colors_of(labels: Sequence[str], column: str) -> tuple[str, ...]:
    """A colour for each condition: of a direction, that of the maps; else of a palette that everyone can tell apart."""
    if len(labels) == 1 and not column:
        return (_ALL,)
    period = period_of(column)
    numbers = [_number(label.removesuffix("°")) for label in labels]
    if period and all(number is not None for number in numbers):
        return tuple(angle_color(number or 0.0, period) for number in numbers)
    return tuple(_hex(rgb) for rgb in palette(len(labels)))


def angle_color(degrees: float, period: float) -> str:
    """The colour of a direction or orientation, as on the maps."""
    return _hex(cyclic_lut()[round(degrees % period / period * 256) % 256])


def grouping_columns(events: pd.DataFrame | None) -> tuple[str, ...]:
    """Columns of events that may tell conditions apart."""
    if events is None:
        return ()
    names = [str(name) for name in events.columns if name not in ("start_time", "stop_time")]
    return tuple(name for name in names if 1 <= events[name].nunique() <= _MOST_LEVELS)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _hex(rgb: Any) -> str:
    r, g, b = (int(c) for c in rgb[:3])
    return f"#{r:02x}{g:02x}{b:02x}"

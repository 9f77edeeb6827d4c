"""Which columns of a table say when, and in which unit, where their names do not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import TableError
from napari_thunder.events.text_table import numeric

Times = NDArray[np.float64]


class Unit(StrEnum):
    """Of the times in a table."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MINUTES = "min"
    FRAMES = "frames"


_SECONDS = {Unit.SECONDS: 1.0, Unit.MILLISECONDS: 1e-3, Unit.MINUTES: 60.0}

_STARTS = ("start_time", "onset", "start", "t_start", "begin", "on", "time", "t")
_STOPS = ("stop_time", "offset", "stop", "end", "t_stop", "t_end", "finish", "off")
_LENGTHS = ("duration", "length", "dur")


@dataclass(frozen=True, slots=True)
class Columns:
    """How to read a table of events.

    Parameters
    ----------
    start
        Column that says when an event begins.
    stop
        Column that says when it ends, or how long it lasts.
    lasts
        Whether `stop` says how long it lasts.
    unit
        Of both.
    """

    start: str = ""
    stop: str = ""
    lasts: bool = False
    unit: Unit = Unit.SECONDS


def guess_columns(table: pd.DataFrame, frame_times: Times | None) -> Columns:
    """What the names and numbers of a table suggest; empty names where nothing does."""
    numbers = number_columns(table)
    start = _named(numbers, _STARTS)
    rest = [name for name in numbers if name != start]
    stop, length = _named(rest, _STOPS), _named(rest, _LENGTHS)
    chosen = Columns(start, stop or length, not stop and bool(length))
    return Columns(chosen.start, chosen.stop, chosen.lasts, suggest_unit(table, chosen, frame_times))


def number_columns(table: pd.DataFrame) -> tuple[str, ...]:
    """The columns of a table that hold numbers."""
    return tuple(str(n) for n in table.columns if pd.to_numeric(table[n], errors="coerce").notna().any())


def suggest_unit(table: pd.DataFrame, columns: Columns, frame_times: Times | None) -> Unit:
    """The unit in which the events lie within the recording: seconds, else milliseconds, else frames."""
    last = _last(table, columns)
    if last is None or frame_times is None or len(frame_times) < 2:
        return Unit.SECONDS
    end = float(frame_times[-1] + np.median(np.diff(frame_times))) * 1.01
    if last <= end:
        return Unit.SECONDS
    if last * 1e-3 <= end and last > 20 * end:
        return Unit.MILLISECONDS
    return Unit.FRAMES if last <= len(frame_times) else Unit.SECONDS


def in_seconds(table: pd.DataFrame, columns: Columns, frame_times: Times | None, where: str) -> pd.DataFrame:
    """The table as `check_events` takes it, its rows still under the labels they had.

    Raises
    ------
    TableError
        If a column is not chosen, or does not hold numbers; or frames are counted and the frame rate is not known.
    """
    for name, what in ((columns.start, "begins"), (columns.stop, "ends or how long it lasts")):
        if name not in table.columns:
            raise TableError(f"{where}: choose the column that says when an event {what}.")
    start, stop = numeric(table[columns.start], where), numeric(table[columns.stop], where)
    if columns.lasts:
        stop = start + stop
    timed = table.drop(columns=list({columns.start, columns.stop, "start_time", "stop_time"} & set(table.columns)))
    timed.insert(0, "start_time", _seconds(start, columns.unit, frame_times))
    timed.insert(1, "stop_time", _seconds(stop, columns.unit, frame_times))
    return timed


def _seconds(times: pd.Series, unit: Unit, frame_times: Times | None) -> pd.Series:
    if unit is not Unit.FRAMES:
        return times * _SECONDS[unit]
    if frame_times is None or len(frame_times) < 2:
        raise TableError("Frames are counted only once the frame rate is known. Give it first.")
    step = float(np.median(np.diff(frame_times)))
    known = np.append(frame_times, frame_times[-1] + step)
    beyond = np.arange(len(known))
    inside = np.interp(times.to_numpy(), beyond, known)
    outside = known[0] + times.to_numpy() * step
    fits = (times >= 0) & (times <= len(frame_times))
    return pd.Series(np.where(fits, inside, outside), times.index)


def _last(table: pd.DataFrame, columns: Columns) -> float | None:
    if columns.start not in table.columns:
        return None
    times = pd.to_numeric(table[columns.start], errors="coerce")
    if columns.stop in table.columns:
        stop = pd.to_numeric(table[columns.stop], errors="coerce")
        times = times + stop if columns.lasts else stop
    last = times.max()
    return float(last) if np.isfinite(last) else None


def _named(columns: tuple[str, ...] | list[str], wanted: tuple[str, ...]) -> str:
    """The column of the first wanted name: exactly, else as part of one."""
    plain = {name.lower().strip().replace(" ", "_"): name for name in columns}
    for name in wanted:
        if name in plain:
            return plain[name]
    parts = {word: name for key, name in plain.items() for word in key.split("_")}
    return next((parts[name] for name in wanted if len(name) > 1 and name in parts), "")

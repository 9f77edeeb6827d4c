"""Regressors made of events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import TableError
from napari_thunder.events.frame_span import Times, frame_duration, frame_ends, frame_mid_times
from napari_thunder.events.kernel import Kernel


def event_regressors(
    events: pd.DataFrame, columns: Sequence[str], frame_times: Times, kernel: Kernel | None
) -> pd.DataFrame:
    """One regressor for each level of a column of the events, or each combination of levels of several.

    Each event is 1 from its start to its stop; events that overlap add up. With a kernel, the exact (closed form)
    causal convolution is taken at the middle of each frame, which is what oversampling approaches. Without one, the
    regressor is the share of each frame that events cover. Frames to be excluded are dropped afterwards, never before.

    Parameters
    ----------
    events
        As `check_events` gives it.
    columns
        Columns whose levels are told apart; none: all events make one regressor, called `event`. An event without a
        value in one of them is in no regressor.
    frame_times
        Start of each frame (t,) in s, rising; they need not be evenly spaced.
    kernel
        Answer of the indicator, of unit area: long events reach 1. None for none.

    Returns
    -------
    DataFrame (t, p)
        Columns such as `direction=30` or `direction=30, speed=2`, sorted by level, indexed by `frame`.

    Raises
    ------
    TableError
        If there is no such column, or no events with values in it.
    """
    groups = event_groups(events, columns)
    made = {name: _regressor(group, frame_times, kernel) for name, group in groups}
    return pd.DataFrame(made, index=pd.RangeIndex(len(frame_times), name="frame"))


def delayed_event_regressors(
    events: pd.DataFrame, columns: Sequence[str], frame_times: Times, delays: Times
) -> pd.DataFrame:
    """One regressor for each level and delay: the time from the start of an event, frame by frame.

    Regressor (level, d) is the share of each frame that lies within [start + d, start + d + one frame) of an event of
    that level, so that its weight is the answer so long after the start, whatever its shape (finite impulse response).
    Events that overlap add up.

    Parameters
    ----------
    events, columns, frame_times
        As of `event_regressors`.
    delays
        (n,) s after the start, one frame apart.

    Returns
    -------
    DataFrame (t, levels · n)
        Columns such as `direction=30 +2 s`, delay by delay within each level, indexed by `frame`.

    Raises
    ------
    TableError
        As `event_regressors`.
    """
    interval = frame_duration(frame_times)
    made = {}
    for name, group in event_groups(events, columns):
        start = group["start_time"].to_numpy(np.float64)
        for delay in delays:
            made[f"{name} {delay:+.6g} s"] = _covered(start + delay, start + delay + interval, frame_times)
    return pd.DataFrame(made, index=pd.RangeIndex(len(frame_times), name="frame"))


def event_groups(events: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    """The events of each level of a column, or each combination of levels of several, sorted by level.

    Names, and events that are in no group, as in `event_regressors`; rows keep their index.

    Raises
    ------
    TableError
        If there is no such column, or no events with values in it.
    """
    for column in columns:
        if column not in events.columns:
            has = ", ".join(map(str, events.columns.drop(["start_time", "stop_time"]))) or "none besides the times"
            raise TableError(f"events: there is no column {column!r}. Its columns are: {has}.")
    if events.empty:
        raise TableError("events: the table has no rows, so there is nothing to make regressors of.")
    if not columns:
        return [("event", events)]
    groups = list(events.groupby(list(columns), sort=True, dropna=True, observed=True))
    if not groups:
        raise TableError(f"events: no row has a value in {' and '.join(map(repr, columns))}.")
    return [(_level_name(columns, levels), group) for levels, group in groups]


def _level_name(columns: Sequence[str], levels: tuple[object, ...]) -> str:
    return ", ".join(f"{column}={_text(level)}" for column, level in zip(columns, levels, strict=True))


def _text(level: object) -> str:
    return f"{level:.10g}" if isinstance(level, float | np.floating) else str(level)


def _regressor(events: pd.DataFrame, frame_times: Times, kernel: Kernel | None) -> NDArray[np.float64]:
    start, stop = events["start_time"].to_numpy(np.float64), events["stop_time"].to_numpy(np.float64)
    if kernel is None:
        return _covered(start, stop, frame_times)
    time = frame_mid_times(frame_times)
    total = np.zeros(len(frame_times))
    for a, b in zip(start, stop, strict=True):
        total += kernel.step_response(time - a) - kernel.step_response(time - b)
    return total


def _covered(start: Times, stop: Times, frame_times: Times) -> NDArray[np.float64]:
    ends = frame_ends(frame_times)
    total = np.zeros(len(frame_times))
    for a, b in zip(start, stop, strict=True):
        total += _overlap(a, b, frame_times, ends)
    # so that frames an event covers are 1 and not 0.9999999999
    return np.round(total, 9)


def _overlap(start: float, stop: float, begins: Times, ends: Times) -> NDArray[np.float64]:
    if len(begins) == 1:
        return np.array([float(start <= begins[0] < stop)])
    shared = np.minimum(stop, ends) - np.maximum(start, begins)
    return np.asarray(np.clip(shared, 0, None) / (ends - begins))

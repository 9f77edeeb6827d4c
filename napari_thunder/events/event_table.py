"""Tables of events: what happened from when to when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import TableError
from napari_thunder.events.frame_span import Times, frame_ends, rounding
from napari_thunder.events.text_table import check_names, first_row, numeric, read_text_table, with_row_labels


def read_events(path: str | Path, *, frame_times: Times | None = None) -> pd.DataFrame:
    """Read a table of events from CSV or TSV.

    Parameters
    ----------
    path
        A text table with a header row. `start_time` and `stop_time` in s (or `onset` and `duration`, as in BIDS and
        nilearn) and any further columns.
    frame_times
        Start of each frame (t,) in s, rising; where given, every event must lie inside the recording.

    Returns
    -------
    DataFrame
        `start_time`, `stop_time` (float64, s) and the further columns, in the order of the file.

    Raises
    ------
    TableError
        As `check_events`; the message names the file and the row as a spreadsheet counts it (the header is row 1).
    """
    return check_events(read_text_table(path), frame_times=frame_times, where=Path(path).name)


def check_events(events: pd.DataFrame, *, frame_times: Times | None = None, where: str = "events") -> pd.DataFrame:
    """A table of events, checked and with its times as numbers.

    Rows are not sorted here: a start time before that of the row above most often means that the tables of two runs
    were joined, and sorting would mix them.

    Parameters
    ----------
    events
        `start_time` and `stop_time` in s (or `onset` and `duration`), and further columns.
    frame_times
        Start of each frame (t,) in s; where given, events must lie between the first start and the end of the last
        frame, but for 1 % of a frame of rounding.
    where
        What messages call the table; rows go by the labels of its index.

    Returns
    -------
    DataFrame
        A new table, indexed from 0: `start_time`, `stop_time` (float64, s), then the further columns.

    Raises
    ------
    TableError
        If a column is missing or there twice, a time is missing or not a number, an event stops before it starts or
        lies outside the recording, or rows are not sorted by start time.
    """
    check_names([str(name) for name in events.columns], where)
    events = with_row_labels(events)
    start_name = _first_of(events, ("start_time", "onset"), where)
    stop_name = _first_of(events, ("stop_time", "duration"), where)
    start, stop = _times(events, start_name, where), _times(events, stop_name, where)
    if stop_name == "duration":
        _check_duration(stop, where)
        stop = start + stop
    _check_order(start, stop, where)
    if frame_times is not None:
        _check_inside(start, stop, frame_times, where)
    further = events.drop(columns=[start_name, stop_name])
    further.insert(0, "start_time", start)
    further.insert(1, "stop_time", stop)
    return further.reset_index(drop=True)


def frames_in_events(events: pd.DataFrame, frame_times: Times) -> list[NDArray[np.intp]]:
    """The frames of each event: those whose start lies in [start_time, stop_time).

    Parameters
    ----------
    events
        As `check_events` gives it.
    frame_times
        Start of each frame (t,) in s, rising.

    Returns
    -------
    list of int arrays
        One for each event, rising, possibly empty. Times may be rounded by 1 % of a frame.
    """
    slack = rounding(frame_times)
    first = np.searchsorted(frame_times, events["start_time"].to_numpy() - slack)
    after = np.searchsorted(frame_times, events["stop_time"].to_numpy() - slack)
    return [np.arange(a, b) for a, b in zip(first, after, strict=True)]


def _first_of(events: pd.DataFrame, names: tuple[str, str], where: str) -> str:
    for name in names:
        if name in events.columns:
            return name
    has = ", ".join(map(str, events.columns)) or "none"
    raise TableError(
        f"{where}: there is no column {names[0]!r} (or {names[1]!r}). Its columns are {has}. "
        "Events need start_time and stop_time (or onset and duration) in seconds."
    )


def _times(events: pd.DataFrame, name: str, where: str) -> pd.Series:
    times = numeric(events[name], where)
    wrong = ~np.isfinite(times)
    if wrong.any():
        row = first_row(wrong)
        what = "the cell is empty" if np.isnan(times[row]) else f"{times[row]} is not a time"
        raise TableError(f"{where}: row {row}: column {name!r}: {what}; give seconds, or remove the row.")
    return times


def _check_duration(duration: pd.Series, where: str) -> None:
    wrong = duration <= 0
    if wrong.any():
        row = first_row(wrong)
        raise TableError(
            f"{where}: row {row}: duration {duration[row]:g} s must be above 0; say how long the event lasted."
        )


def _check_order(start: pd.Series, stop: pd.Series, where: str) -> None:
    wrong = stop <= start
    if wrong.any():
        row = first_row(wrong)
        relation = "is before" if stop[row] < start[row] else "is the same as"
        raise TableError(
            f"{where}: row {row}: stop_time {stop[row]:.10g} {relation} start_time {start[row]:.10g}; "
            "an event must last longer than 0 s."
        )
    backwards = start.diff() < 0
    if backwards.any():
        row = first_row(backwards)
        raise TableError(
            f"{where}: row {row}: start_time {start[row]:.10g} is before that of the row above. "
            "Sort the rows by start_time; if two runs were joined, first add the length of the first to the second."
        )


def _check_inside(start: pd.Series, stop: pd.Series, frame_times: Times, where: str) -> None:
    begin, end, slack = frame_times[0], frame_ends(frame_times)[-1], rounding(frame_times)
    for name, times, wrong in (
        ("start_time", start, start < begin - slack),
        ("stop_time", stop, stop > end + slack),
    ):
        if wrong.any():
            row = first_row(wrong)
            raise TableError(
                f"{where}: row {row}: {name} {times[row]:.10g} s is outside the recording, which runs from "
                f"{begin:.10g} to {end:.10g} s. Check the frame rate and the unit (seconds), or remove the row."
            )

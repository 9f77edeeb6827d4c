"""NWB's tables of time intervals (trials, epochs, stimuli) and of events as one table of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.events.frame_span import frame_duration, frame_ends, rounding
from napari_thunder.io.nwb_objects import Objects, attribute, texts

if TYPE_CHECKING:
    import h5py

Times = NDArray[np.float64]

_INVALID = "invalid_times"
_TIMES = ("start_time", "stop_time", "timestamp", "duration")


def nwb_events(objects: Objects, frame_times: Times | None) -> pd.DataFrame | None:
    """The intervals that lie inside the movie, by start time; None if there are none.

    Parameters
    ----------
    objects
        Of the file.
    frame_times
        Start of each frame (t,) in s; intervals before or after the movie are left out.

    Returns
    -------
    DataFrame
        `start_time`, `stop_time` (s) and the tables' further columns; of several tables, `intervals` says which one a
        row is from. Events that the file gives no duration last a frame. Columns with several values in a row are left
        out, save words (tags), which are joined.
    """
    instant = np.nan if frame_times is None else frame_duration(frame_times)
    tables = {name: _inside(t, frame_times) for name, t in _tables(objects, instant).items() if name != _INVALID}
    tables = {name: table for name, table in tables.items() if len(table)}
    if not tables:
        return None
    if len(tables) > 1:
        tables = {name: table.assign(intervals=name) for name, table in tables.items()}
    events = pd.concat(tables.values(), ignore_index=True)
    return events.sort_values("start_time", kind="stable", ignore_index=True)


def nwb_invalid_frames(objects: Objects, frame_times: Times | None) -> tuple[int, ...]:
    """The frames that touch an interval that the file calls invalid."""
    table = _tables(objects).get(_INVALID)
    if table is None or frame_times is None:
        return ()
    ends = frame_ends(frame_times)
    out = np.zeros(len(frame_times), bool)
    for start, stop in zip(table["start_time"], table["stop_time"], strict=True):
        out |= (frame_times < stop) & (ends > start)
    return tuple(int(frame) for frame in np.flatnonzero(out))


def _tables(objects: Objects, instant: float = np.nan) -> dict[str, pd.DataFrame]:
    found = {}
    for key, group in objects.items():
        kind, name = attribute(group, "neurodata_type"), key.rpartition("/")[2]
        if kind == "TimeIntervals" and "start_time" in group and "stop_time" in group:
            found[name] = _table(group, group["start_time"][:], group["stop_time"][:])
        elif kind == "EventsTable" and "timestamp" in group:
            start = group["timestamp"][:]
            lasting = group["duration"][:] if "duration" in group else np.full(len(start), np.nan)
            found[name] = _table(group, start, start + np.where(lasting > 0, lasting, instant))
    return found


def _table(group: h5py.Group, start: Times, stop: Times) -> pd.DataFrame:
    names = [str(name) for name in group.attrs.get("colnames", ())]
    further = [name for name in names if name not in _TIMES and name in group]
    columns = {"start_time": start, "stop_time": stop} | {name: _column(group, name) for name in further}
    fitting = {name: values for name, values in columns.items() if values is not None and len(values) == len(start)}
    return pd.DataFrame(fitting)


def _column(group: h5py.Group, name: str) -> NDArray[np.generic] | list[str] | None:
    import h5py

    dataset, index = group[name], group.get(f"{name}_index")
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    if dataset.ndim != 1 or not (is_text or dataset.dtype.kind in "uifb"):
        return None
    if index is None:
        return texts(dataset) if is_text else dataset[:]
    return _joined(texts(dataset), index[:]) if is_text and index.ndim == 1 else None


def _joined(words: list[str], ends: NDArray[np.integer]) -> list[str]:
    starts = [0, *ends[:-1]]
    return [", ".join(words[start:end]) for start, end in zip(starts, ends, strict=True)]


def _inside(table: pd.DataFrame, frame_times: Times | None) -> pd.DataFrame:
    start, stop = table["start_time"], table["stop_time"]
    inside = np.isfinite(start) & np.isfinite(stop) & (stop > start)
    if frame_times is not None:
        slack = rounding(frame_times)
        inside &= (start >= frame_times[0] - slack) & (stop <= frame_ends(frame_times)[-1] + slack)
    return table.loc[np.asarray(inside, bool)]

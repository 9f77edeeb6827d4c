"""NWB's behaviour (positions, speeds, pupils and the like) as one table of signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.io.nwb_objects import Objects, attribute, times_of

if TYPE_CHECKING:
    import h5py

Times = NDArray[np.float64]
Trace = tuple[Times, NDArray[np.float64]]

_FOLDER = "/processing/behavior/"
_KINDS = ("TimeSeries", "SpatialSeries")
_MOST_VALUES = 2_000_000
_MOST_COLUMNS = 12


def nwb_signals(objects: Objects, frame_times: Times | None) -> pd.DataFrame | None:
    """What `processing/behavior` holds as traces in time; None if that is nothing.

    Parameters
    ----------
    objects
        Of the file.
    frame_times
        Start of each frame (t,) in s.

    Returns
    -------
    DataFrame
        A column for each trace, in the unit of the file. With the times of the traces if they are the same for all and
        not too many; else by frame, interpolated linearly, NaN before and after the trace. Of a `SpatialSeries` the
        columns end in x, y, z. Series whose times are not known or do not rise are left out.
    """
    series = {key: group for key, group in objects.items() if _is_trace(objects, key)}
    traces: dict[str, Trace] = {}
    for key, group in series.items():
        traces |= _traces(_name(key, series), group)
    if not traces:
        return None
    same = _same_times([times for times, _ in traces.values()])
    if same is not None and len(same) * len(traces) <= _MOST_VALUES:
        index = pd.Index(same, name="time")
        return pd.DataFrame({name: values for name, (_, values) in traces.items()}, index)
    return None if frame_times is None else _by_frame(traces, frame_times)


def _is_trace(objects: Objects, key: str) -> bool:
    """Events with a value (`BehavioralEvents`) are no traces: between them is nothing to interpolate."""
    parent = objects.get(key.rpartition("/")[0])
    group = objects[key]
    if not key.startswith(_FOLDER) or attribute(group, "neurodata_type") not in _KINDS or "data" not in group:
        return False
    data = group["data"]
    of_events = parent is not None and attribute(parent, "neurodata_type") == "BehavioralEvents"
    plain = data.ndim in (1, 2) and data.dtype.kind in "uifb" and data.shape[0] > 1
    return plain and not of_events and (data.ndim == 1 or data.shape[1] <= _MOST_COLUMNS)


def _name(key: str, series: Objects) -> str:
    """The series' name, after that of what it is in if another has the same."""
    names = [other.rpartition("/")[2] for other in series]
    parts = key.split("/")
    return parts[-1] if names.count(parts[-1]) == 1 else " ".join(parts[-2:])


def _traces(name: str, group: h5py.Group) -> dict[str, Trace]:
    data = group["data"]
    times = times_of(group, data.shape[0])
    if times is None or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        return {}
    factor, offset = float(data.attrs.get("conversion", 1)), float(data.attrs.get("offset", 0))
    values = np.asarray(data[:], np.float64).reshape(len(times), -1) * factor + offset
    values[~np.isfinite(values)] = np.nan
    ends = _endings(attribute(group, "neurodata_type"), data)
    return {f"{name}{end}": (times, column) for end, column in zip(ends, values.T, strict=True)}


def _endings(kind: str, data: h5py.Dataset) -> list[str]:
    if data.ndim == 1 or data.shape[1] == 1:
        return [""]
    if kind == "SpatialSeries" and data.shape[1] <= 3:
        return [f" {axis}" for axis in "xyz"[: data.shape[1]]]
    return [f" {number}" for number in range(data.shape[1])]


def _same_times(all_times: list[Times]) -> Times | None:
    first = all_times[0]
    return first if all(np.array_equal(times, first) for times in all_times) else None


def _by_frame(traces: dict[str, Trace], frame_times: Times) -> pd.DataFrame:
    columns = {
        name: np.interp(frame_times, times, values, left=np.nan, right=np.nan)
        for name, (times, values) in traces.items()
    }
    return pd.DataFrame(columns, pd.RangeIndex(len(frame_times), name="frame"))

"""Behaviour and other traces recorded beside the movie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import MissingMetadataError, TableError
from napari_thunder.events.frame_span import Times, rounding
from napari_thunder.events.signal_files import read_json, read_mat, read_npz
from napari_thunder.events.text_table import check_names, first_row, numeric, read_text_table, with_row_labels

_READERS = {".npz": read_npz, ".mat": read_mat, ".json": read_json}


def read_signals(path: str | Path, *, n_frames: int | None = None) -> pd.DataFrame:
    """Read signals from a file.

    Parameters
    ----------
    path
        CSV or TSV (a column for each signal), `.npz`, `.mat` (MATLAB) or Thunder's covariates `.json`.
        A column, array or variable called `time` (s) or `frame` says when; without one there must be a value for each
        frame. Of `.npz` and `.mat`, arrays of another length are left out; a matrix becomes numbered columns.
    n_frames
        Frames of the recording, where known.

    Returns
    -------
    DataFrame
        As `check_signals`.

    Raises
    ------
    TableError
        As `check_signals`, or if the file cannot be read; the message names the file and the row (the header is row 1).
    """
    path = Path(path).expanduser()
    reader = _READERS.get(path.suffix.lower())
    table = reader(path, n_frames) if reader else read_text_table(path)
    return check_signals(table, n_frames=n_frames, where=path.name)


def check_signals(signals: pd.DataFrame, *, n_frames: int | None = None, where: str = "signals") -> pd.DataFrame:
    """Signals as numbers, indexed by `time` or `frame`.

    Parameters
    ----------
    signals
        A column for each signal. The index, or a column, called `time` (s) or `frame` (from 0) says when; without
        one, row i belongs to frame i. Empty cells (NaN) are gaps, which are an error only where they are used.
    n_frames
        Frames of the recording, where known.
    where
        What messages call the table; rows go by the labels of its index.

    Returns
    -------
    DataFrame
        A new table of float64, its index called `time` or `frame`, rising.

    Raises
    ------
    TableError
        If there is no signal, two share a name, a value is not a finite number, times do not rise, or frames are
        outside the recording or not as many as it has.
    """
    check_names([str(name) for name in signals.columns], where)
    signals = signals if signals.index.name in ("time", "frame") else with_row_labels(signals)
    when = _when(signals, n_frames, where)
    named = signals.drop(columns=[n for n in ("time", "frame") if n in signals.columns and n == when.name])
    if named.shape[1] == 0:
        raise TableError(f"{where}: there is no signal in it, only {when.name!r}.")
    columns = {str(name): _finite(numeric(named[name], where), where).to_numpy() for name in named.columns}
    checked = pd.DataFrame(columns, index=pd.Index(when.to_numpy(), name=when.name))
    checked.attrs.update(signals.attrs)
    return checked


def sample_signals(signals: pd.DataFrame, frame_times: Times | None, n_frames: int) -> pd.DataFrame:
    """Signals at the start of each frame, by linear interpolation.

    Parameters
    ----------
    signals
        As `check_signals` gives it; choose columns before (`signals[["swim"]]`), as only these are checked for gaps.
    frame_times
        Start of each frame (t,) in s, rising; not needed for signals indexed by frame.
    n_frames
        Frames of the recording.

    Returns
    -------
    DataFrame (t, n)
        float64, indexed by `frame`.

    Raises
    ------
    MissingMetadataError
        If the signals have times and the frames have none.
    TableError
        If the signals do not cover all frames, or have a gap where a frame is.
    """
    if signals.index.name == "time" and frame_times is None:
        raise MissingMetadataError(
            "signals: they are given by time, but the times of the frames are not known. Give frame_rate= "
            "(--frame-rate on the command line) in frames per second."
        )
    by_time = signals.index.name == "time" and frame_times is not None
    wanted = np.asarray(frame_times if by_time else np.arange(n_frames), np.float64)
    _check_cover(signals, wanted)
    known = signals.index.to_numpy(np.float64)
    sampled = {name: np.interp(wanted, known, signals[name].to_numpy(np.float64)) for name in signals.columns}
    _check_gaps(sampled, wanted, str(signals.index.name))
    return pd.DataFrame(sampled, index=pd.RangeIndex(n_frames, name="frame"))


def _when(signals: pd.DataFrame, n_frames: int | None, where: str) -> pd.Series:
    if "time" in signals.columns:
        return _rising(_complete(numeric(signals["time"], where), where), where)
    if "frame" in signals.columns:
        return _frames(signals["frame"], n_frames, where)
    labels = pd.RangeIndex(len(signals)) if signals.index.name in ("time", "frame") else signals.index
    if signals.index.name == "time":
        return _rising(_complete(numeric(pd.Series(signals.index, labels, name="time"), where), where), where)
    if signals.index.name == "frame":
        return _frames(pd.Series(signals.index, labels, name="frame"), n_frames, where)
    if n_frames is not None and len(signals) != n_frames:
        raise TableError(
            f"{where}: {len(signals)} rows for {n_frames} frames. Give one row for each frame, or a column 'time' "
            "(s) or 'frame' (from 0)."
        )
    return pd.Series(np.arange(len(signals)), labels, name="frame")


def _frames(given: pd.Series, n_frames: int | None, where: str) -> pd.Series:
    frames = _rising(_complete(numeric(given, where), where), where)
    last = np.inf if n_frames is None else n_frames - 1
    wrong = (frames < 0) | (frames > last) | (frames % 1 != 0)
    if wrong.any():
        row = first_row(wrong)
        limits = "whole numbers from 0" if n_frames is None else f"whole numbers from 0 to {n_frames - 1}"
        raise TableError(f"{where}: row {row}: frame {frames[row]:g}: frames of this recording are {limits}.")
    return frames.astype(np.int64)


def _complete(when: pd.Series, where: str) -> pd.Series:
    wrong = ~np.isfinite(when)
    if wrong.any():
        raise TableError(f"{where}: row {first_row(wrong)}: column {when.name!r} must be a finite number in every row.")
    return when


def _rising(when: pd.Series, where: str) -> pd.Series:
    wrong = when.diff() <= 0
    if wrong.any():
        row = first_row(wrong)
        raise TableError(
            f"{where}: row {row}: {when.name} {when[row]:.10g} is not after that of the row above. "
            f"Sort the rows by {when.name} and remove doubles."
        )
    return when


def _finite(values: pd.Series, where: str) -> pd.Series:
    wrong = np.isinf(values)
    if wrong.any():
        row = first_row(wrong)
        raise TableError(f"{where}: row {row}: column {values.name!r}: {values[row]} is not a finite number.")
    return values


def _check_cover(signals: pd.DataFrame, wanted: Times) -> None:
    if signals.empty:
        raise TableError("signals: the table has no rows.")
    known, slack = signals.index.to_numpy(np.float64), rounding(wanted)
    if known[0] > wanted[0] + slack or known[-1] < wanted[-1] - slack:
        what = f"{signals.index.name} {{:.10g}} to {{:.10g}}{' s' if signals.index.name == 'time' else ''}"
        raise TableError(
            f"signals: they cover {what.format(known[0], known[-1])}, but the frames of the recording run from "
            f"{what.format(wanted[0], wanted[-1])}. Give signals that cover every frame, or check the frame rate and "
            "the unit (seconds)."
        )


def _check_gaps(sampled: dict[str, NDArray[np.float64]], wanted: Times, index_name: str) -> None:
    for name, values in sampled.items():
        missing = np.flatnonzero(np.isnan(values))
        if missing.size:
            raise TableError(
                f"signals: column {name!r} has no value at {missing.size} of {len(values)} frames, the first at "
                f"{index_name} {wanted[missing[0]]:.10g}. Fill the gap before opening."
            )

"""Epochs: the frames of each condition, so that a registration can be judged in each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError
from napari_thunder.events import frames_in_events, sample_signals

Epochs = dict[str, NDArray[np.bool_]]
"""By name: (t,) True for the frames of the epoch."""

MOST = 24
"""Epochs at most: of more, nobody reads a table."""


def epochs_of_events(events: pd.DataFrame, frame_times: NDArray[np.float64], column: str | None = None) -> Epochs:
    """The frames of each value of a column of events (the first further column if none is named, else each row)."""
    further = [str(name) for name in events.columns if name not in ("start_time", "stop_time")]
    if column is not None and column not in further:
        raise RegistrationError(
            f"epochs: the events have no column {column!r}. They have: {', '.join(further) or 'none'}."
        )
    by = column or (further[0] if further else None)
    names = [str(i + 1) for i in range(len(events))] if by is None else [_name(by, value) for value in events[by]]
    spans = frames_in_events(events, frame_times)
    found: Epochs = {}
    order = range(len(events)) if by is None else np.argsort(events[by].to_numpy(), kind="stable")
    for name, frames in ((names[i], spans[i]) for i in order):
        found.setdefault(name, np.zeros(len(frame_times), bool))[frames] = True
    return _few(found, "the events")


def epochs_of_signal(
    signals: pd.DataFrame,
    name: str,
    threshold: float | None,
    frame_times: NDArray[np.float64] | None,
    n_frames: int,
) -> Epochs:
    """The frames in which a signal is above a threshold, and those in which it is not."""
    if name not in signals.columns:
        raise RegistrationError(f"epochs: there is no signal {name!r}. There are: {', '.join(map(str, signals))}.")
    trace = sample_signals(signals[[name]], frame_times, n_frames)[name].to_numpy()
    if threshold is None:
        threshold = float(np.mean(np.percentile(trace, [5, 95])))
        if not (trace > threshold).any():
            threshold = float(trace.min())  # a signal that is mostly 0
    above = trace > threshold
    return {f"{name} > {threshold:.4g}": above, f"{name} ≤ {threshold:.4g}": ~above}


def _name(column: str, value: object) -> str:
    number = isinstance(value, float | int | np.number) and not isinstance(value, bool)
    return f"{column} {value:g}" if number else str(value)


def _few(epochs: Epochs, what: str) -> Epochs:
    if len(epochs) > MOST:
        raise RegistrationError(
            f"epochs: {what} name {len(epochs)} of them; at most {MOST} can be judged. Choose a column with fewer "
            "values, or join them."
        )
    return epochs

"""What the canvas says of the frame that is shown: its time, its number, the stimulus, and what is under way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from napari_thunder.recording import Recording

_SAID = ("start_time", "stop_time")
_MOST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class CanvasState:
    """What a caption adds to time and stimulus.

    Parameters
    ----------
    recording
        Name of the recording, if there are several.
    view
        Name of the view, unless it is the raw one.
    under_way
        `loading…`, `coarse`, or what else is to be known of the picture.
    """

    recording: str = ""
    view: str = ""
    under_way: str = ""


class Captions:
    """Makes captions of one recording; made once, asked at every frame.

    Parameters
    ----------
    recording
        Whose times, events and excluded frames are said.
    """

    def __init__(self, recording: Recording) -> None:
        self._times = recording.frame_times
        self._features = recording.features
        self._excluded = frozenset(recording.left_out)
        self._decimals = _decimals(self._times)
        events = recording.events if self._times is not None else None
        self._starts = None if events is None else events["start_time"].to_numpy(float)
        self._stops = None if events is None else events["stop_time"].to_numpy(float)
        self._labels = () if events is None else tuple(_labels(events))

    def __call__(self, frame: int, state: CanvasState = CanvasState()) -> str:
        """`12.4 s · frame 62 · direction 90`, and a second line if there is more to say."""
        first = [*self._time(frame), self._name(frame), *self._stimulus(frame)]
        if frame in self._excluded:
            first.append("excluded")
        second = [part for part in (state.recording, state.view, state.under_way) if part]
        return "\n".join(" · ".join(line) for line in (first, second) if line)

    def _name(self, frame: int) -> str:
        return self._features[frame] if self._features else f"frame {frame}"

    def _time(self, frame: int) -> list[str]:
        return [] if self._times is None else [f"{self._times[frame]:.{self._decimals}f} s"]

    def _stimulus(self, frame: int) -> list[str]:
        """What is on while the frame is taken; of events that overlap, the one that began last."""
        if self._times is None or self._starts is None or self._stops is None:
            return []
        on = np.flatnonzero((self._starts <= self._times[frame]) & (self._times[frame] < self._stops))
        if not on.size:
            return []
        label = self._labels[on[self._starts[on].argmax()]]
        return [label or "stimulus"]


def _decimals(times: np.ndarray[Any, Any] | None) -> int:
    """As many as tell the times of frames as they are, three at most: 0.5 s needs one, 0.25 s two."""
    if times is None or len(times) < 2:
        return 1
    interval = float(np.median(np.diff(times)))
    return next((n for n in (1, 2) if abs(round(interval, n) - interval) <= 0.03 * interval), 3)


def _labels(events: pd.DataFrame) -> list[str]:
    columns = [c for c in events.columns if c not in _SAID][:_MOST_COLUMNS]
    values = (events[c].tolist() for c in columns)
    rows = zip(*values, strict=True) if columns else ([] for _ in range(len(events)))
    return [", ".join(_said(str(c), v) for c, v in zip(columns, row, strict=True) if not pd.isna(v)) for row in rows]


def _said(column: str, value: object) -> str:
    return f"{column} {value:g}" if isinstance(value, float) else f"{column} {value}"

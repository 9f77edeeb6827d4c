"""When frames start and end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

ROUNDING = 0.01
"""Share of a frame by which times in a file may be rounded."""


def frame_duration(frame_times: Times) -> float:
    """The usual time from one frame to the next in s; inf for a single frame."""
    return float(np.median(np.diff(frame_times))) if len(frame_times) > 1 else float("inf")


def frame_ends(frame_times: Times) -> Times:
    """End of each frame (t,) in s: the start of the next; the last lasts as long as is usual."""
    return np.append(frame_times[1:], frame_times[-1] + frame_duration(frame_times))


def frame_mid_times(frame_times: Times) -> Times:
    """Middle of each frame (t,) in s; a single frame's is its start."""
    if len(frame_times) == 1:
        return frame_times.copy()
    return (frame_times + frame_ends(frame_times)) / 2


def rounding(frame_times: Times) -> float:
    """How far a time in a file may lie off in s, because it was rounded on writing."""
    return ROUNDING * frame_duration(frame_times) if len(frame_times) > 1 else 0.0

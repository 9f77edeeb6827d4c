"""The time axis of a recording: seconds, or frames where their times are not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.recording import Recording


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """What stands on the time axis.

    Parameters
    ----------
    times
        (t,) of each frame.
    in_seconds
        Whether that is in s, or else the number of the frame.
    features
        What each frame is called, where frames are maps of a result.
    """

    times: NDArray[np.float64]
    in_seconds: bool
    features: tuple[str, ...] = ()

    @classmethod
    def of(cls, recording: Recording) -> TimeAxis:
        """The axis of a recording."""
        if recording.frame_times is None:
            return cls(np.arange(recording.shape[0], dtype=np.float64), False, recording.features)
        return cls(np.asarray(recording.frame_times, np.float64), True)

    @property
    def label(self) -> str:
        """What is written at the axis."""
        return "time (s)" if self.in_seconds else "feature" if self.features else "frame"

    @property
    def span(self) -> tuple[float, float]:
        """From the first frame to the end of the last."""
        last = self.times[-1] - self.times[-2] if len(self.times) > 1 else 1.0
        return float(self.times[0]), float(self.times[-1] + last)

    def time_of(self, frame: int) -> float:
        """Where a frame stands on the axis."""
        return float(self.times[min(max(frame, 0), len(self.times) - 1)])

    def frame_at(self, time: float) -> int:
        """The frame that starts nearest to a time."""
        after = int(np.clip(np.searchsorted(self.times, time), 1, max(1, len(self.times) - 1)))
        if len(self.times) < 2:
            return 0
        return after if self.times[after] - time < time - self.times[after - 1] else after - 1

    def of_signals(self, signals: pd.DataFrame) -> NDArray[np.float64] | None:
        """Where the rows of signals stand on the axis; None if that cannot be said."""
        index = signals.index.to_numpy(np.float64)
        if signals.index.name == "time":
            return index if self.in_seconds else None
        return np.interp(index, np.arange(len(self.times)), self.times)

    def words(self, frame: int) -> str:
        """`12.5 s · frame 25`, or the name of the feature."""
        if self.features:
            return self.features[frame] if 0 <= frame < len(self.features) else f"feature {frame}"
        return f"{self.time_of(frame):.4g} s · frame {frame}" if self.in_seconds else f"frame {frame}"


def why_no_signals(recording: Recording | None, axis: TimeAxis | None) -> str:
    """What keeps behaviour signals from being shown; empty if nothing does."""
    if recording is None or axis is None:
        return "Open a recording first."
    if recording.signals is None:
        return "This recording has no behaviour signals: attach a file under Data."
    if axis.of_signals(recording.signals) is None:
        return "The signals are given in seconds: say the frame rate under Data first."
    return ""

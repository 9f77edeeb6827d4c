"""Series at even steps of time, with what excluded frames left open filled in, for filters and spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.errors import AnalysisError

_UNEVEN = 0.02
"""Share of a frame's time by which frames may begin early or late and still count as evenly spaced."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Fills excluded frames of series (kept frames, voxels) by a straight line between the kept ones around them.

    Before the first kept frame and after the last it stands still.

    Parameters
    ----------
    low, high
        (t,) places among the kept frames on either side of each frame.
    share
        (t,) of the way from the one to the other.
    """

    low: NDArray[np.intp]
    high: NDArray[np.intp]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, keep: NDArray[np.bool_]) -> Filled:
        """For these kept frames (t,)."""
        kept = np.flatnonzero(keep)
        place = np.interp(np.arange(len(keep)), kept, np.arange(len(kept)))
        low = np.floor(place).astype(np.intp)
        return cls(low, np.minimum(low + 1, len(kept) - 1), place - low)

    def __call__(self, series: Series) -> Series:
        """Series (t, voxels) of all frames."""
        if len(series) == len(self.low):
            return series
        filled: Series = series[self.low]
        filled += self.share[:, None] * (series[self.high] - filled)
        return filled


def even_interval(context: Context, what: str) -> float:
    """Seconds from frame to frame.

    Raises
    ------
    MissingMetadataError
        If the frame times are not known.
    AnalysisError
        If they are not evenly spaced.
    """
    times = context.need_frame_times(what)
    context.need_frames(2, what)
    interval = float((times[-1] - times[0]) / (len(times) - 1))
    late = np.abs(times - times[0] - interval * np.arange(len(times))).max()
    if late > _UNEVEN * interval:
        raise AnalysisError(
            f"{context.name}: {what} needs evenly spaced frames, but some begin up to {late:.3g} s beside an even pace "
            f"of {interval:.3g} s. If the pace was even, give frame_rate= (--frame-rate on the command line) instead."
        )
    return interval

"""The series as change relative to a baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.preprocessing.rolling import RollingPercentile, percentile
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DeltaFOverF:
    """Express each voxel as ΔF/F = (F − F0) / max(F0 + offset, floor), F0 its baseline.

    Parameters
    ----------
    baseline
        `percentile`: one F0 for the whole recording, the `percentile` over time, interpolated between values.
        `mean`: one F0, the mean over time. `rolling`: the `percentile` over a window of `window` s around each frame.
    percentile
        0 to 100.
    window
        In s, for `rolling`. The window of a frame at time τ holds the kept frames from τ − window/2 to τ + window/2; at
        the ends of the recording it is cut off, not mirrored, and percentiles are interpolated among what is left.
    offset
        Added to F0 in the denominator only, in units of F. Thunder added 0.1.
    floor
        Least denominator, in units of F, such as the noise; 0 for none.

    Notes
    -----
    A voxel whose denominator is not above 0 (anywhere, for `rolling`) becomes NaN: it has no usable baseline.
    Subtract the camera's offset first, or ΔF/F is too small; at a baseline near 0 it blows up, which `floor` prevents.
    Excluded frames are in no window. Thunder's `window-exact` with an even width w took w + 1 frames, as this does
    with window = w frames; its faster `window` (a rank without interpolation, edge values repeated) is not offered.

    References
    ----------
    Freeman et al. 2014, Nat. Methods 11:941 (percentile 20). Rolling: suite2p takes percentile 8 over 60 s,
    voluseg 10 over 300 s.
    """

    title: ClassVar[str] = "ΔF/F"
    summary: ClassVar[str] = "Express each voxel as change relative to its baseline"

    percentile: float = parameter(
        20.0, help="Percentile over time that is the baseline", unit="%", minimum=0, maximum=100
    )
    baseline: str = parameter(
        "percentile",
        help="One percentile or the mean of the whole recording, or a percentile over a rolling window",
        choices=("percentile", "mean", "rolling"),
    )
    window: float = parameter(60.0, help="Length of the rolling window", unit="s", minimum=1e-6)
    offset: float = parameter(0.0, help="Added to the baseline in the denominator, in units of the movie")
    floor: float = parameter(0.0, help="Least denominator, in units of the movie; 0 for none", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        return partial(_relative_change, baseline=self._baseline(context), offset=self.offset, floor=self.floor)

    def _baseline(self, context: Context) -> Callable[[Series], Values]:
        if self.baseline == "mean":
            return _mean
        if self.baseline == "percentile":
            return partial(percentile, q=self.percentile)
        times = context.need_frame_times("a rolling baseline")[context.keep]
        slack = 1e-6 * self.window
        start = np.searchsorted(times, times - self.window / 2 - slack)
        stop = np.searchsorted(times, times + self.window / 2 + slack, side="right")
        return RollingPercentile(start, stop, self.percentile)


def _mean(series: Series) -> Values:
    mean: Values = series.mean(axis=0)
    return mean


def _relative_change(series: Series, baseline: Callable[[Series], Values], offset: float, floor: float) -> Series:
    with np.errstate(all="ignore"):
        f0 = baseline(series)
        series -= f0
        f0 += offset
        np.maximum(f0, floor, out=f0)
        series /= f0
        unusable = ~(f0 > 0) if f0.ndim == 1 else ~(f0 > 0).all(axis=0)
        if unusable.any():
            series[:, unusable] = np.nan
    return series

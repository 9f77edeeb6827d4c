"""Frequencies are taken out of the series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from napari_thunder.analysis.even import Filled, even_interval
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TemporalFilter:
    """Keep what is slower, faster or between two frequencies: a Butterworth filter, forwards and backwards.

    Parameters
    ----------
    low
        In Hz: what is slower is damped. 0: nothing slow is.
    high
        In Hz: what is faster is damped. 0: nothing fast is.
    order
        Of the filter; going both ways doubles it, and halves the power at `low` and `high` twice over (to a quarter).
    keep_mean
        Give each voxel its mean back, so that ΔF/F can follow.

    Notes
    -----
    Without delay (zero phase), so an answer begins to rise before its cause by about 1 / `high`. Excluded frames are
    filled in by straight lines. The ends are continued by their mirror image turned upside down (scipy's `odd`).

    References
    ----------
    `scipy.signal.butter` in second-order sections, `scipy.signal.sosfiltfilt`.
    """

    title: ClassVar[str] = "Temporal filter"
    summary: ClassVar[str] = "Keep what is slower, faster or between two frequencies, without delay"

    low: float = parameter(0.0, help="Damp what is slower; 0 for nothing", unit="Hz", minimum=0)
    high: float = parameter(0.2, help="Damp what is faster; 0 for nothing", unit="Hz", minimum=0)
    order: int = parameter(2, help="Order of the filter", minimum=1, maximum=8)
    keep_mean: bool = parameter(True, help="Keep the mean of each voxel, as ΔF/F needs it")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels)."""
        sections = self._sections(context)
        padding = min(3 * (2 * len(sections) + 1), context.n_frames - 1)
        kept = None if context.keep.all() else np.flatnonzero(context.keep)
        return Filter(sections, padding, Filled.of(context.keep), kept, self.keep_mean)

    def _sections(self, context: Context) -> Values:
        where = f"{context.name}: {self.title}"
        context.need_frames(2, self.title)
        rate = 1 / even_interval(context, self.title)
        if not (self.low or self.high):
            raise AnalysisError(f"{where}: give low=, high= or both, in Hz.")
        if self.low and self.high and self.low >= self.high:
            raise AnalysisError(f"{where}: low={self.low:g} Hz must be below high={self.high:g} Hz.")
        if max(self.low, self.high) >= rate / 2:
            raise AnalysisError(
                f"{where}: {max(self.low, self.high):g} Hz is not below half the frame rate, {rate / 2:.4g} Hz."
            )
        if self.low and self.high:
            return signal.butter(self.order, (self.low, self.high), "bandpass", fs=rate, output="sos")
        if self.low:
            return signal.butter(self.order, self.low, "highpass", fs=rate, output="sos")
        return signal.butter(self.order, self.high, "lowpass", fs=rate, output="sos")


@dataclass(frozen=True, slots=True)
class Filter:
    """What `TemporalFilter` does to series (t, voxels)."""

    sections: Values
    padding: int
    fill: Filled
    kept: NDArray[np.intp] | None
    keep_mean: bool

    def __call__(self, series: Series) -> Series:
        """The filtered series (t, voxels); a constant voxel stays so, one with NaN becomes NaN."""
        mean, _, valid = centre(series)
        series[:, ~valid] = np.where(np.isfinite(mean[~valid]), 0.0, np.nan)
        filtered: Series = signal.sosfiltfilt(self.sections, self.fill(series), axis=0, padlen=self.padding)
        if self.kept is not None:
            filtered = filtered[self.kept]
        if self.keep_mean:
            filtered += mean
        return filtered

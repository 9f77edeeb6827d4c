"""The series are convolved with given weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.even import Filled
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class Convolve:
    """Convolve each voxel along time with weights: y(t) = Σ w(k) x(t + c − k), c the middle of the weights.

    Parameters
    ----------
    weights
        One for each frame of the kernel; of an even number the middle is the one before the centre. Three times 1/3 is
        a rolling mean of three frames.
    ends
        What counts as lying outside the recording: `zero`, as in `numpy.convolve`, or `nearest`: the first and the last
        value over again.

    Notes
    -----
    Excluded frames are filled in by straight lines, and left out again. With `zero` the ends fall off by as much as the
    baseline is high: use it after ΔF/F or `Detrend`. Smoothing along time makes frames alike: p values that count
    frames as independent become too small.

    References
    ----------
    `numpy.convolve(mode="same")`; Thunder `TimeSeries.convolve`.
    """

    title: ClassVar[str] = "Convolve"
    summary: ClassVar[str] = "Convolve each voxel along time with given weights"

    weights: tuple[float, ...] = parameter((0.25, 0.5, 0.25), help="One for each frame of the kernel")
    ends: str = parameter("nearest", help="What lies outside the recording", choices=("nearest", "zero"))

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels)."""
        if not self.weights:
            raise AnalysisError(f"{context.name}: {self.title}: give weights=, such as 0.25,0.5,0.25.")
        context.need_frames(len(self.weights), f"convolving with {len(self.weights)} weights")
        kept = None if context.keep.all() else np.flatnonzero(context.keep)
        return Convolved(self.weights, self.ends == "zero", Filled.of(context.keep), kept)


@dataclass(frozen=True, slots=True)
class Convolved:
    """What `Convolve` does to series (t, voxels).

    Parameters
    ----------
    weights
        Of the kernel.
    zero
        Whether 0 lies outside; else the nearest value.
    fill, kept
        From kept frames to all and back.
    """

    weights: tuple[float, ...]
    zero: bool
    fill: Filled
    kept: NDArray[np.intp] | None

    def __call__(self, series: Series) -> Series:
        """The convolved series (t, voxels); a voxel with NaN becomes NaN."""
        filled = self.fill(series)
        n = len(filled)
        ahead = (len(self.weights) - 1) // 2
        behind = len(self.weights) - 1 - ahead
        mode = "constant" if self.zero else "edge"
        padded = np.pad(filled, ((behind, ahead), (0, 0)), mode=mode)  # type: ignore[call-overload]
        total: Series = np.zeros_like(filled)
        with np.errstate(invalid="ignore"):
            for k, weight in enumerate(self.weights):
                first = behind + ahead - k
                total += weight * padded[first : first + n]
            total[:, ~np.isfinite(series.sum(axis=0))] = np.nan
        return total if self.kept is None else total[self.kept]

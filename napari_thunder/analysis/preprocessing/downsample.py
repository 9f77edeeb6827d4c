"""Several frames become one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.preprocessing.frames import mean_of_runs
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class Downsample:
    """Replace each run of `factor` frames by its mean, so that noise falls and everything after it is faster.

    Parameters
    ----------
    factor
        Frames of a run. The frames left over at the end are dropped.

    Notes
    -----
    Excluded frames are left out of the mean; a run of only excluded frames stays excluded. The new frames are numbered
    from 0 and begin when the first of their run did; events keep their times in s, and regressors and windows are made
    for the longer frames. Signals and motion are sampled at the old frames and averaged likewise. A table of regressors
    (`design`) needs one row for each new frame. What changes faster than half the new frame rate is damped by the mean,
    but not removed: filter first if it matters.

    References
    ----------
    Thunder `TimeSeries.downsample`.
    """

    title: ClassVar[str] = "Downsample in time"
    summary: ClassVar[str] = "Replace each run of frames by its mean"

    factor: int = parameter(2, help="Frames that become one", minimum=1)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series of the new frames (t / factor, voxels)."""
        context.need_frames(2 * self.factor, f"averaging runs of {self.factor} frames")
        count = context.n_frames // self.factor
        if context.keep[: count * self.factor].all():
            return partial(_means, length=self.factor, count=count)
        run = np.flatnonzero(context.keep[: count * self.factor]) // self.factor
        starts = np.flatnonzero(np.diff(run, prepend=-1))
        return partial(_means_of_uneven, starts=starts, stop=len(run))

    def after(self, context: Context) -> Context:
        """What is known of the new frames."""
        return mean_of_runs(context, self.factor)


def _means(series: Series, length: int, count: int) -> Series:
    runs = series[: count * length].reshape(count, length, -1)
    mean: Series = runs.mean(axis=1)
    return mean


def _means_of_uneven(series: Series, starts: NDArray[np.intp], stop: int) -> Series:
    total: Series = np.add.reduceat(series[:stop], starts, axis=0)
    total /= np.diff(starts, append=stop)[:, None]
    return total

"""Only some of the frames are used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.preprocessing.frames import every
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class Subsample:
    """Use only every k-th frame, from the first one on.

    Parameters
    ----------
    step
        Frames from one that is used to the next.

    Notes
    -----
    The new frames are numbered from 0 and last until the next one; a frame that was excluded stays so. What changes
    faster than half the new frame rate turns up as something slow that is not there: filter first, or use `Downsample`.
    A table of regressors (`design`) needs one row for each new frame.

    References
    ----------
    Thunder `TimeSeries.subsample`.
    """

    title: ClassVar[str] = "Subsample in time"
    summary: ClassVar[str] = "Use only every k-th frame"

    step: int = parameter(2, help="Frames from one that is used to the next", minimum=1)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series of the new frames (t / step, voxels)."""
        chosen = np.flatnonzero(np.flatnonzero(context.keep) % self.step == 0)
        if len(chosen) < 2:
            raise AnalysisError(
                f"{context.name}: {self.title}: step={self.step} leaves {len(chosen)} of {context.n_kept} frames. "
                "Give a smaller step."
            )
        return partial(_chosen, frames=chosen)

    def after(self, context: Context) -> Context:
        """What is known of the new frames."""
        return every(context, self.step)


def _chosen(series: Series, frames: NDArray[np.intp]) -> Series:
    return series[frames]

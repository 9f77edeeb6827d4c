"""What the whole brain does together is taken out of the series."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.groups import add
from napari_thunder.analysis.preprocessing.remove_signals import without
from napari_thunder.analysis.protocol import Answer, Context, Reduce, Request, Series
from napari_thunder.analysis.statistics import orthonormal
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class RemoveGlobalSignal:
    """Take out of each voxel what the mean over the brain explains: y − g (g'y / g'g), g the centred mean series.

    Parameters
    ----------
    derivatives
        Also take out its change from frame to frame.

    Notes
    -----
    The mean is that of all finite voxels (of the mask, if there is one), as they are at this place of the chain: after
    ΔF/F every voxel counts alike, before it bright ones count more. It takes a pass over the brain. The mean of each
    voxel stays. Afterwards correlations between voxels are about 0 on average, so negative ones appear that were not
    there; and an answer that much of the brain shares is lost.

    Raises
    ------
    AnalysisError
        If no voxel is finite, or the mean is constant.

    References
    ----------
    Murphy & Fox 2017, NeuroImage 154:169 (what it does and does not).
    """

    title: ClassVar[str] = "Remove the global signal"
    summary: ClassVar[str] = "Take out what the mean over the brain explains"

    derivatives: bool = parameter(False, help="Also its change from frame to frame")

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Generator[Request, Answer, Callable[[Series], Series]]:
        """A pass for the mean, then series (t, voxels) → series (t, voxels), changed in place."""
        context.need_frames(4, self.title)
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Request, Answer, Callable[[Series], Series]]:
        summed = yield Reduce(_sum, add, "averaging the brain")
        if not summed["n_voxels"]:
            raise AnalysisError(f"{context.name}: {self.title}: no voxel is finite in every frame; there is no mean.")
        mean = summed["total"] / summed["n_voxels"]
        if np.ptp(mean) <= 1e-12 * np.abs(mean).max():
            raise AnalysisError(
                f"{context.name}: {self.title}: the mean over the brain is constant, as after a z-score of frames or "
                "when it was taken out before. Leave this step out."
            )
        columns = mean[:, None]
        if self.derivatives:
            columns = np.concatenate([columns, _change(mean, context)[:, None]], axis=1)
        return partial(without, basis=orthonormal(columns - columns.mean(axis=0)))


def _change(mean: Series, context: Context) -> Series:
    """Change from frame to frame, by central differences over the kept frames and their numbers."""
    change: Series = np.gradient(mean, np.flatnonzero(context.keep))
    return change


def _sum(series: Series) -> Answer:
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(series.sum(axis=0))
    if not finite.all():
        series = series[:, finite]
    return {"total": series.sum(axis=1), "n_voxels": np.array(series.shape[1])}

"""What known signals explain is taken out of the series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import task_regressors
from napari_thunder.analysis.preprocessing.detrend import cosines
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.analysis.statistics import centre, orthonormal
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RemoveSignals:
    """Take out of each voxel what signals or the brain's motion explain: y − Q Q'y, Q a basis of the centred signals.

    Parameters
    ----------
    signals
        Behaviour signals, sampled at the frames.
    motion
        The mean shift of each frame (z, y, x), where the recording is read with its motion undone.
    derivatives
        Also the change of each from frame to frame (central differences over the kept frames).
    period
        In s: also what is slower than this, as cosines, at once with the signals. After a `Detrend` of its own, signals
        that drift would bring the drift back. 0: no.

    Notes
    -----
    The mean of each voxel stays. What signals share with the stimulus goes with them: swimming fish move, so taking out
    motion may take out the answer to swimming. A voxel with nothing left but rounding becomes constant.

    References
    ----------
    Nuisance regression as in nilearn's `clean`; Lindquist et al. 2019, Hum. Brain Mapp. 40:2358 (why at once).
    """

    title: ClassVar[str] = "Remove signals"
    summary: ClassVar[str] = "Take out what behaviour signals or the brain's motion explain"

    signals: tuple[str, ...] = parameter((), help="Behaviour signals that are taken out", source="signals")
    motion: bool = parameter(False, help="Take out the shifts of a registered recording")
    derivatives: bool = parameter(False, help="Also their change from frame to frame")
    period: float = parameter(
        0.0, help="Also take out what is slower than this, as cosines; 0 for no", unit="s", minimum=0
    )

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        context.need_frames(2, self.title)
        columns = self._columns(context)[context.keep]
        if self.derivatives:
            change = np.gradient(columns, np.flatnonzero(context.keep), axis=0)
            columns = np.concatenate([columns, change], axis=1)
        if self.period:
            slow = cosines(context, self.period)[context.keep]
            columns = np.concatenate([columns, slow], axis=1)
        context.need_frames(columns.shape[1] + 2, f"taking out {columns.shape[1]} signals")
        return partial(without, basis=orthonormal(columns - columns.mean(axis=0)))

    def _columns(self, context: Context) -> Values:
        tables = [t.to_numpy(np.float64) for t in task_regressors(context, None, self.signals, None, self.title)]
        if self.motion:
            tables.append(_motion(context, self.title))
        if not tables:
            raise AnalysisError(f"{context.name}: {self.title}: give signals= (names of signals), or motion=true.")
        return np.concatenate(tables, axis=1)


def _motion(context: Context, what: str) -> Values:
    if context.motion is None:
        raise AnalysisError(
            f"{context.name}: {what}: its motion is not known. Register it first, and use the registration."
        )
    known = np.asarray(np.isfinite(context.motion).all(axis=1))
    if not known[context.keep].all():
        frame = int(np.flatnonzero(context.keep & ~known)[0])
        raise AnalysisError(f"{context.name}: {what}: the motion of frame {frame} is not known. Exclude that frame.")
    return np.nan_to_num(context.motion)


def without(series: Series, basis: Values) -> Series:
    """Series (t, voxels) without what a centred orthonormal basis (t, p) explains, in place; their means stay."""
    mean, before, _ = centre(series)
    with np.errstate(all="ignore"):
        series -= basis @ (basis.T @ series)
        rounding = len(series) * np.finfo(np.float64).eps
        left = np.einsum("tv,tv->v", series, series)
        series[:, left <= rounding**2 * (before + len(series) * mean**2)] = 0
        series += mean
    return series

"""How much of each voxel's activity may be motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.design import task_regressors
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, orthonormal, sum_of_squares, upper_p, with_adjusted_p
from napari_thunder.errors import AnalysisError, MissingMetadataError
from napari_thunder.events import KERNELS
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_MAPS = (
    Map("r_squared", "share of variance explained by motion", Role.FRACTION),
    Map("adjusted_r_squared", "share of variance explained by motion, adjusted for chance", Role.SIGNED),
    Map("f_statistic", "F of the motion regressors", Role.VALUE),
    Map("p", "p of the motion regressors", Role.PROBABILITY),
)
_BESIDE = (
    Map("unique_r_squared", "share of variance explained by motion alone", Role.FRACTION),
    Map("task_r_squared", "share of variance explained by events and signals alone", Role.FRACTION),
    Map("shared_r_squared", "share of variance that both explain", Role.SIGNED),
)
_AXES = ("z", "y", "x")


@dataclass(frozen=True, slots=True)
class MotionShare:
    """How much of each voxel's variance over time goes with the motion of the brain: R² of the shifts.

    Least squares of each voxel on a constant and the shifts d(t) that are undone as the recording is read; optionally
    their derivatives d(t) − d(t − 1) and the squares of all of these. What is left after a shift was undone (light
    that moved in or out of focus, resampling, a plane that was missed) shows here.

    Parameters
    ----------
    derivatives
        Also the change of the shift since the frame before (0 for the first one).
    squares
        Also the squares of these, as brightness changes with motion in either direction alike.
    events_by, signals
        Events and behaviour that motion competes with, as in Regression; then R² is also split between them.
    kernel
        Calcium indicator that events and signals are convolved with.

    Returns
    -------
    r_squared, adjusted_r_squared : (z, y, x)
        1 − RSS / TSS of motion without anything else; and 1 − (1 − R²)(n − 1) / (n − 1 − p), which is 0 on average
        where there is nothing.
    f_statistic, p, p_fdr : (z, y, x)
        Of the motion regressors (beside events and signals, if there are any); adjusted by Benjamini & Hochberg.
    unique_r_squared, task_r_squared, shared_r_squared : (z, y, x)
        With events or signals: what only motion explains (R² of all − R² of events and signals), what only events and
        signals explain, and what both do: R² of all minus these two.
    motion : (frame, regressor)
        The regressors, in voxels.

    Raises
    ------
    MissingMetadataError
        If no motion is undone in this recording.
    AnalysisError
        If nothing moves, or there are too few frames.

    Notes
    -----
    p counts frames as independent: use it to rank. An animal that moves when it swims has swimming and motion together:
    a large `shared_r_squared` says that neither can be ruled out.

    References
    ----------
    Friston et al. 1996, Magn. Reson. Med. 35:346 (derivatives and squares); `statsmodels.OLS`.
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Motion share"
    summary: ClassVar[str] = "How much of each voxel's variance goes with the motion of the brain"

    derivatives: bool = parameter(True, help="Also the change of the shift since the frame before")
    squares: bool = parameter(False, help="Also the squares of shifts (and changes)", fine=True)
    events_by: tuple[str, ...] | None = parameter(
        None,
        help="Columns of the events that compete with motion; empty for all events as one",
        source="event columns",
    )
    signals: tuple[str, ...] = parameter((), help="Behaviour signals that compete with motion", source="signals")
    kernel: str | None = parameter(
        None, help="Calcium indicator that events and signals are convolved with", choices=tuple(KERNELS)
    )

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        names, regressors = self._regressors(context)
        motion = orthonormal(_centred(regressors))
        if motion.shape[1] == 0:
            raise AnalysisError(f"{context.name}: {self.title}: all kept frames have the same shift: nothing moves.")
        task = self._task(context)
        beside = orthonormal(motion, beside=task)
        if beside.shape[1] == 0:
            raise AnalysisError(
                f"{context.name}: {self.title}: events and signals explain all motion, so they cannot be told apart."
            )
        dof = context.n_kept - 1 - task.shape[1] - beside.shape[1]
        if dof < 1:
            raise AnalysisError(
                f"{context.name}: {self.title}: {context.n_kept} kept frames are too few for {len(names)} motion "
                f"regressors{' beside events and signals' if task.shape[1] else ''}."
            )
        compute = MotionMaps(motion.T.copy(), task.T.copy(), beside.T.copy(), dof)
        about = {"long_name": "motion", "units": "voxel", "plot": "lines"}
        curves: dict[str, Any] = {"motion": (("frame", "regressor"), regressors, about)}
        maps = (*_MAPS, *_BESIDE) if task.shape[1] else _MAPS
        facts = {"dof_model": beside.shape[1], "dof": dof}
        return MapStep(maps, compute, {"regressor": names}, curves, partial(_finish, facts=facts))

    def _regressors(self, context: Context) -> tuple[list[str], Values]:
        """Names and values (t, p) for the kept frames."""
        if context.motion is None:
            raise MissingMetadataError(
                f"{context.name}: {self.title} needs the shifts of the frames, and no motion is undone in this "
                "recording. Estimate it under Registration, or give shifts= (--shifts on the command line)."
            )
        parts = [pd.DataFrame(context.motion, columns=[f"shift {axis}" for axis in _AXES])]
        if self.derivatives:
            change = np.diff(context.motion, axis=0, prepend=context.motion[:1])
            parts.append(pd.DataFrame(np.nan_to_num(change), columns=[f"change {axis}" for axis in _AXES]))
        if self.squares:
            parts += [(part**2).add_suffix(" squared") for part in parts]
        table = pd.concat(parts, axis=1)
        return list(table.columns), table.to_numpy(np.float64)[context.keep]

    def _task(self, context: Context) -> Values:
        """Orthonormal basis (t, p) of events and signals for the kept frames; p may be 0."""
        kernel = None if self.kernel is None else KERNELS[self.kernel]
        tables = task_regressors(context, self.events_by, self.signals, kernel, self.title)
        if not tables:
            return np.empty((context.n_kept, 0))
        columns = np.hstack([table.to_numpy(np.float64) for table in tables])[context.keep]
        return orthonormal(_centred(columns))


def _centred(columns: Values) -> Values:
    """Columns without their mean, exactly 0 where only rounding is left."""
    centred: Values = columns - columns.mean(axis=0)
    flat = np.abs(centred).max(axis=0) <= 1e-9 * np.abs(columns).max(axis=0)
    return np.where(flat, 0.0, centred)


@dataclass(frozen=True, slots=True)
class MotionMaps:
    """R² of motion, and how it is split with a task.

    Parameters
    ----------
    motion, task, beside
        (·, t) orthonormal rows of motion, of the task, and of what motion adds to the task.
    dof
        Degrees of freedom that are left by both.
    """

    motion: Values
    task: Values
    beside: Values
    dof: int

    def __call__(self, series: Series) -> Answer:
        """Maps of series (t, voxels), which are overwritten."""
        _, total, valid = centre(series)
        total[~valid] = np.nan
        with np.errstate(all="ignore"):
            alone = sum_of_squares(self.motion @ series) / total
            unique = alone if len(self.task) == 0 else sum_of_squares(self.beside @ series) / total
            task = sum_of_squares(self.task @ series) / total
            n, p = len(series), len(self.motion)
            left = 1 - task - unique
            left = np.where(left > n * np.finfo(np.float64).eps, left, np.nan)
            f = unique / len(self.beside) / (left / self.dof)
            answer = {
                "r_squared": np.minimum(alone, 1.0),
                "adjusted_r_squared": 1 - (1 - alone) * (n - 1) / (n - 1 - p),
                "f_statistic": f,
                "p": upper_p(f, len(self.beside), self.dof),
            }
        if len(self.task):
            task_alone = task + unique - alone
            shared = alone - unique
            answer |= {"unique_r_squared": unique, "task_r_squared": task_alone, "shared_r_squared": shared}
        return answer


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    return with_adjusted_p(dataset).assign_attrs(facts)

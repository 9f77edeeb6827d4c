"""The test of tuning over all frames: least squares with and without what tells the values of a stimulus apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from napari_thunder.analysis.protocol import Answer, Context, Series
from napari_thunder.analysis.statistics import orthonormal, sum_of_squares, upper_p
from napari_thunder.analysis.trials import Window
from napari_thunder.analysis.tuning.angles import Values
from napari_thunder.analysis.tuning.conditions import Conditions
from napari_thunder.errors import AnalysisError
from napari_thunder.events import KERNELS, event_regressors

CAUTION = (
    "p counts frames as independent, which those of calcium signals are not: it is too small. Take it as a ranking; "
    "Tuning reliability tests over trials."
)


@dataclass(frozen=True, slots=True)
class FTest:
    """F of nested least squares at many voxels.

    Parameters
    ----------
    basis
        (q + further, t) orthonormal rows of the model, those that are tested first.
    n_tested
        q.
    dof
        Degrees of freedom that are left.
    """

    basis: Values
    n_tested: int
    dof: int

    def __call__(self, centred: Series, total: Values) -> Answer:
        """f_statistic, p and r_squared of centred series (t, voxels) with these sums of squares."""
        scores = self.basis @ centred
        explained = sum_of_squares(scores[: self.n_tested])
        residual = total - explained - sum_of_squares(scores[self.n_tested :])
        residual[residual <= len(centred) * np.finfo(np.float64).eps * total] = 0
        error = np.where(residual > 0, residual / self.dof, np.nan)
        f = explained / self.n_tested / error
        return {"f_statistic": f, "p": upper_p(f, self.n_tested, self.dof), "r_squared": 1 - residual / total}


def f_test(
    conditions: Conditions,
    tested: Values,
    beside: Values,
    window: Window,
    kernel: str | None,
    context: Context,
    what: str,
) -> FTest:
    """The test of regressors that weigh conditions.

    Parameters
    ----------
    conditions
        Of the stimulus.
    tested, beside
        (conditions, ·) weights of the regressors that are tested, and of those beside them and a constant.
    window
        Its delay and duration say when the stimulus counts as shown.
    kernel
        Calcium indicator that is convolved with, or None.
    context, what
        For messages.

    Raises
    ------
    AnalysisError
        If there are too few frames, or none in the events.
    """
    each = _regressors(conditions, window, kernel, context, what)
    base = orthonormal(_centred(each @ beside))
    added = orthonormal(_centred(each @ tested), beside=base)
    if added.shape[1] == 0:
        raise AnalysisError(
            f"{context.name}: {what}: no kept frame lies in the events, so they cannot be told apart. "
            "Check the times of the events and the excluded frames."
        )
    dof = context.n_kept - 1 - base.shape[1] - added.shape[1]
    if dof < 1:
        raise AnalysisError(f"{context.name}: {what}: {context.n_kept} kept frames are too few for the test.")
    return FTest(np.ascontiguousarray(np.hstack([added, base]).T), added.shape[1], dof)


def _regressors(conditions: Conditions, window: Window, kernel: str | None, context: Context, what: str) -> Values:
    """(t, conditions) of the kept frames: 1 while a condition is shown, or what the indicator makes of it."""
    events = conditions.events
    start = events["start_time"].to_numpy(np.float64) + window.delay
    stop = (
        events["stop_time"].to_numpy(np.float64) + window.delay if window.duration is None else start + window.duration
    )
    shown = pd.DataFrame({"start_time": start, "stop_time": stop, "condition": conditions.which})
    times = context.need_frame_times(what)
    made = event_regressors(shown, ("condition",), times, None if kernel is None else KERNELS[kernel])
    return made.to_numpy(np.float64)[context.keep]


def _centred(columns: Values) -> Values:
    """Columns without their mean, exactly 0 where only rounding is left."""
    centred: Values = columns - columns.mean(axis=0)
    flat = np.abs(centred).max(axis=0) <= 1e-9 * np.abs(columns).max()
    return np.where(flat, 0.0, centred)


def harmonics(radians: Values, *orders: int) -> Values:
    """(angles, 2 · orders) cosines and sines of multiples of the angles."""
    angle = radians[:, None] * np.array(orders)
    return np.hstack([np.cos(angle), np.sin(angle)])

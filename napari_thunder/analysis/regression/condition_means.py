"""The mean of each voxel in each condition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design, task_regressors
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.regression.asked import conditions_by_events
from napari_thunder.analysis.statistics import centre, sum_of_squares
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_MAPS = (
    Map("mean", "mean in the condition", Role.VALUE, "a.u.", ("condition",)),
    Map("r_squared", "share of variance explained by condition", Role.SIGNED),
)
_REST = "rest"


@dataclass(frozen=True, slots=True)
class MeanRegression:
    """The mean of each voxel while each condition lasts, and how much of its variance these means explain.

    Parameters
    ----------
    events_by
        Columns of the events: a condition for each combination of their levels. `()`: all events are one, `event`.
    rest
        The time without any event is a condition too, `rest`. Without it the prediction is 0 then.

    Returns
    -------
    mean : (condition, z, y, x)
        bₖ = Σ xₖ(t) y(t) / Σ xₖ(t), in units of the movie (after preprocessing); xₖ(t) is the share of a frame that
        events of condition k cover.
    r_squared : (z, y, x)
        1 − Σ (y − ŷ)² / Σ (y − ȳ)², ŷ(t) = Σ bₖ xₖ(t). Below 0 where events overlap, or without `rest`, if the means
        predict worse than one mean.
    design : (frame, condition)
        xₖ(t) over the kept frames.

    Raises
    ------
    ThunderError
        If there are no events or frame times, a column is not there, or a condition has no kept frame.

    Notes
    -----
    Answers that outlast their event count for what comes next: use `Regression` with a kernel or `fir` then. Constant
    voxels are NaN.

    References
    ----------
    Thunder's `MeanRegressionModel` (with `rest=False`).
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Mean regression"
    summary: ClassVar[str] = "The mean of each voxel in each condition, and the variance that these means explain"

    events_by: tuple[str, ...] = conditions_by_events()
    rest: bool = parameter(True, help="The time without any event is a condition too")

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        design = self.made_design(context)
        for name, column in zip(design.names, design.values.T, strict=True):
            if not column.any():
                raise AnalysisError(f"{context.name}: {self.title}: {name!r} has no kept frame. Leave its events out.")
        shown = {"long_name": "conditions", "plot": "matrix", "scale": "plain"}
        curves = {"design": (("frame", "condition"), design.values, shown)}
        means = ConditionMeans(np.ascontiguousarray(design.values.T))
        return MapStep(_MAPS, means, {"condition": list(design.names)}, curves)

    def made_design(self, context: Context) -> Design:
        """The conditions as columns.

        Raises
        ------
        ThunderError
            If there are no events or frame times, or a column is not there.
        """
        table = task_regressors(context, self.events_by, (), None, self.title)[0]
        covered, names = table.to_numpy(np.float64), list(map(str, table.columns))
        left = np.clip(1 - covered.sum(axis=1), 0, 1)
        if self.rest and left[context.keep].any():
            covered, names = np.column_stack([covered, left]), [*names, _REST]
        return Design(tuple(names), covered[context.keep], False, tuple(names))


@dataclass(frozen=True, slots=True)
class ConditionMeans:
    """Means of many voxels over weighted frames.

    Parameters
    ----------
    weights
        (conditions, t) share of each frame that is covered.
    """

    weights: Values

    def __call__(self, series: Series) -> Answer:
        """mean (conditions, voxels) and r_squared (voxels,) of series (t, voxels), which are overwritten."""
        centre_of, total, valid = centre(series)
        with np.errstate(all="ignore"):
            products = self.weights @ series
            mean = products / self.weights.sum(axis=1)[:, None]
            mean[:, ~valid] = np.nan
            gram, reach = self.weights @ self.weights.T, self.weights.sum(axis=0)
            # ŷ − ȳ = Σ bₖ xₖ − ȳ, with b = mean + ȳ
            error = total - 2 * np.einsum("kv,kv->v", mean, products) + np.einsum("kv,kv->v", mean, gram @ mean)
            off = reach - 1
            if np.abs(off).max() > 1e-9:
                across = off @ series - (self.weights @ off) @ mean
                error += centre_of**2 * sum_of_squares(off[:, None]) - 2 * centre_of * across
            return {"mean": mean + centre_of, "r_squared": 1 - error / total}

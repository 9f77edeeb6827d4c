"""Sums over time with given weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.design import regressor_table
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import varies
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WeightedSums:
    """The sum over time of each voxel with weights of your own: y(v) = Σ w(t) y(t, v), for each column of weights.

    What a fit made elsewhere found in other data (axes of a population, a decoder, a filter) can so be seen on this
    brain.

    Parameters
    ----------
    design
        Weights: a table (CSV, TSV or DataFrame) with a row for each frame, excluded ones included, and a named column
        for each sum.
    signals
        Behaviour signals that are weights too, sampled at the frames.

    Returns
    -------
    weighted_sum : (weights, z, y, x)
        In units of the movie times those of the weights.

    Raises
    ------
    AnalysisError
        If there are no weights.

    Notes
    -----
    Nothing is centred or scaled: take the mean out before (`Detrend` or `ZScore`), unless the weights sum to 0.
    Excluded frames do not count, whatever their weight. Constant voxels are NaN.

    References
    ----------
    Thunder `RowMatrix.times`.
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Weighted sums"
    summary: ClassVar[str] = "The sum over time of each voxel with weights of your own"

    design: pd.DataFrame | str | None = parameter(  # noqa: RUF009 - a field, not a default that is shared
        None, help="Weights: a row for each frame, a column for each sum"
    )
    signals: tuple[str, ...] = parameter((), help="Behaviour signals that are weights too", source="signals")

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        table = regressor_table(context, None, self.signals, self.design, None, self.title)
        weights = table.to_numpy(np.float64)[context.keep]
        names = [str(name) for name in table.columns]
        output = Map("weighted_sum", "weighted sum over time", Role.SIGNED, "a.u.", ("weights",))
        curve = {"weight": (("frame", "weights"), weights, {"long_name": "weight", "plot": "lines"})}
        return MapStep((output,), partial(_summed, weights=np.ascontiguousarray(weights.T)), {"weights": names}, curve)


def _summed(series: Series, weights: Values) -> Answer:
    valid = varies(series)
    with np.errstate(all="ignore"):
        summed = weights @ series
    summed[:, ~valid] = np.nan
    return {"weighted_sum": summed}

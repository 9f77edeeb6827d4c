"""Regression with principal components of the weights: Thunder's trajectories of a task."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.factors.curves import component_names
from napari_thunder.analysis.factors.subspace import LEAST_VOXELS, leading, upward
from napari_thunder.analysis.groups import add
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Reduce, Role, Series
from napari_thunder.analysis.regression.asked import (
    HoldsTable,
    frames_after_events,
    indicator,
    lags_of_signals,
    regressors_by_events,
    regressors_by_signals,
    regressors_by_table,
)
from napari_thunder.analysis.regression.reduced_rank import made_design
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RegressionWithPCA(HoldsTable):
    """Regression, then principal components of its weights over voxels, and the brain's path along them.

    Least squares gives each voxel i weights b_i (regressor). The eigenvectors c of Σ (b_i − b̄)(b_i − b̄)' over voxels
    are kinds of tuning; a voxel's score is (b_i − b̄)·c, and the trajectory is the mean over voxels of their series
    times their scores: trajectory(t) = 1/N Σ_i y_i(t) (b_i − b̄)·c.

    Parameters
    ----------
    n_components
        How many.
    events_by, signals, design, kernel, lags, fir
        The regressors, beside a constant; as in `Regression`.

    Returns
    -------
    components : (component, z, y, x)
        Scores, in units of the movie (after preprocessing) per unit of the regressors.
    r_squared : (z, y, x)
        Share of the variance that all regressors explain.
    time_courses, trajectory : (frame, component)
        The trajectory, against time and as a path, in squared units of the movie per unit of the regressors; about the
        mean over time.
    weights : (regressor, component)
        c, of length 1; the largest weight is above 0.
    explained_variance_ratio : (component,)
        Share of the variance of the weights over voxels.
    mean_weights : (regressor,)
        b̄.
    design : (frame, regressor)
        The regressors as used.

    Raises
    ------
    ThunderError
        If there are no regressors, what they need is not there, frames are too few, regressors depend on each other, or
        there are fewer components than asked for.

    Notes
    -----
    With z-scored regressors, or those of one kind, weights compare; otherwise the largest unit rules. Plotting two time
    courses against each other, over the average cycle of the stimulus, gives Thunder's trajectories; the pair of maps
    in the polar picture gives its map.

    References
    ----------
    Freeman et al. 2014, Nat. Methods 11:941; Thunder's `regressWithPCA`.
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Regression with principal components"
    summary: ClassVar[str] = "Principal components of the weights over voxels, and the path of the brain along them"

    n_components: int = parameter(2, help="How many components", minimum=1)
    events_by: tuple[str, ...] | None = regressors_by_events()
    signals: tuple[str, ...] = regressors_by_signals()
    design: pd.DataFrame | str | None = regressors_by_table()  # noqa: RUF009 - a field, not a default that is shared
    kernel: str | None = indicator()
    lags: tuple[float, ...] = lags_of_signals()
    fir: float | None = frames_after_events()

    def plan(self, context: Context) -> Generator[Reduce, Answer, MapStep]:
        """A pass that sums weights over the brain, and one for the maps."""
        context.need_frames(2, self.title)
        design = made_design(self, context, self.title)
        return self._steps(design, context)

    def _steps(self, design: Design, context: Context) -> Generator[Reduce, Answer, MapStep]:
        inverse = np.asarray(np.linalg.pinv(design.centred), np.float64)
        summed = yield Reduce(partial(_sums, inverse=inverse), add, "summing weights over the brain", LEAST_VOXELS)
        n = int(summed["n_voxels"])
        mean = summed["weights"] / max(n, 1)
        spread = summed["square"] - n * np.outer(mean, mean)
        found, vectors = leading(spread, self.n_components)
        if len(found) < self.n_components:
            raise AnalysisError(
                f"{context.name}: {self.title}: n_components={self.n_components}, but the weights of {n} varying "
                f"voxels for {len(design.names)} regressors have only {len(found)} independent components. Ask for "
                "fewer."
            )
        vectors = upward(vectors)
        trajectory = (summed["cross"] - np.outer(summed["total"], mean)) @ vectors / n
        return MapStep(
            (
                Map("components", "component of the weights", Role.FACTOR, "a.u.", ("component",)),
                Map("r_squared", "share of variance explained", Role.FRACTION),
            ),
            partial(_maps, inverse=inverse, design=design.centred, vectors=vectors.T, mean=mean),
            {"component": component_names(self.n_components), "regressor": list(design.names)},
            _curves(trajectory, vectors, found / np.trace(spread), mean, design),
        )


def _sums(series: Series, inverse: Values) -> Answer:
    _, _, valid = centre(series)
    if not valid.all():
        series[:, ~valid] = 0
    weights = inverse @ series
    return {
        "weights": weights.sum(axis=1),
        "square": weights @ weights.T,
        "cross": series @ weights.T,
        "total": series.sum(axis=1),
        "n_voxels": np.array(valid.sum()),
    }


def _maps(series: Series, inverse: Values, design: Values, vectors: Values, mean: Values) -> Answer:
    _, total, valid = centre(series)
    series[:, ~valid] = 0
    weights = inverse @ series
    components = vectors @ weights - (vectors @ mean)[:, None]
    with np.errstate(all="ignore"):
        r_squared = np.einsum("pv,pv->v", weights, (design.T @ design) @ weights) / total
    components[:, ~valid], r_squared[~valid] = np.nan, np.nan
    return {"components": components, "r_squared": r_squared}


def _curves(trajectory: Values, vectors: Values, explained: Values, mean: Values, design: Design) -> dict[str, Any]:
    about = {"long_name": "weight of regressors", "units": "1", "plot": "matrix", "scale": "signed"}
    return {
        "time_courses": (("frame", "component"), trajectory, {"long_name": "trajectory against time", "plot": "lines"}),
        "trajectory": (("frame", "component"), trajectory, {"long_name": "trajectory", "plot": "trajectory"}),
        "weights": (("regressor", "component"), vectors, about),
        "explained_variance_ratio": (
            ("component",), explained, {"long_name": "share of the variance of weights", "units": "1", "plot": "bars"}
        ),
        "mean_weights": (("regressor",), mean, {"long_name": "mean weight over voxels", "plot": "bars"}),
        "design": (("frame", "regressor"), design.values, {"long_name": "design", "plot": "matrix", "scale": "plain"}),
    }  # fmt: skip

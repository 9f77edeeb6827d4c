"""Reduced-rank regression: few time courses, made of many regressors, that serve the whole brain."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.factors.curves import component_curves, component_names, with_facts
from napari_thunder.analysis.factors.subspace import LEAST_VOXELS, leading, prepare, upward
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
from napari_thunder.analysis.regression.folds import Folds, blocked_folds
from napari_thunder.analysis.regression.recipe import recipe_of
from napari_thunder.analysis.regression.reduced_rank_folds import judged_ranks
from napari_thunder.analysis.statistics import sum_of_squares
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import parameter

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ReducedRankRegression(HoldsTable):
    """Regression of all voxels together on few combinations of the regressors: Y ≈ X B with B of rank k.

    Of all B (regressors, voxels) of that rank the one with the least squared error over the brain, in closed form: with
    X = Q R (centred, Q orthonormal) and U the k leading eigenvectors of Q'Y Y'Q, B = R⁻¹ U U' Q'Y. So the brain
    follows k time courses Q U, each a combination of the regressors; it suits many regressors, such as those that
    follow events frame by frame (`fir`).

    Parameters
    ----------
    rank
        k; none: the one that predicts frames left out best, over the brain.
    events_by, signals, design, kernel, lags, fir
        The regressors, beside a constant; as in `Regression`.
    standardize
        Scale each voxel to sd 1 first, so that dim voxels count as much as bright ones.
    n_folds
        Stretches of frames that are left out in turn, if the rank is to be found.
    gap
        Frames beside each of them that are also left out.

    Returns
    -------
    components : (component, z, y, x)
        What a voxel changes by when the time course rises by one sd, in units of the movie (after preprocessing).
    beta : (regressor, z, y, x)
        B, per unit of the regressor.
    r_squared : (z, y, x)
        Share of the variance that the k time courses explain.
    time_courses : (frame, component)
        Q U, of mean 0 and sd 1; the largest excursion is upwards.
    weights : (regressor, component)
        Of the regressors in a time course.
    explained_variance_ratio : (component,)
        Share of the variance of all voxels, falling.
    cv_r_squared : (rank,)
        Share of the variance of frames left out that is predicted, over the brain, with rank 1, 2, …; if it was tried.
    design : (frame, regressor)
        The regressors as used. Attributes `rank`, `explained_by_all` (what all regressors explain at full rank).

    Raises
    ------
    ThunderError
        If there are no regressors, what they need is not there, frames are too few, regressors depend on each other, or
        are fewer than the rank.

    Notes
    -----
    At full rank this is ordinary least squares. The components are the principal components of its fitted values.
    Thunder (Scala 0.1) came to the same by turns; there the rank was given.

    References
    ----------
    Izenman 1975, J. Multivar. Anal. 5:248; Davies & Tso 1982, Appl. Stat. 31:244.
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Reduced-rank regression"
    summary: ClassVar[str] = "Few time courses, made of the regressors, that explain the whole brain"

    rank: int | None = parameter(2, help="How many time courses; none: by cross-validation", minimum=1)
    events_by: tuple[str, ...] | None = regressors_by_events()
    signals: tuple[str, ...] = regressors_by_signals()
    design: pd.DataFrame | str | None = regressors_by_table()  # noqa: RUF009 - a field, not a default that is shared
    kernel: str | None = indicator()
    lags: tuple[float, ...] = lags_of_signals()
    fir: float | None = frames_after_events()
    standardize: bool = parameter(False, help="Scale each voxel to sd 1 first")
    n_folds: int = parameter(5, help="Stretches of frames left out in turn, to find the rank", minimum=2)
    gap: int = parameter(5, help="Frames beside each of them that are also left out", minimum=0)

    def plan(self, context: Context) -> Generator[Reduce, Answer, MapStep]:
        """A pass that sums over the brain, one more to find the rank, and one for the maps."""
        context.need_frames(2, self.title)
        where = f"{context.name}: {self.title}"
        design = made_design(self, context, self.title)
        if self.rank is not None and self.rank > len(design.names):
            raise AnalysisError(f"{where}: rank={self.rank}, but there are only {len(design.names)} regressors.")
        folds = None
        if self.rank is None:
            frames = np.flatnonzero(context.keep)
            folds = blocked_folds(frames, self.n_folds, self.gap, len(design.names), where)
        return self._steps(design, folds, context)

    def _steps(self, design: Design, folds: Folds | None, context: Context) -> Generator[Reduce, Answer, MapStep]:
        judged = np.empty(0)
        if folds is not None:
            judged = yield from judged_ranks(design.values, folds, self.standardize)
        rank = self.rank or int(np.argmax(judged)) + 1
        q, r = np.linalg.qr(design.centred)
        summed = yield Reduce(
            partial(_scores, basis=q, standardize=self.standardize), add, "summing over the brain", LEAST_VOXELS
        )
        found, vectors = leading(summed["square"], rank)
        if len(found) < rank:
            raise AnalysisError(
                f"{context.name}: {self.title}: rank={rank}, but what the regressors explain in "
                f"{int(summed['n_voxels'])} varying voxels has rank {len(found)}. Ask for less."
            )
        courses = upward(q @ vectors)
        inverse = solve_triangular(r, q.T @ courses)
        scale = np.sqrt(len(q))
        total = float(summed["total"])
        facts = {"rank": rank, "explained_by_all": float(np.trace(summed["square"])) / total}
        unit = "1" if self.standardize else "a.u."
        return MapStep(
            (
                Map("components", "component", Role.FACTOR, unit, ("component",)),
                Map("beta", "regression weight", Role.SIGNED, unit, ("regressor",)),
                Map("r_squared", "share of variance explained", Role.FRACTION),
            ),
            partial(_maps, courses=courses.T, inverse=inverse, standardize=self.standardize),
            {"component": component_names(rank), "regressor": list(design.names)},
            _curves(scale * courses, scale * inverse, found / total, judged, design),
            partial(with_facts, facts=facts),
        )


def made_design(analysis: Any, context: Context, what: str) -> Design:
    """The checked design of an analysis with the parameters of a recipe.

    Raises
    ------
    ThunderError
        As `Recipe.made` and `Design.check`.
    """
    recipe = recipe_of(analysis)
    assert recipe is not None
    design = recipe.made(context, what)
    design.check(f"{context.name}: {what}")
    return design


def _scores(series: Series, basis: Values, standardize: bool) -> Answer:
    valid = prepare(series, standardize)
    scores = basis.T @ series
    total = np.array(np.vdot(series, series))
    return {"square": scores @ scores.T, "total": total, "n_voxels": np.array(valid.sum())}


def _maps(series: Series, courses: Values, inverse: Values, standardize: bool) -> Answer:
    valid = prepare(series, standardize)
    scores = courses @ series
    with np.errstate(all="ignore"):
        maps: Answer = {
            "components": scores / np.sqrt(len(series)),
            "beta": inverse @ scores,
            "r_squared": sum_of_squares(scores) / sum_of_squares(series),
        }
    for values_ in maps.values():
        values_[..., ~valid] = np.nan
    return maps


def _curves(courses: Values, weights: Values, explained: Values, judged: Values, design: Design) -> dict[str, Any]:
    curves: dict[str, Any] = component_curves(courses, explained)
    about = {"long_name": "weight of regressors", "units": "1", "plot": "matrix", "scale": "signed"}
    curves["weights"] = (("regressor", "component"), weights, about)
    shown = {"long_name": "design", "plot": "matrix", "scale": "plain"}
    curves["design"] = (("frame", "regressor"), design.values, shown)
    if len(judged):
        about = {"long_name": "R² of frames left out", "units": "1", "plot": "bars"}
        curves["cv_r_squared"] = (("rank",), judged, about)
    return curves

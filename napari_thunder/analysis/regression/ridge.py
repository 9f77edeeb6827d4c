"""Regression with many or alike regressors: weights kept small or smooth, judged by cross-validation."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design
from napari_thunder.analysis.groups import add
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Reduce, Role, Series
from napari_thunder.analysis.regression.asked import DesignSettings, folds_in_turn, gap_beside_folds
from napari_thunder.analysis.regression.folds import blocked_folds, gap_between
from napari_thunder.analysis.regression.penalised import Penalised, penalised
from napari_thunder.analysis.regression.recipe import recipe_of
from napari_thunder.analysis.regression.reported import PREDICTED
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_MAPS = (
    Map("beta", "regression weight", Role.SIGNED, "a.u.", ("regressor",)),
    Map("r_squared", "share of variance explained", Role.FRACTION),
    PREDICTED,
    Map("strength", "strength of the penalty", Role.VALUE),
)
_GRID = np.logspace(-3, 5, 9)
_SIZE, _ROUGHNESS = "size", "roughness"
_VOXEL, _BRAIN = "voxel", "brain"


@dataclass(frozen=True, slots=True, eq=False)
class RidgeRegression(DesignSettings):
    """Ridge regression at each voxel: b = (X'X + λ P)⁻¹ X'y, and how well it predicts frames it has not seen.

    For many regressors, or alike ones such as lags, whose weights least squares would make large and of no use.

    Parameters
    ----------
    events_by, signals, design, kernel, decay, rise, lags, fir, drift_period, drift_order, motion
        The regressors; as in `Regression`. Drift, motion and the constant have no penalty.
    penalty
        `size`: P = 1, the square of weights. `roughness`: second differences of weights from lag to lag (of a signal)
        or from frame to frame (of `fir`); other weights have none.
    strength
        λ, as scikit-learn's `alpha`. None: chosen among 10⁻³ … 10⁵ · trace(X'X) / p (9 steps) by cross-validation.
    choose
        The same λ for the whole `brain` (largest mean cross-validated R²; another pass), or one for each `voxel`.
    n_folds
        Stretches of frames that are left out in turn.
    gap
        s beside a stretch that are not learnt from either, as activity outlasts it. None: five decay times of the
        indicator, or a fiftieth of the recording if that is not known.
    intercept
        A constant beside the regressors.
    standardize
        Scale regressors to mean 0 and sd 1 (ddof 0) over the kept frames, so that the penalty treats them alike.

    Returns
    -------
    beta : (regressor, z, y, x)
        In units of the movie (after preprocessing) per unit of the regressor, or per sd of it if `standardize`.
    r_squared : (z, y, x)
        1 − RSS / TSS on all frames.
    cv_r_squared : (z, y, x)
        1 − Σ (y − ŷ)² / Σ (y − ȳ)² over the frames left out, ŷ and ȳ from those learnt from (ȳ = 0 without intercept).
        Below 0 where predictions are worse than the mean, and not clipped. Of a λ that was chosen it is a little too
        large, as the same folds chose it.
    strength : (z, y, x)
        λ.
    design : (frame, column)
        The regressors as used.
    Attribute `strengths`, the λ that were tried, and with `choose=brain` the curve `mean_cv_r_squared`.

    Raises
    ------
    ThunderError
        If there are no regressors, what they need is not there, one is constant, or folds leave too few frames.

    Notes
    -----
    Voxels that are constant or have NaN are NaN. There are no p: a penalty biases weights. The folds are stretches and
    not single frames, since neighbouring frames know of each other.

    References
    ----------
    `sklearn.linear_model.Ridge`; Thunder's `LinearRegression("ridge" | "tikhonov")`, which does not centre regressors.
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Ridge regression"
    summary: ClassVar[str] = "Fit many or similar regressors, judged by frames left out: weights and cross-validated R²"
    takes_dependent: ClassVar[bool] = True

    penalty: str = parameter(_SIZE, help="What is kept small: weights, or their steps", choices=(_SIZE, _ROUGHNESS))
    strength: float | None = parameter(None, help="Strength of the penalty; none: by cross-validation", minimum=0)
    choose: str = parameter(_VOXEL, help="One strength for each voxel, or for the brain", choices=(_VOXEL, _BRAIN))
    n_folds: int = folds_in_turn()
    gap: float | None = gap_beside_folds()
    intercept: bool = parameter(True, help="Fit a constant beside the regressors")
    standardize: bool = parameter(True, help="Scale regressors to sd 1, so that the penalty treats them alike")

    def plan(self, context: Context) -> MapStep | Generator[Reduce, Answer, MapStep]:
        """One pass over the brain; two for one strength for all of it."""
        context.need_frames(2, self.title)
        where = f"{context.name}: {self.title}"
        recipe = recipe_of(self)
        assert recipe is not None
        design = recipe.made(context, self.title)
        design.check_varying(where)
        penalty = self._penalty(design, where)
        frames, gap = np.flatnonzero(context.keep), gap_between(self.gap, recipe.kernel, context, self.title)
        folds = blocked_folds(frames, self.n_folds, gap, _n_free(design), where)
        make = partial(penalised, design, penalty, folds=folds)
        strengths = self._strengths(design)
        if len(strengths) > 1 and self.choose == _BRAIN:
            return self._for_brain(make, strengths, design)
        return _maps(make(strengths), design, strengths, {})

    def _for_brain(self, make: Any, strengths: Values, design: Design) -> Generator[Reduce, Answer, MapStep]:
        found = yield Reduce(MeanJudged(make(strengths)), add, "choosing the strength")
        mean = found["total"] / max(int(found["count"][0]), 1)
        shown = {"long_name": "mean cross-validated R²", "plot": "lines"}
        curve = {"mean_cv_r_squared": (("tried",), mean, shown)}
        best = strengths[[int(np.argmax(mean))]]
        return _maps(make(best), design, strengths, curve)

    def _strengths(self, design: Design) -> Values:
        if self.strength is not None:
            return np.array([self.strength])
        wanted = design.centred[:, : len(design.names) - design.n_nuisance]
        strengths: Values = _GRID * float((wanted**2).sum() / wanted.shape[1])
        return strengths

    def _penalty(self, design: Design, where: str) -> Values:
        n_wanted = len(design.names) - design.n_nuisance
        if self.penalty == _SIZE:
            return np.diag(np.arange(len(design.names)) < n_wanted).astype(np.float64)
        rows = roughness(design)
        if not len(rows):
            raise AnalysisError(f"{where}: penalty=roughness needs three or more lags= of a signal, or fir= of events.")
        return rows.T @ rows


def roughness(design: Design) -> Values:
    """(n, p) second differences of weights along each chain of delayed columns."""
    each = np.eye(len(design.names))
    rows = [np.empty((0, len(each)))]
    for chain in dict.fromkeys(design.chains):
        members = each[[name == chain for name in design.chains]]
        rows.append(np.diff(members, n=2, axis=0))
    return np.concatenate(rows)


def _n_free(design: Design) -> int:
    """Columns without a penalty."""
    return design.n_nuisance + int(design.intercept)


@dataclass(frozen=True, slots=True)
class MeanJudged:
    """A share of the sum of cross-validated R² over voxels, for each strength."""

    fit: Penalised

    def __call__(self, series: Series) -> Answer:
        judged, valid = self.fit.judged(series)
        return {"total": judged[:, valid].sum(axis=1), "count": np.array([valid.sum()])}


@dataclass(frozen=True, slots=True)
class _OfInterest:
    """The maps of a fit, without the weights of drift, motion and constant."""

    fit: Penalised
    n_wanted: int

    def __call__(self, series: Series) -> Answer:
        found = self.fit(series)
        return found | {"beta": found["beta"][: self.n_wanted]}


def _maps(fit: Penalised, design: Design, strengths: Values, curves: dict[str, Any]) -> MapStep:
    n_wanted = len(design.names) - design.n_nuisance
    shown = {"long_name": "design", "plot": "matrix", "scale": "signed"}
    coords: dict[str, Any] = {"regressor": list(design.names[:n_wanted]), "column": list(design.names)}
    coords |= {"tried": strengths} if curves else {}
    curves = {"design": (("frame", "column"), design.values, shown)} | curves
    finish = partial(_finish, strengths=tuple(map(float, strengths)))
    return MapStep(_MAPS, _OfInterest(fit, n_wanted), coords, curves, finish)


def _finish(dataset: xr.Dataset, strengths: tuple[float, ...]) -> xr.Dataset:
    return dataset.assign_attrs(strengths=list(strengths))

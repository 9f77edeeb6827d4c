"""Ordinary least squares at each voxel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from napari_thunder.analysis.design import Design, regressor_table
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, sum_of_squares, two_sided_p, varies, with_adjusted_p
from napari_thunder.events import KERNELS
from napari_thunder.parameters import check, parameter, values

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_PER_REGRESSOR = ("regressor",)
_MAPS = (
    Map("beta", "regression weight", Role.SIGNED, "a.u.", _PER_REGRESSOR),
    Map("t", "t of the weight", Role.SIGNED, "1", _PER_REGRESSOR),
    Map("p", "p of the weight, two-sided", Role.PROBABILITY, "1", _PER_REGRESSOR),
    Map("r_squared", "share of variance explained", Role.FRACTION),
)
_LARGEST_INFLATION = 5.0
_LARGEST_CONDITION = 30.0


@dataclass(frozen=True, slots=True)
class Regression:
    """Ordinary least squares y = X β + e at each voxel, by QR.

    Parameters
    ----------
    events_by
        Regressors from the events: one for each combination of levels of these columns. `()`: all events are one
        regressor, `event`. None: no regressors from events.
    signals
        Behaviour signals, sampled at the frames.
    design
        Further regressors: a table (t, p) with named columns and one row for each frame (excluded frames too), as a
        DataFrame or a path to CSV or TSV. Taken as it is.
    kernel
        Calcium indicator whose answer (unit area) events and signals are convolved with, causally and before excluded
        frames are dropped. None: regressors are what happened, not what the indicator shows of it.
    intercept
        A constant beside the regressors. It has no map.
    standardize
        Scale regressors to mean 0 and sd 1 (ddof 0) over the kept frames, so that weights compare between them.

    Returns
    -------
    beta : (regressor, z, y, x)
        In units of the movie (after preprocessing) per unit of the regressor, or per sd of it if `standardize`.
    t, p : (regressor, z, y, x)
        t = β / se, se² = RSS / dof · (X'X)⁻¹ⱼⱼ, dof = kept frames − regressors − intercept; two-sided p.
    p_fdr : (regressor, z, y, x)
        p adjusted for all voxels by Benjamini & Hochberg, each regressor for itself.
    r_squared : (z, y, x)
        1 − RSS / TSS. TSS is about the mean with an intercept, about 0 without.
    design : (frame, regressor)
        The regressors as used. Beside it `vif` (regressor), the variance inflation factors.
    Attributes `dof`, `condition_number` and `warnings` (a list of texts).

    Raises
    ------
    ThunderError
        If there are no regressors, what is needed is not there, frames are too few, or regressors are constant,
        the same, or combinations of others; the message names them.

    Notes
    -----
    p counts frames as independent. Calcium signals are not: with an indicator that decays over 10 frames, half of all
    voxels without any response have p < 0.05. Read t as a ranking until it is tested otherwise. Where a fit leaves
    nothing but rounding, t and p are NaN. Regressors with variance inflation above 5 share what they explain.

    References
    ----------
    Thunder's `LinearRegression` (betas and R² only); numbers as `statsmodels.OLS`.
    """

    family: ClassVar[str] = "Regression"
    title: ClassVar[str] = "Regression"
    summary: ClassVar[str] = "Fit each voxel by events, signals or a design table: weights, t, p and R²"

    events_by: tuple[str, ...] | None = parameter(
        None,
        help="Columns of the events: one regressor for each of their levels; empty for one of all events",
        source="event columns",
    )
    signals: tuple[str, ...] = parameter((), help="Behaviour signals that are regressors", source="signals")
    design: pd.DataFrame | str | None = parameter(  # noqa: RUF009 - a field, not a default that is shared
        None, help="Table of further regressors, one row for each frame"
    )
    kernel: str | None = parameter(
        None, help="Calcium indicator that events and signals are convolved with", choices=tuple(KERNELS)
    )
    intercept: bool = parameter(True, help="Fit a constant beside the regressors")
    standardize: bool = parameter(False, help="Scale regressors to sd 1, so that their weights compare")

    def __post_init__(self) -> None:
        check(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regression) and values(self) == values(other)

    def __hash__(self) -> int:
        return hash(repr(values(self)))

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        kernel = None if self.kernel is None else KERNELS[self.kernel]
        table = regressor_table(context, self.events_by, self.signals, self.design, kernel, self.title)
        design = self._design(table, context)
        design.check(f"{context.name}: {self.title}")
        inflation, condition = design.variance_inflation, design.condition_number
        curves: dict[str, Any] = {
            "design": (("frame", "regressor"), design.values, {"long_name": "design"}),
            "vif": (("regressor",), inflation, {"long_name": "variance inflation factor"}),
        }
        facts = {
            "dof": design.dof,
            "condition_number": condition,
            "warnings": _warnings(design.names, inflation, condition),
        }
        return MapStep(
            _MAPS, least_squares(design), {"regressor": list(design.names)}, curves, partial(_finish, facts=facts)
        )

    def _design(self, table: pd.DataFrame, context: Context) -> Design:
        kept = table.to_numpy(np.float64)[context.keep]
        if self.standardize:
            sd = kept.std(axis=0)
            kept = (kept - kept.mean(axis=0)) / np.where(sd > 1e-12 * np.abs(kept).max(axis=0), sd, 1)
        return Design(tuple(map(str, table.columns)), kept, self.intercept)


def least_squares(design: Design) -> LeastSquares:
    """The fit of a checked design."""
    q, r = np.linalg.qr(design.centred)
    inverse = solve_triangular(r, np.eye(len(r)))
    return LeastSquares(np.ascontiguousarray(q.T), inverse, design.dof, design.intercept)


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """The fit of one design at many voxels: two products of matrices.

    Parameters
    ----------
    basis
        (p, t) Q' of the (centred) design.
    inverse
        (p, p) R⁻¹.
    dof
        Degrees of freedom that are left.
    intercept
        Whether series are centred first.
    """

    basis: Values
    inverse: Values
    dof: int
    intercept: bool

    def __call__(self, series: Series) -> Answer:
        """beta, t, p (p, voxels) and r_squared (voxels,) of series (t, voxels), which are overwritten."""
        total, valid = self._total(series)
        with np.errstate(all="ignore"):
            scores = self.basis @ series
            if not valid.all():
                scores[:, ~valid] = np.nan
            residual = total - sum_of_squares(scores)
            residual[residual <= len(series) * np.finfo(np.float64).eps * total] = 0
            beta = self.inverse @ scores
            variance = np.where(residual > 0, residual / self.dof, np.nan)
            t = beta / np.sqrt(variance)
            t /= np.linalg.norm(self.inverse, axis=1)[:, None]
            return {"beta": beta, "t": t, "p": two_sided_p(t, self.dof), "r_squared": 1 - residual / total}

    def _total(self, series: Series) -> tuple[Values, NDArray[np.bool_]]:
        if self.intercept:
            _, total, valid = centre(series)
            return total, valid
        valid = varies(series)
        with np.errstate(all="ignore"):
            return sum_of_squares(series), valid


def _warnings(names: tuple[str, ...], inflation: Values, condition: float) -> list[str]:
    found = [
        f"{name!r} is largely explained by the other regressors (variance inflation {vif:.1f}, above "
        f"{_LARGEST_INFLATION:g}): its weight is uncertain."
        for name, vif in zip(names, inflation, strict=True)
        if vif > _LARGEST_INFLATION
    ]
    if condition > _LARGEST_CONDITION:
        found.append(
            f"The regressors are nearly dependent (condition number {condition:.0f}, above {_LARGEST_CONDITION:g})."
        )
    return found


def _finish(dataset: xr.Dataset, facts: dict[str, Any]) -> xr.Dataset:
    return with_adjusted_p(dataset).assign_attrs(facts)

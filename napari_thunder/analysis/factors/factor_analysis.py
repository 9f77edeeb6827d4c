"""Factor analysis: what regions, or cells of a grid, have in common, beside noise of their own."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.factors.curves import component_names, with_facts
from napari_thunder.analysis.factors.subspace import upward
from napari_thunder.analysis.groups import DrawnGroups, cells_of
from napari_thunder.analysis.protocol import Answer, Context, Groups, Map, Means, PaintStep, Request, Role
from napari_thunder.analysis.statistics import varies
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_MAX_ITER = 2000
_TOL = 1e-4
_FRAMES_FOR_EACH = 3


@dataclass(frozen=True, slots=True)
class FactorAnalysis:
    """Factors that regions share: x = μ + L f + e, with factors f of mean 0, sd 1, and noise e of each region alone.

    Maximum likelihood of the mean series of the regions, Gaussian: cov(x) = L L' + Ψ with Ψ diagonal. Unlike principal
    components it lets each region have noise of another size, so that one noisy region does not become a factor.

    Parameters
    ----------
    n_factors
        How many; none: as many as make blocks of frames that were left out most likely, up to `most`.
    most
        Largest number that is tried, if it is to be found.
    of
        `regions` that are drawn, or `cells` of a grid.
    cell_size
        Edge of a cell, in µm; in voxels, if the size of a voxel is not known.
    standardize
        Scale each region to sd 1 first; loadings are then correlations with the factors.
    rotation
        `varimax` turns factors so that each region has few; `none` leaves them in order of what they explain.
    folds
        Blocks of consecutive frames that are left out in turn, if the number is to be found.

    Returns
    -------
    loadings : (component, z, y, x)
        L, painted on the regions: what a region changes by with one sd of the factor.
    shared_variance : (z, y, x)
        Share of a region's variance that the factors explain (communality): ΣL² / (ΣL² + Ψ).
    time_courses : (frame, component)
        Expected factors at every kept frame; their largest excursion is upwards.
    explained_variance_ratio : (component,)
        Share of the variance of all regions.
    log_likelihood_by_factors : (n_factors,)
        Of a frame that was left out, in nats, on average; if the number was to be found.
    Attributes `n_groups_used`, `log_likelihood` (of a frame), `warnings`.

    Raises
    ------
    MissingMetadataError
        If there are fewer than two regions.
    AnalysisError
        If fewer than two of them vary, or there are as many factors as regions.

    Notes
    -----
    Factors are only defined up to a rotation together; what they span and the shared variance are not. Needs several
    times more frames than regions. Regions or cells without a finite, varying voxel are NaN.

    References
    ----------
    `sklearn.decomposition.FactorAnalysis(svd_method="lapack")`; Barber 2012, Bayesian Reasoning and Machine Learning,
    21.2.
    """

    family: ClassVar[str] = "Factors"
    title: ClassVar[str] = "Factor analysis"
    summary: ClassVar[str] = "What regions share, told apart from noise of their own"

    n_factors: int | None = parameter(3, help="How many factors; none to find the likeliest number", minimum=1)
    most: int = parameter(10, help="Largest number that is tried, if it is to be found", minimum=1)
    of: str = parameter("regions", help="What is averaged over", choices=("regions", "cells"))
    cell_size: float = parameter(50.0, help="Edge of a cell of the grid", unit="µm", minimum=1e-3)
    standardize: bool = parameter(True, help="Scale each region to sd 1 first")
    rotation: str = parameter("none", help="Turn factors so that each region has few", choices=("none", "varimax"))
    folds: int = parameter(5, help="Blocks of frames left out in turn, to find the number", minimum=2)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Request, Answer, PaintStep]:
        """A pass for the mean series; the rest happens at the desk."""
        context.need_frames(2, self.title)
        groups: Groups = cells_of(context, self.cell_size)
        if self.of == "regions":
            groups = DrawnGroups.of(context.need_regions(self.title, 2))
        return self._steps(context, groups)

    def _steps(self, context: Context, groups: Groups) -> Generator[Request, Answer, PaintStep]:
        series = (yield Means(groups))["series"]
        used = varies(series)
        x = series[:, used] - series[:, used].mean(axis=0)
        if self.standardize:
            x /= x.std(axis=0)
        self._check_size(x, context)
        n_factors, tried = self._number(x)
        model = _fitted(n_factors, self.rotation, x)
        courses, loadings = model.transform(x), model.components_
        order = np.argsort(-np.sum(loadings**2, axis=1))
        signed = upward(courses[:, order])
        loadings = loadings[order] * np.sign(np.sum(signed * courses[:, order], axis=0))[:, None]
        squares = loadings**2
        values = {
            "loadings": _of_all(loadings, used),
            "shared_variance": _of_all(squares.sum(axis=0) / (squares.sum(axis=0) + model.noise_variance_), used),
        }
        unit = "1" if self.standardize else "a.u."
        outputs = (
            Map("loadings", "loading", Role.FACTOR, unit, ("component",)),
            Map("shared_variance", "share of variance that is shared", Role.FRACTION),
        )
        facts = {
            "n_groups_used": int(used.sum()),
            "log_likelihood": float(model.score(x)),
            "warnings": self._warnings(x, int(model.n_iter_)),
        }
        curves = _curves(signed, squares.sum(axis=1) / x.var(axis=0).sum(), tried)
        names = component_names(n_factors)
        return PaintStep(groups, values, outputs, {"component": names}, curves, partial(with_facts, facts=facts))

    def _number(self, x: Values) -> tuple[int, Values]:
        """How many factors, and the mean log likelihood of frames left out with 1, 2, … of them, if they were tried."""
        if self.n_factors is not None:
            return self.n_factors, np.empty(0)
        blocks = np.array_split(np.arange(len(x)), min(self.folds, len(x)))
        tried = np.zeros(min(self.most, x.shape[1] - 1))
        for block in blocks:
            others = np.delete(x, block, axis=0)
            for i in range(len(tried)):
                tried[i] += _fitted(i + 1, "none", others).score_samples(x[block]).sum() / len(x)
        return int(np.argmax(tried)) + 1, tried

    def _check_size(self, x: Values, context: Context) -> None:
        n = x.shape[1]
        if n < 2 or (self.n_factors is not None and self.n_factors >= n):
            raise AnalysisError(
                f"{context.name}: {self.title}: {n} {self.of} vary, which is too few for "
                f"{self.n_factors or 'even one'} factors. Ask for fewer factors, or give more {self.of}."
            )

    def _warnings(self, x: Values, n_iter: int) -> list[str]:
        n_frames, n = x.shape
        found = []
        if n_frames < _FRAMES_FOR_EACH * n:
            found.append(
                f"{n_frames} frames are few for {n} {self.of}: factors fit noise. Use fewer {self.of}, or larger ones."
            )
        if n_iter >= _MAX_ITER:
            found.append(
                f"Not converged after {_MAX_ITER} steps: two regions may be nearly the same. Ask for fewer factors."
            )
        return found


def _fitted(n_factors: int, rotation: str, x: Values) -> Any:
    from sklearn import decomposition, exceptions

    mean = x.mean(axis=0)
    rows = _of_same_covariance(x - mean)
    model = decomposition.FactorAnalysis(
        n_factors,
        svd_method="lapack",
        max_iter=_MAX_ITER,
        tol=_TOL * len(rows) / len(x),  # it is of the likelihood of all rows
        rotation=None if rotation == "none" else rotation,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        model.fit(rows)
    model.mean_ = mean
    return model


def _of_same_covariance(centred: Values) -> Values:
    """As few rows of mean 0 with the covariance of (t, groups) as can be, as each step decomposes them anew."""
    n_frames, n = centred.shape
    if n_frames <= 2 * n:
        return centred
    half = np.linalg.qr(centred, mode="r") * np.sqrt(n / n_frames)
    return np.concatenate([half, -half])


def _of_all(values: Values, used: NDArray[np.bool_]) -> Values:
    """Values (…, used groups) of all groups, NaN for the others."""
    full = np.full((*values.shape[:-1], len(used)), np.nan)
    full[..., used] = values
    return full


def _curves(courses: Values, explained: Values, tried: Values) -> dict[str, Any]:
    curves: dict[str, Any] = {
        "time_courses": (
            ("frame", "component"), courses, {"long_name": "factor", "units": "sd", "plot": "lines"}
        ),
        "explained_variance_ratio": (
            ("component",), explained, {"long_name": "share of variance explained", "units": "1", "plot": "bars"}
        ),
    }  # fmt: skip
    if len(tried):
        about = {"long_name": "log likelihood of frames left out", "units": "nats", "plot": "bars"}
        curves["log_likelihood_by_factors"] = (("n_factors",), tried, about)
    return curves

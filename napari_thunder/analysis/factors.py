"""Few patterns in space and time that make up much of the activity."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Reduce, Role, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

MOST_FRAMES = 20_000
"""The matrix (t, t) that is summed over the brain has 3.2 GB at this many frames."""


@dataclass(frozen=True, slots=True)
class PCA:
    """Principal components of the series: Y ≈ Σ time_course · component, with Y centred over time at each voxel.

    The matrix G = Y Y' (t, t) is summed over the brain in float64; its leading eigenvectors u give the time courses
    √t · u (mean 0, sd 1) and the maps Y'u / √t.

    Parameters
    ----------
    n_components
        How many, by explained variance.
    standardize
        Scale each voxel to sd 1 first, so that dim voxels count as much as bright ones; noise then counts too.

    Returns
    -------
    components : (component, z, y, x)
        What a voxel changes by when the time course rises by one sd, in units of the movie (after preprocessing); with
        `standardize`, the correlation of voxel and time course. A map divided by its norm is scikit-learn's.
    time_courses : (frame, component)
        Mean 0, sd 1 (ddof 0) over the kept frames, uncorrelated. Times the norm of its map: scikit-learn's scores.
    explained_variance_ratio, singular_values : (component,)
        Share of the variance of all voxels; singular values of Y.

    Raises
    ------
    AnalysisError
        If there are fewer independent components than asked for, no voxel varies, or frames are more than 20 000.

    Notes
    -----
    Sign: the largest excursion of each time course is upwards (the first one, if two are equally large). Components of
    equal variance are only defined together. Voxels that are constant or have NaN take no part. Frames are samples and
    voxels are features, as in `sklearn.decomposition.PCA().fit(Y)`. Thunder centred each time point over voxels:
    exchange time and voxels to get its numbers.

    References
    ----------
    Ahrens et al. 2012, Nature 485:471; `sklearn.decomposition.PCA(svd_solver="full")`.
    """

    family: ClassVar[str] = "Factors"
    title: ClassVar[str] = "Principal components"
    summary: ClassVar[str] = "Few maps and time courses that explain most of the variance"

    n_components: int = parameter(5, help="How many components", minimum=1)
    standardize: bool = parameter(False, help="Scale each voxel to sd 1 first")

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Reduce, Answer, MapStep]:
        """A pass that sums G over the brain, and one for the maps."""
        context.need_frames(2, self.title)
        if context.n_kept > MOST_FRAMES:
            raise AnalysisError(
                f"{context.name}: {self.title}: {context.n_kept} frames are more than it can do ({MOST_FRAMES}). "
                "Exclude frames, or average neighbouring ones first."
            )
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Reduce, Answer, MapStep]:
        summed = yield Reduce(partial(_gram, standardize=self.standardize), _add, "summing over the brain")
        values, vectors = leading(summed["gram"], self.n_components)
        self._check_rank(values, int(summed["n_voxels"].sum()), context)
        time_courses = np.sqrt(context.n_kept) * upward(vectors)
        names = [f"component {k}" for k in range(1, self.n_components + 1)]
        unit = "1" if self.standardize else "a.u."
        curves: dict[str, Any] = {
            "time_courses": (("frame", "component"), time_courses, {"long_name": "time course", "units": "sd"}),
            "explained_variance_ratio": (
                ("component",),
                values / np.trace(summed["gram"]),
                {"long_name": "share of variance explained"},
            ),
            "singular_values": (("component",), np.sqrt(values), {"long_name": "singular value"}),
        }
        return MapStep(
            (Map("components", "component", Role.FACTOR, unit, ("component",)),),
            partial(
                _project, weights=np.ascontiguousarray(time_courses.T) / context.n_kept, standardize=self.standardize
            ),
            {"component": names},
            curves,
        )

    def _check_rank(self, values: Values, n_voxels: int, context: Context) -> None:
        if n_voxels == 0:
            raise AnalysisError(
                f"{context.name}: {self.title}: every voxel is constant or has NaN; there is nothing to explain."
            )
        if len(values) < self.n_components:
            raise AnalysisError(
                f"{context.name}: {self.title}: n_components={self.n_components}, but {context.n_kept} frames of "
                f"{n_voxels} varying voxels have only {len(values)} independent components. Ask for fewer."
            )


def leading(gram: Values, count: int) -> tuple[Values, Values]:
    """The largest eigenvalues (k,), falling, of a matrix (t, t), and their eigenvectors (t, k).

    k is `count`, or fewer if the rest is not above rounding.
    """
    count = min(count, len(gram))
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    real = values > len(gram) * np.finfo(np.float64).eps * max(values[0], 0.0)
    return values[real], vectors[:, real]


def upward(vectors: Values) -> Values:
    """Vectors (t, k) with signs such that the largest excursion of each is above 0.

    Of excursions that are equal but for rounding the first counts, so that engines that sum in another order agree.
    """
    size = np.abs(vectors)
    first = np.argmax(size > (1 - 1e-6) * size.max(axis=0), axis=0)
    signs = np.sign(np.take_along_axis(vectors, first[None], axis=0))
    upwards: Values = vectors * signs
    return upwards


def _gram(series: Series, standardize: bool) -> Answer:
    valid = _prepare(series, standardize)
    return {"gram": series @ series.T, "n_voxels": np.array([valid.sum()])}


def _project(series: Series, weights: Values, standardize: bool) -> Answer:
    valid = _prepare(series, standardize)
    components = weights @ series
    components[:, ~valid] = np.nan
    return {"components": components}


def _prepare(series: Series, standardize: bool) -> NDArray[np.bool_]:
    """Centre (and scale) in place; voxels that take no part become 0. Returns which do."""
    _, sum_squares, valid = centre(series)
    if standardize:
        with np.errstate(all="ignore"):
            series /= np.sqrt(sum_squares / len(series))
    if not valid.all():
        series[:, ~valid] = 0
    return valid


def _add(a: Answer, b: Answer) -> Answer:
    return {name: a[name] + b[name] for name in a}

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

EXACT_FRAMES = 5000
"""Up to so many frames the matrix (t, t), 200 MB then, is summed over the brain; beyond, it is only sampled."""

_OVERSAMPLED = 10
_ITERATIONS = 4
_LEAST_VOXELS = 1024


@dataclass(frozen=True, slots=True)
class PCA:
    """Principal components of the series: Y ≈ Σ time_course · component, with Y centred over time at each voxel.

    The matrix G = Y Y' (t, t) is summed over the brain in float64; its leading eigenvectors u give the time courses
    √t · u (mean 0, sd 1) and the maps Y'u / √t. Beyond 5000 frames G is not formed: u comes from a randomised range
    finder (10 more vectors than asked for, 4 power iterations, fixed seed), which reads the movie six times.

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
        If there are fewer independent components than asked for, or no voxel varies.

    Notes
    -----
    Sign: the largest excursion of each time course is upwards (the first one, if two are equally large). Components of
    equal variance are only defined together. Voxels that are constant or have NaN take no part. Frames are samples and
    voxels are features, as in `sklearn.decomposition.PCA().fit(Y)`. Thunder centred each time point over voxels:
    exchange time and voxels to get its numbers.

    References
    ----------
    `sklearn.decomposition.PCA(svd_solver="full")`; Halko, Martinsson & Tropp 2011, SIAM Review 53:217 (randomised).
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
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Reduce, Answer, MapStep]:
        find = self._exact if context.n_kept <= EXACT_FRAMES else self._randomised
        values, vectors, summed = yield from find(context.n_kept)
        self._check_rank(values, int(summed["n_voxels"].sum()), context)
        time_courses = np.sqrt(context.n_kept) * upward(vectors)
        names = [f"component {k}" for k in range(1, self.n_components + 1)]
        unit = "1" if self.standardize else "a.u."
        curves: dict[str, Any] = {
            "time_courses": (("frame", "component"), time_courses, {"long_name": "time course", "units": "sd"}),
            "explained_variance_ratio": (
                ("component",),
                values / summed["variance"].sum(),
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

    def _exact(self, n_frames: int) -> Generator[Reduce, Answer, tuple[Values, Values, Answer]]:
        """Leading eigenvalues and eigenvectors of G, and what was summed."""
        summed = yield Reduce(
            partial(_gram, standardize=self.standardize), _add, "summing over the brain", _LEAST_VOXELS
        )
        return *leading(summed["gram"], self.n_components), summed

    def _randomised(self, n_frames: int) -> Generator[Reduce, Answer, tuple[Values, Values, Answer]]:
        """The same from products G Q with few vectors Q, which take little room."""
        count = min(self.n_components + _OVERSAMPLED, n_frames)
        basis = np.linalg.qr(np.random.default_rng(0).normal(size=(n_frames, count)))[0]
        for iteration in range(_ITERATIONS + 1):
            product = partial(_gram_times, basis=basis, standardize=self.standardize)
            summed = yield Reduce(product, _add, f"pass {iteration + 1} over the brain", _LEAST_VOXELS)
            if iteration < _ITERATIONS:
                basis = np.linalg.qr(summed["product"])[0]
        values, rotation = leading(basis.T @ summed["product"], self.n_components)
        return values, basis @ rotation, summed

    def _check_rank(self, values: Values, n_voxels: int, context: Context) -> None:
        if n_voxels == 0:
            raise AnalysisError(
                f"{context.name}: {self.title}: every voxel is constant or has NaN (after preprocessing); "
                "there is nothing to explain."
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
    return _size(series, standardize) | {"gram": series @ series.T}


def _gram_times(series: Series, basis: Values, standardize: bool) -> Answer:
    return _size(series, standardize) | {"product": series @ (series.T @ basis)}


def _size(series: Series, standardize: bool) -> Answer:
    """Prepare the series in place; how many voxels take part, and the sum of their squares."""
    valid = _prepare(series, standardize)
    return {"n_voxels": np.array([valid.sum()]), "variance": np.array([np.vdot(series, series)])}


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

"""Few patterns in space and time that make up much of the activity."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.factors.curves import component_curves, component_map, component_names
from napari_thunder.analysis.factors.subspace import project, subspace, upward
from napari_thunder.analysis.protocol import Answer, Context, MapStep, Reduce
from napari_thunder.parameters import check, parameter


@dataclass(frozen=True, slots=True)
class PCA:
    """Principal components of the series: Y ≈ Σ time_course · component, with Y centred over time at each voxel.

    The matrix G = Y Y' (t, t) is summed over the brain in float64; its leading eigenvectors u give the time courses
    √t · u (mean 0, sd 1) and the maps Y'u / √t. Beyond 3000 frames G is not formed: u comes from a randomised range
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
        found = yield from subspace(self.n_components, context.n_kept, standardize=self.standardize)
        found.check(self.n_components, context, self.title)
        time_courses = np.sqrt(context.n_kept) * upward(found.vectors)
        weights = np.ascontiguousarray(time_courses.T) / context.n_kept
        return MapStep(
            (component_map(self.standardize),),
            partial(project, weights=weights, standardize=self.standardize),
            {"component": component_names(self.n_components)},
            component_curves(time_courses, found.values / found.variance)
            | {"singular_values": (("component",), np.sqrt(found.values), {"long_name": "singular value"})},
        )

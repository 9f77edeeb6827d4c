"""Independent components: maps, or time courses, that tell nothing of each other."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.factors.curves import component_curves, component_map, component_names, with_facts
from napari_thunder.analysis.factors.fixed_point import (
    CONTRASTS,
    Unmixing,
    change_of,
    moments,
    skewness,
    stepped,
)
from napari_thunder.analysis.factors.stability import doubts, stability, stability_curve, unmix_often
from napari_thunder.analysis.factors.subspace import LEAST_VOXELS, Subspace, affordable, prepare, project, subspace
from napari_thunder.analysis.groups import add
from napari_thunder.analysis.protocol import Answer, Context, MapStep, Reduce, Request, Sample, Series
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_MAPS, _COURSES = "maps", "time courses"


@dataclass(frozen=True, slots=True)
class ICA:
    """Independent components by FastICA: Y ≈ mean + Σ time_course · component.

    Principal components give k white signals z; a rotation W makes the sources W z as independent as can be: the fixed
    point of W ← E[g(s) z'] − E[g'(s)] W, all rows together and made orthogonal after each step, from a random start.
    Maps independent (spatial): voxels are samples; y is centred over time at each voxel and over voxels at each frame.
    Time courses independent (temporal): frames are samples; y is centred over time.

    Parameters
    ----------
    n_components
        k: principal components that are kept, and independent ones made of them.
    independent
        What is made independent: `maps` (regions that are active for themselves) or `time courses`.
    contrast
        `logcosh` (g = tanh, robust) or `cube` (g = s³, kurtosis; Thunder's).
    standardize
        Scale each voxel to sd 1 first.
    n_voxels
        Of which W is first estimated for maps, chosen at random; fewer, if their series would take more than 256 MB.
    max_iter, tol
        Steps from the random start, and the change of W (1 − cosine) that ends them.
    max_passes
        Further steps over all voxels, each a pass over the movie, until the change is below `tol`; 0: W stays that
        of the sample. None is needed if the sample held every voxel, and two or three if it held 1 %.
    n_starts
        Random starts in all, on the sample; the first one gives the components, and the others tell how stable they
        are. 1: that is not asked.
    seed
        Of the random starts and the sample.

    Returns
    -------
    components : (component, z, y, x)
        What a voxel changes by when the time course rises by one sd, in units of the movie (after preprocessing).
    time_courses : (frame, component)
        Mean 0, sd 1 (ddof 0) over the kept frames. Uncorrelated if they are what was made independent.
    explained_variance_ratio : (component,)
        Share of the variance about the mean, falling; they add up, to what the k principal components explain.
    stability : (component,)
        With several starts: how surely each component is found, from 1 (by every start) to about 0; the quality index
        of Icasso: mean abs(correlation) of its estimates from all starts, minus that between them and all others.
    mean : (frame,)
        Mean over voxels, which the maps are about; for `maps` only.
    Attributes `converged`, `change`, `n_iter`, `n_passes`, and `warnings` if it did not converge or is not stable.

    Raises
    ------
    AnalysisError
        If there are fewer principal components than asked for, or no voxel varies.

    Notes
    -----
    Sign: sources have positive skew, so that few strong voxels (or transients) stand out upwards. At most one source
    may be Gaussian; with more, what they span is right and what they are is not: their `stability` is low. It tells
    whether other starts find the same in these data, not whether other data hold it. Beyond 3000 frames the principal
    components are sampled, as in `PCA`.

    References
    ----------
    Hyvärinen 1999, IEEE Trans. Neural Netw. 10:626; `sklearn.decomposition.FastICA(whiten="unit-variance")` of
    (voxels, frames) for maps and (frames, voxels) for time courses; Varoquaux et al. 2010, NeuroImage 51:288 (spatial);
    Himberg et al. 2004, NeuroImage 22:1214 (Icasso).
    """

    family: ClassVar[str] = "Factors"
    title: ClassVar[str] = "Independent components"
    summary: ClassVar[str] = "Maps, or time courses, that are as independent of each other as can be"

    n_components: int = parameter(5, help="How many components", minimum=1)
    independent: str = parameter(_MAPS, help="What is made independent", choices=(_MAPS, _COURSES))
    contrast: str = parameter("logcosh", help="What tells independence", choices=CONTRASTS)
    standardize: bool = parameter(False, help="Scale each voxel to sd 1 first")
    n_voxels: int = parameter(20_000, help="Voxels of the first estimate, for maps", minimum=2)
    max_iter: int = parameter(200, help="Steps from the random start", minimum=1)
    tol: float = parameter(1e-4, help="Change that ends the steps", minimum=0)
    max_passes: int = parameter(5, help="Further steps over all voxels, for maps", minimum=0)
    n_starts: int = parameter(
        10, help="Random starts that must agree; 1 for one alone", minimum=1, title="Number of starts", fine=True
    )
    seed: int = parameter(0, help="Of the random starts and the sample", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Request, Answer, MapStep]:
        """A pass that sums G over the brain, those that find the rotation, and one for the maps."""
        context.need_frames(2, self.title)
        return self._of_maps(context) if self.independent == _MAPS else self._of_courses(context)

    def _of_courses(self, context: Context) -> Generator[Request, Answer, MapStep]:
        found = yield from subspace(self.n_components, context.n_kept, standardize=self.standardize)
        found.check(self.n_components, context, self.title)
        white = np.sqrt(context.n_kept) * found.vectors.T
        starts = self._found(white)
        unmixing = starts[0]
        explained = unmixing.rotation**2 @ found.values / found.variance
        signs = _signs(skewness(unmixing.rotation @ white))
        order = np.argsort(-explained)
        courses = (signs[:, None] * (unmixing.rotation @ white))[order].T
        weights = np.ascontiguousarray(courses.T) / context.n_kept
        stable = stability(unmixing.rotation[order], starts)
        return self._step(courses, explained[order], weights, self._facts(unmixing, 0), stable)

    def _of_maps(self, context: Context) -> Generator[Request, Answer, MapStep]:
        found = yield from subspace(self.n_components, context.n_kept, standardize=self.standardize, over_voxels=True)
        found.check(self.n_components, context, self.title)
        whitening = (found.vectors * np.sqrt(found.n_voxels / found.values)).T
        white = yield from self._white_sample(whitening, found, context)
        starts = self._found(white)
        unmixing, n_passes = starts[0], 0
        if white.shape[1] < found.n_voxels:
            unmixing, n_passes = yield from self._refined(unmixing, whitening, found)
        rotation = _signs(skewness(unmixing.rotation @ white))[:, None] * unmixing.rotation
        mixing = (found.vectors * np.sqrt(found.values / found.n_voxels)) @ rotation.T
        explained = rotation**2 @ found.values / found.variance
        order = np.argsort(-explained)
        size = np.sqrt(np.mean(mixing**2, axis=0))
        weights = (size[:, None] * (rotation @ whitening))[order]
        facts = self._facts(unmixing, n_passes)
        stable = stability(rotation[order], starts)
        return self._step((mixing / size)[:, order], explained[order], weights, facts, stable, found.mean)

    def _found(self, white: Values) -> list[Unmixing]:
        """The rotations of white signals from each start."""
        return unmix_often(white, self.contrast, self.max_iter, self.tol, self.seed, self.n_starts)

    def _white_sample(self, whitening: Values, found: Subspace, context: Context) -> Generator[Request, Answer, Values]:
        """White signals (k, n) of voxels chosen at random."""
        series = (yield Sample(affordable(self.n_voxels, context.n_kept), self.seed))["series"]
        if series.shape[1] < self.n_components:
            raise AnalysisError(
                f"{context.name}: {self.title}: of {self.n_voxels} voxels chosen at random only {series.shape[1]} "
                "vary. Raise n_voxels, or give mask= so that they are chosen in the brain."
            )
        prepare(series, self.standardize)
        white: Values = whitening @ series - (whitening @ found.mean)[:, None]
        return white

    def _refined(
        self, unmixing: Unmixing, whitening: Values, found: Subspace
    ) -> Generator[Request, Answer, tuple[Unmixing, int]]:
        """Further steps over all voxels."""
        rotation, change, n_passes = unmixing.rotation, unmixing.change, 0
        while n_passes < self.max_passes and (n_passes == 0 or change >= self.tol):
            share = partial(
                _moments_of_block, rotation=rotation, whitening=whitening, mean=found.mean,
                standardize=self.standardize, contrast=self.contrast,
            )  # fmt: skip
            summed = yield Reduce(share, add, f"refining over all voxels, pass {n_passes + 1}", LEAST_VOXELS)
            cross, slope = summed["cross"] / summed["n_voxels"], summed["slope"] / summed["n_voxels"]
            following = stepped(cross, slope, rotation)
            change, rotation, n_passes = change_of(rotation, following), following, n_passes + 1
        return Unmixing(rotation, change, unmixing.n_iter + n_passes), n_passes

    def _facts(self, unmixing: Unmixing, n_passes: int) -> dict[str, Any]:
        converged = unmixing.change < self.tol
        text = (
            f"Not converged: the last of {unmixing.n_iter} steps changed the components by {unmixing.change:.2g} "
            f"(1 − cosine; wanted: below {self.tol:g}). Ask for fewer components, or raise max_iter or max_passes."
        )
        return {
            "converged": int(converged),
            "change": unmixing.change,
            "n_iter": unmixing.n_iter,
            "n_passes": n_passes,
            "warnings": [] if converged else [text],
        }

    def _step(
        self,
        courses: Values,
        explained: Values,
        weights: Values,
        facts: dict[str, Any],
        stable: Values,
        mean: Values | None = None,
    ) -> MapStep:
        curves, offset = component_curves(courses, explained), None
        names = component_names(self.n_components)
        if self.n_starts > 1:
            curves |= stability_curve(stable, self.n_starts)
            facts = facts | {"warnings": facts["warnings"] + doubts(stable, names, self.n_starts)}
        if mean is not None:
            attrs = {"long_name": "mean over voxels", "units": "a.u.", "plot": "lines"}
            curves["mean"], offset = (("frame",), mean, attrs), weights @ mean
        return MapStep(
            (component_map(self.standardize, "independent component"),),
            partial(project, weights=weights, standardize=self.standardize, offset=offset),
            {"component": names},
            curves,
            partial(with_facts, facts=facts),
        )


def _signs(skew: Values) -> Values:
    return np.where(skew < 0, -1.0, 1.0)


def _moments_of_block(
    series: Series, rotation: Values, whitening: Values, mean: Values, standardize: bool, contrast: str
) -> Answer:
    """Sums over the valid voxels of a block of what a step needs."""
    valid = prepare(series, standardize)
    white = whitening @ series - (whitening @ mean)[:, None]
    white = white if valid.all() else white[:, valid]
    n = white.shape[1]
    cross, slope = (
        moments(rotation @ white, white, contrast) if n else (np.zeros_like(rotation), np.zeros(len(rotation)))
    )
    return {"cross": n * cross, "slope": n * slope, "n_voxels": np.array([n])}

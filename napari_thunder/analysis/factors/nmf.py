"""Non-negative factors: maps and time courses that only add up."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.factors.curves import Curves, component_map, component_names, with_facts
from napari_thunder.analysis.factors.nonnegative import (
    Solver,
    clipped,
    exact,
    factored,
    relative_error,
    starting_courses,
    swept,
)
from napari_thunder.analysis.factors.shifting import made_non_negative, prepare_non_negative
from napari_thunder.analysis.factors.subspace import LEAST_VOXELS, affordable
from napari_thunder.analysis.protocol import Answer, Context, MapStep, Reduce, Request, Sample, Series
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]

_AT_THE_DESK: dict[str, Solver] = {"hals": swept, "als": clipped}
_OVER_THE_BRAIN: dict[str, Solver] = {"hals": exact, "als": clipped}
_MUCH_CLIPPED = 0.01


@dataclass(frozen=True, slots=True)
class NMF:
    """Non-negative matrix factorisation: Y ≈ H W with time courses H ≥ 0 (t, k) and maps W ≥ 0 (k, voxels).

    Minimises ‖Y − H W‖² over the movie made non-negative by `shift`. H is found on voxels chosen at random, from
    nndsvda and in turn with their maps. Then passes over the movie: each solves W exactly at every voxel for this H
    (non-negative least squares), sums W W' and Y W', and solves H for them, until the error no longer falls.

    Parameters
    ----------
    n_components
        k.
    shift
        How negative values, as in ΔF/F, are dealt with. `min`: the least value of each voxel is subtracted; `clip`:
        they become 0; `none`: there must be none.
    solver
        `hals`: hierarchical alternating least squares at the desk, exact at each voxel. `als`: plain least squares
        with negative values set to 0, as in Thunder; its error may rise.
    n_voxels
        Of which H is first found, chosen at random; fewer, if their series would take more than 256 MB.
    max_iter
        Turns on those.
    tol
        Ends the turns, and the passes: the least relative fall of the error.
    max_passes
        Most passes over all voxels; none is made if the sample held every one.
    seed
        Of the sample.

    Returns
    -------
    components : (component, z, y, x)
        W, with a largest value of 1; 0 where a component takes no part.
    time_courses : (frame, component)
        H, in units of the movie (after preprocessing): the component in its strongest voxel.
    explained : (component,)
        ‖h_k w_k‖² / ‖Y‖², falling. Components overlap, so these do not add up.
    error : (iteration,), error_of_all : (pass,)
        ‖Y − H W‖ / ‖Y‖ of the sample after each turn, and of all voxels in each
        pass; the last one is that of the result.
    Attributes `relative_error` (the last one), `explained_by_all` (1 − its square), `n_iter`, `n_passes`, `warnings`.

    Raises
    ------
    AnalysisError
        If values are negative and `shift` is `none`, nothing is above 0, or there are fewer voxels or frames than
        components.

    Notes
    -----
    The minimum is a local one, the start fixed. A component that few voxels have may be missing from the sample: raise
    `n_voxels`. The shift `min` leaves each voxel a level above 0, which one component takes: ask for one more. It makes
    noisy voxels count more, as their least value lies lower: smooth in time first.
    Voxels that are constant or have NaN take no part.

    References
    ----------
    Cichocki & Phan 2009, IEICE Trans. E92-A:708 (HALS); Kim & Park 2011, SIAM J. Sci. Comput. 33:3261 (exact solution);
    `sklearn.decomposition.NMF(solver="cd", init="nndsvda")`; Thunder's `NMF` (als).
    """

    family: ClassVar[str] = "Factors"
    title: ClassVar[str] = "Non-negative factors"
    summary: ClassVar[str] = "Maps and time courses without negative values, which only add up"

    n_components: int = parameter(5, help="How many components", minimum=1)
    shift: str = parameter("min", help="How negative values are dealt with", choices=("min", "clip", "none"))
    solver: str = parameter("hals", help="How time courses and maps are improved", choices=tuple(_AT_THE_DESK))
    n_voxels: int = parameter(10_000, help="Voxels of the first estimate", minimum=2)
    max_iter: int = parameter(500, help="Turns on those voxels", minimum=1)
    tol: float = parameter(1e-5, help="Least relative fall of the error that is worth another turn", minimum=0)
    max_passes: int = parameter(5, help="Passes over all voxels", minimum=1)
    seed: int = parameter(0, help="Of the voxels of the first estimate", minimum=0)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Generator[Request, Answer, MapStep]:
        """A sample, up to `max_passes` passes that improve H, and one for the maps."""
        context.need_frames(2, self.title)
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Request, Answer, MapStep]:
        n_wanted = affordable(self.n_voxels, context.n_kept)
        chosen = yield Sample(n_wanted, self.seed)
        series = chosen["series"]
        self._check_size(series, context)
        signs = made_non_negative(series, self.shift)
        self._check_signs(signs, context)
        courses, _, errors = factored(
            series,
            starting_courses(series, self.n_components),
            _AT_THE_DESK[self.solver],
            self.max_iter,
            self.tol,
        )
        if n_wanted < np.prod(context.space):
            courses, whole, history = yield from self._over_all(courses, context)
        else:
            whole = signs | _sums(series, courses, self.solver)
            history = [_error(whole, courses)]
        return self._step(courses, whole, errors, history)

    def _over_all(
        self, courses: Values, context: Context
    ) -> Generator[Request, Answer, tuple[Values, Answer, list[float]]]:
        """Time courses improved by passes over all voxels, the sums of the last pass, and the error in each."""
        history: list[float] = []
        while True:
            share = partial(_of_block, courses=courses, shift=self.shift, solver=self.solver)
            whole = yield Reduce(share, _merge, f"pass {len(history) + 1} over all voxels", LEAST_VOXELS)
            self._check_signs(whole, context)
            history.append(_error(whole, courses))
            little = len(history) > 1 and history[-2] - history[-1] < self.tol * history[-2]
            if little or len(history) == self.max_passes:
                return courses, whole, history
            solve = _OVER_THE_BRAIN[self.solver]
            courses = solve(whole["gram"], whole["cross"].T, courses.T).T
            courses = courses / np.maximum(np.linalg.norm(courses, axis=0), np.finfo(float).tiny)

    def _step(self, courses: Values, whole: Answer, errors: list[float], history: list[float]) -> MapStep:
        tops = np.where(whole["top"] > 0, whole["top"], 1.0)
        explained = np.diag(whole["gram"]) * np.sum(courses**2, axis=0) / whole["total"]
        order = np.argsort(-explained)
        facts = {
            "relative_error": history[-1],
            "explained_by_all": 1 - history[-1] ** 2,
            "n_iter": len(errors),
            "n_passes": len(history),
            "warnings": self._warnings(whole, errors),
        }
        courses = (courses * tops)[:, order]
        return MapStep(
            (component_map(True, "non-negative component"),),
            partial(_maps, courses=courses, shift=self.shift, solver=self.solver),
            {"component": component_names(self.n_components)},
            _curves(courses, explained[order], errors, history),
            partial(with_facts, facts=facts),
        )

    def _warnings(self, whole: Answer, errors: list[float]) -> list[str]:
        found = []
        lost = float(whole["negative_squares"] / (whole["total"] + whole["negative_squares"]))
        if self.shift == "clip" and lost > _MUCH_CLIPPED:
            found.append(
                f"Setting negative values to 0 took away {lost:.0%} of the sum of squares; think of shift=min."
            )
        cut = len(errors) == self.max_iter and self.max_iter > 1 and errors[-2] - errors[-1] >= self.tol * errors[-2]
        if cut:
            found.append(f"The error still fell after {self.max_iter} turns on the sample; raise max_iter.")
        empty = int((whole["top"] <= 0).sum())
        if empty:
            found.append(f"{empty} of {self.n_components} components came out empty; ask for fewer.")
        return found

    def _check_size(self, series: Series, context: Context) -> None:
        n_frames, n_voxels = series.shape
        if min(n_frames, n_voxels) < self.n_components:
            raise AnalysisError(
                f"{context.name}: {self.title}: n_components={self.n_components}, but there are {n_frames} frames of "
                f"{n_voxels} varying voxels (of {self.n_voxels} chosen at random). Ask for fewer, or raise n_voxels."
            )

    def _check_signs(self, summed: Answer, context: Context) -> None:
        n = int(summed["n_negative"])
        if self.shift == "none" and n:
            raise AnalysisError(
                f"{context.name}: {self.title}: {n} voxels have values below 0, as after ΔF/F or detrending. Set "
                "shift=min (subtract the least value of each voxel) or shift=clip (set them to 0)."
            )
        if self.shift == "clip" and not summed["total"] > 0:
            raise AnalysisError(f"{context.name}: {self.title}: no value is above 0. Set shift=min.")


def _of_block(series: Series, courses: Values, shift: str, solver: str) -> Answer:
    _, signs = prepare_non_negative(series, shift)
    return signs | _sums(series, courses, solver)


def _sums(series: Series, courses: Values, solver: str) -> Answer:
    maps = _OVER_THE_BRAIN[solver](courses.T @ courses, courses.T @ series, None)
    return {
        "gram": maps @ maps.T,
        "cross": series @ maps.T,
        "top": maps.max(axis=1),
    }


def _merge(a: Answer, b: Answer) -> Answer:
    return {name: np.maximum(a[name], b[name]) if name == "top" else a[name] + b[name] for name in a}


def _error(whole: Answer, courses: Values) -> float:
    return relative_error(float(whole["total"]), courses, whole["gram"], whole["cross"])


def _maps(series: Series, courses: Values, shift: str, solver: str) -> Answer:
    valid, _ = prepare_non_negative(series, shift)
    maps = _OVER_THE_BRAIN[solver](courses.T @ courses, courses.T @ series, None)
    maps[:, ~valid] = np.nan
    return {"components": maps}


def _curves(courses: Values, explained: Values, errors: list[float], history: list[float]) -> Curves:
    return {
        "time_courses": (
            ("frame", "component"), courses, {"long_name": "time course", "units": "a.u.", "plot": "lines"}
        ),
        "explained": (
            ("component",), explained, {"long_name": "share of the sum of squares, alone", "units": "1", "plot": "bars"}
        ),
        "error": (("iteration",), np.array(errors), {"long_name": "relative error on the sample", "units": "1"}),
        "error_of_all": (("pass",), np.array(history), {"long_name": "relative error of all voxels", "units": "1"}),
    }  # fmt: skip

"""The design matrix of an analysis before it runs, for a picture of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design, Values
from napari_thunder.analysis.protocol import Analysis, Context
from napari_thunder.analysis.regression.contrasts import parse_contrasts
from napari_thunder.analysis.regression.recipe import recipe_of
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import parameters

_LARGEST_INFLATION = 5.0
_LARGEST_CONDITION = 30.0
_DEPENDENT = "Some regressors are combinations of others: their weights are not told apart by the data alone."


@dataclass(frozen=True, slots=True)
class ShownDesign:
    """A design matrix, and what is to be said of it.

    Parameters
    ----------
    names
        Of the regressors; those of drift and motion come last.
    groups
        What each belongs to: `direction`, `swim`, `motion`, `drift` …
    values
        (t, p) over the kept frames, as the analysis will use them.
    frames
        (t,) numbers of those frames.
    frame_times
        (t,) s, or None where they are not known.
    vif
        (p,) variance inflation factors; NaN where the design cannot be fitted.
    condition_number
        Of the columns scaled to unit length; inf where the design cannot be fitted.
    warnings
        What to know before the run, first of all why the design cannot be fitted, if so.
    can_be_fitted
        Whether the analysis would run.
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    values: Values
    frames: NDArray[np.intp]
    frame_times: Values | None
    vif: Values
    condition_number: float
    warnings: tuple[str, ...]
    can_be_fitted: bool


def has_design(cls: type[Any]) -> bool:
    """Whether analyses of this class have a design: those with the parameters `events_by`, `signals` and `design`, or
    with a method `made_design(context)` that gives one."""
    names = {p.name for p in parameters(cls)}
    return hasattr(cls, "made_design") or {"events_by", "signals", "design"} <= names


def design_of(analysis: Analysis, context: Context) -> ShownDesign | None:
    """The design of an analysis, from its parameters and what is known of the recording: no voxel is read.

    Parameters
    ----------
    analysis
        Any; see `has_design`. With `takes_dependent`, it fits designs with dependent columns too.
    context
        As the analysis gets it; preprocessing that changes the frames must be in it already.

    Returns
    -------
    ShownDesign or None
        None if the analysis has no design.

    Raises
    ------
    ThunderError
        If the design cannot be made: there are no regressors yet, an event column or a signal is not there, the
        recording has no frame times …; the message says what to do.
    """
    if not has_design(type(analysis)):
        return None
    context.need_frames(2, analysis.title)
    design = _made(analysis, context)
    frames = np.flatnonzero(context.keep)
    times = None if context.frame_times is None else context.frame_times[frames]
    where = f"{context.name}: {analysis.title}"
    problem, dependent = _problem(analysis, design, where), _message(design.check, where)
    if dependent:
        inflation, condition = np.full(len(design.names), np.nan), np.inf
        warnings = [] if problem else [_DEPENDENT]
    else:
        inflation, condition = design.variance_inflation, design.condition_number
        warnings = warnings_of(design, inflation, condition)
    warnings = [problem, *warnings] if problem else warnings
    return ShownDesign(
        design.names, design.groups, design.values, frames, times, inflation, condition, tuple(warnings), not problem
    )


def _made(analysis: Analysis, context: Context) -> Design:
    if hasattr(analysis, "made_design"):
        design: Design = analysis.made_design(context)
        return design
    recipe = recipe_of(analysis)
    assert recipe is not None
    return recipe.made(context, analysis.title)


def _problem(analysis: Analysis, design: Design, where: str) -> str:
    """Why the analysis would not run with the design; empty if it would."""
    takes_dependent = getattr(type(analysis), "takes_dependent", False)
    problem = _message(design.check_varying if takes_dependent else design.check, where)
    contrasts = getattr(analysis, "contrasts", ())
    return problem or _message(lambda w: parse_contrasts(contrasts, design.names, design.groups, w), where)


def _message(check: Callable[[str], Any], where: str) -> str:
    try:
        check(where)
    except AnalysisError as error:
        return str(error)
    return ""


def warnings_of(design: Design, inflation: Values, condition: float) -> list[str]:
    """What to tell of a design that can be fitted, but not well."""
    n_wanted = len(design.names) - design.n_nuisance
    found = [
        f"{name!r} is largely explained by the other regressors (variance inflation {vif:.1f}, above "
        f"{_LARGEST_INFLATION:g}): its weight is uncertain."
        for name, vif in zip(design.names[:n_wanted], inflation, strict=False)
        if vif > _LARGEST_INFLATION
    ]
    if condition > _LARGEST_CONDITION:
        found.append(
            f"The regressors are nearly dependent (condition number {condition:.0f}, above {_LARGEST_CONDITION:g})."
        )
    return found

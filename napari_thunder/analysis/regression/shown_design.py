"""The design matrix of an analysis before it runs, for a picture of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.design import Design, Values
from napari_thunder.analysis.protocol import Analysis, Context
from napari_thunder.analysis.regression.recipe import recipe_of
from napari_thunder.errors import AnalysisError

_LARGEST_INFLATION = 5.0
_LARGEST_CONDITION = 30.0


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


def design_of(analysis: Analysis, context: Context) -> ShownDesign | None:
    """The design of an analysis, from its parameters and what is known of the recording: no voxel is read.

    Parameters
    ----------
    analysis
        Any. One with the parameters `events_by`, `signals` and `design` has a design; with `takes_dependent`, it fits
        designs with dependent columns too.
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
    recipe = recipe_of(analysis)
    if recipe is None:
        return None
    context.need_frames(2, analysis.title)
    design = recipe.made(context, analysis.title)
    frames = np.flatnonzero(context.keep)
    times = None if context.frame_times is None else context.frame_times[frames]
    try:
        design.check(f"{context.name}: {analysis.title}")
    except AnalysisError as error:
        nowhere = np.full(len(design.names), np.nan)
        fits = getattr(type(analysis), "takes_dependent", False)
        return ShownDesign(
            design.names, design.groups, design.values, frames, times, nowhere, np.inf, (str(error),), fits
        )
    inflation, condition = design.variance_inflation, design.condition_number
    warnings = tuple(warnings_of(design, inflation, condition))
    return ShownDesign(design.names, design.groups, design.values, frames, times, inflation, condition, warnings, True)


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

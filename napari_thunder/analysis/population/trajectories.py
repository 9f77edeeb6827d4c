"""Trajectories: the path of a whole population through its states, in each condition."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.factors.curves import component_names
from napari_thunder.analysis.population.averaging import Averaging
from napari_thunder.analysis.population.condition_states import condition_states
from napari_thunder.analysis.population.state_curves import loading_step, state_curves
from napari_thunder.analysis.protocol import Answer, Context, LastStep, Request
from napari_thunder.parameters import parameter


@dataclass(frozen=True, slots=True)
class Trajectories(Averaging):
    """Trajectories of the population: principal components of the averages over trials of each condition.

    x̄(c, u): the average of each voxel over the trials of condition c at lag u, minus the trials' baselines. It is
    scaled softly to r = x̄ / (range of x̄ + s), so that strong voxels do not rule and silent ones do not grow; smoothed
    over lags; its mean over conditions subtracted, if asked for, and that over conditions and lags. Then
    r ≈ Σ trajectory · loading, by the eigenvectors of the matrix (conditions · lags)², summed over the brain.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition; none: all events are one, `event`.
    only
        Some events only, such as `speed=2`; all terms must hold.
    of
        `voxels`, or `regions`: mean activity of each region that is drawn.
    n_components
        k.
    baseline
        In s before the start of each event; 0 for none.
    before, after
        Lags in s from the start of events.
    softening
        s as a share of the range that 99 % of (2000 random) voxels, or of regions, stay below; none: no scaling.
    subtract_mean
        Subtract the mean over conditions at each lag, so that what is common to all is left out.
    smoothing
        Standard deviation in s of a Gaussian over lags; 0 for none.
    resamples
        Times that trials are drawn again, within each condition, for the standard error; 0 for none.
    seed
        Of the resamples.

    Returns
    -------
    loadings : (component, z, y, x)
        Weight of each voxel, of mean square 1 over voxels (or regions).
    trajectory : (condition, lag, component)
        States, in ranges of a voxel (without scaling: units of the movie); the largest excursion is upwards.
    trajectory_sem : (condition, lag, component)
        Standard deviation over resamples of the trials, loadings kept; NaN for a single trial,
        left out if all are.
    time_courses : (frame, component)
        The state at every kept frame of the recording.
    explained_variance_ratio : (component,)
        Share of the variance of r over conditions and lags.
    n_trials : (condition,), n_at_lag : (condition, lag)
        Trials used. Attributes `warnings`, `n_voxels_used`.

    Raises
    ------
    MissingMetadataError
        If frame times or events (or regions) are not known.
    AnalysisError
        If a condition has no usable event, or there are fewer components than asked for.

    Notes
    -----
    Voxels that do not answer hold noise that averaging does not remove; with few trials it is much of the variance:
    give a mask or regions. Lags that no trial of a condition has are NaN. Loadings come from the same trials as the
    trajectories, which the standard error does not count.

    References
    ----------
    Cunningham & Yu 2014, Nat. Neurosci. 17:1500; soft normalisation: Churchland et al. 2012, Nature 487:51.
    """

    family: ClassVar[str] = "Population"
    title: ClassVar[str] = "Trajectories"
    summary: ClassVar[str] = "Path of the whole population through its states, in each condition"

    resamples: int = parameter(200, help="Resamples of the trials for the standard error; 0 for none", minimum=0)
    seed: int = parameter(0, help="Of the resamples", minimum=0)

    def plan(self, context: Context) -> Generator[Request, Answer, LastStep]:
        """A sample of ranges, a pass that sums over the brain, and one for the loadings."""
        context.need_frames(2, self.title)
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Request, Answer, LastStep]:
        states = yield from condition_states(self, context, self.title)
        values, vectors = states.components()
        weights = states.weights(values, vectors)
        curves = state_curves(states, states.trajectory(values, vectors), weights, self.resamples, self.seed)
        share = values / np.trace(states.covariance)
        about = {"long_name": "share of variance explained", "units": "1", "plot": "bars"}
        curves["explained_variance_ratio"] = (("component",), share, about)
        names = component_names(self.n_components)
        return loading_step(states, weights, names, curves)

"""jPCA: do the states of a population rotate?"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.events.asked import conditions_by
from napari_thunder.analysis.factors.subspace import leading
from napari_thunder.analysis.population.averaging import Averaging
from napari_thunder.analysis.population.condition_states import ConditionStates, condition_states
from napari_thunder.analysis.population.maximum_entropy import Surrogates
from napari_thunder.analysis.population.rotations import Steps, planes
from napari_thunder.analysis.population.state_curves import loading_step, state_curves
from napari_thunder.analysis.protocol import Answer, Context, LastStep, Request
from napari_thunder.errors import AnalysisError, ParameterError
from napari_thunder.parameters import parameter

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WIDEST = 30
_LEAST_LAGS = 3


@dataclass(frozen=True, slots=True)
class JPCA(Averaging):
    """Rotations of the population's state (jPCA), with a control for what smooth data show by themselves.

    As in `Trajectories`, averages over trials are scaled softly and projected on their first k principal components:
    states x(c, u). The change to the next lag, ẋ = Δx / Δu, is fitted by ẋ = M x with M skew-symmetric, which can only
    rotate; in closed form: M C + C M = Ẋ'X − X'Ẋ with C = X'X. The eigenvectors of M pair up to k / 2 planes.
    Control: random data of largest entropy with the same covariances over lags, over components and over conditions
    (so as smooth, as low-dimensional, with conditions as alike), taken through the same steps. p is the share of them,
    and of the data, whose R² is as large.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition.
    only
        Some events only, such as `speed=2`; all terms must hold.
    of
        `voxels`, or `regions`: mean activity of each region that is drawn.
    n_components
        k, an even number.
    baseline
        In s before the start of each event; 0 for none.
    before, after
        Lags in s from the start of events; those that every condition has are used.
    softening
        As in `Trajectories`.
    subtract_mean
        Subtract the mean over conditions at each lag.
    smoothing
        Standard deviation in s of a Gaussian over lags; 0 for none.
    surrogates
        Random data sets of the control; 0 for none.
    resamples
        Of the trials, for the standard error of the trajectories; 0 for none.
    seed
        Of control and resamples.

    Returns
    -------
    loadings : (component, z, y, x)
        Weight of each voxel in jPC 1, jPC 2, …: two for each plane, the fastest plane first.
    trajectory, trajectory_sem : (condition, lag, component)
        States in those planes, in ranges of a voxel. In each plane the rotation is anticlockwise, and the states at the
        first lag spread most along the first axis.
    time_courses : (frame, component)
        The state at every kept frame.
    frequency : (plane,)
        Turns per second (Hz).
    dynamics : (component, from_component)
        M in the basis of the planes, in 1/s.
    explained_variance_ratio : (component,)
        Share of the variance of the averages.
    control : (surrogate,)
        R² of the rotations of each random data set.
    Attributes `r2_skew`, `r2_unconstrained` (share of the changes that M explains, and the best matrix of any kind),
    `p` (of r2_skew), `warnings`.

    Raises
    ------
    MissingMetadataError
        If frame times or events (or regions) are not known.
    AnalysisError
        If a condition has no usable event, fewer than three lags are known in all, or there are fewer components.

    Notes
    -----
    Calcium indicators smear: rotations faster than 1 / (2π τ), with τ the decay (0.1 Hz for 1.5 s), cannot be seen, and
    rise and decay of one answer alone look like a part of a turn. Read R² with p. With few conditions and lags the
    control has little to vary, and p is large.

    References
    ----------
    Churchland et al. 2012, Nature 487:51; Elsayed & Cunningham 2017, Nat. Neurosci. 20:1310 (control).
    """

    family: ClassVar[str] = "Population"
    title: ClassVar[str] = "Rotations (jPCA)"
    summary: ClassVar[str] = "Whether the state of the population rotates, how fast, and by which voxels"

    by: tuple[str, ...] = conditions_by()
    n_components: int = parameter(6, help="How many components, an even number", minimum=2)
    before: float = parameter(0.0, help="First lag, before the start of an event", unit="s", minimum=0)
    subtract_mean: bool = parameter(True, help="Subtract the mean over conditions at each lag")
    surrogates: int = parameter(200, help="Random data sets of the control; 0 for none", minimum=0)
    resamples: int = parameter(200, help="Resamples of the trials for the standard error; 0 for none", minimum=0)
    seed: int = parameter(0, help="Of control and resamples", minimum=0)

    def __post_init__(self) -> None:
        Averaging.__post_init__(self)
        if self.n_components % 2:
            raise ParameterError(f"JPCA: n_components={self.n_components} must be even: two for each plane.")

    def plan(self, context: Context) -> Generator[Request, Answer, LastStep]:
        """A sample of ranges, a pass that sums over the brain, and one for the loadings."""
        context.need_frames(2, self.title)
        return self._steps(context)

    def _steps(self, context: Context) -> Generator[Request, Answer, LastStep]:
        states = yield from condition_states(self, context, self.title)
        values, vectors = states.components()
        trajectory = states.trajectory(values, vectors)
        known: Flags = np.asarray(states.there.all(axis=0))
        if known.sum() < _LEAST_LAGS:
            raise AnalysisError(
                f"{context.name}: {self.title}: only {int(known.sum())} lags are known in all "
                f"{len(states.conditions)} conditions; {_LEAST_LAGS} are needed. Raise after=, or leave conditions out "
                "with only=."
            )
        lags = states.course.lags[known]
        steps = Steps.of(trajectory[:, known], lags)
        skew = steps.skew()
        basis, frequency = planes(skew, trajectory[:, known][:, 0])
        r2 = steps.explained(skew)
        control = self._control(states, known, lags)
        weights, rotated = basis.T @ states.weights(values, vectors), trajectory @ basis
        curves = state_curves(states, rotated, weights, self.resamples, self.seed)
        curves |= _curves(basis.T @ skew @ basis, frequency, control)
        share = states.n_voxels * np.nansum(rotated**2, axis=(0, 1)) / np.trace(states.covariance)
        about = {"long_name": "share of variance explained", "units": "1", "plot": "bars"}
        curves["explained_variance_ratio"] = (("component",), share, about)
        names = [f"jPC {i}" for i in range(1, self.n_components + 1)]
        facts = {"r2_skew": r2, "r2_unconstrained": steps.explained(steps.unconstrained())}
        return loading_step(states, weights, names, curves, facts | self._verdict(states, r2, control))

    def _control(self, states: ConditionStates, known: Flags, lags: Values) -> Values:
        """R² of the rotations of random data sets."""
        values, vectors = states.components(_WIDEST)
        tensor = states.trajectory(values, vectors)[:, known].transpose(1, 2, 0)
        mean = tensor.mean(axis=2, keepdims=True)
        if not self.surrogates or not np.abs(tensor - mean).max() > 0:
            return np.empty(0)
        source, rng = Surrogates.of(tensor - mean), np.random.default_rng(self.seed)
        found = np.empty(self.surrogates)
        for i in range(self.surrogates):
            random = (source.drawn(rng) + mean).transpose(2, 0, 1)
            flat = random.reshape(-1, random.shape[2])
            _, axes = leading(np.cov(flat.T, ddof=0).reshape(flat.shape[1], -1), self.n_components)
            steps = Steps.of((random - flat.mean(axis=0)) @ axes, lags)
            found[i] = steps.explained(steps.skew())
        return found

    def _verdict(self, states: ConditionStates, r2: float, control: Values) -> dict[str, Any]:
        if not len(control):
            return {}
        p = (1 + int((control >= r2).sum())) / (1 + len(control))
        text = (
            f"Smooth random data rotate as much (R² {np.median(control):.2f} in the median, here {r2:.2f}; "
            f"p = {p:.2g}): these rotations say nothing of dynamics."
        )
        return {"p": p, "warnings": states.warnings + ([text] if p > 0.05 else [])}


def _curves(dynamics: Values, frequency: Values, control: Values) -> dict[str, Any]:
    about = {"long_name": "change by state", "units": "1/s", "plot": "matrix", "scale": "signed"}
    curves: dict[str, Any] = {
        "frequency": (("plane",), frequency, {"long_name": "frequency of rotation", "units": "Hz", "plot": "bars"}),
        "dynamics": (("component", "from_component"), dynamics, about),
    }
    if len(control):
        curves["control"] = (("surrogate",), control, {"long_name": "R² of rotations in random data", "units": "1"})
    return curves

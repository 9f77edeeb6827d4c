"""How alike the answers of a voxel are to repeats of the stimulus that it answers most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import sum_of_squares
from napari_thunder.analysis.trials import Trials
from napari_thunder.analysis.tuning.angles import Places, Values
from napari_thunder.analysis.tuning.conditions import Conditions

_LEAST_LAGS = 3
_ABOVE = 2.0
"""Standard deviations of the baseline that a response must exceed to count as one."""


@dataclass(frozen=True, slots=True)
class TimeCourses:
    """The single-trial time courses of one condition: weights (trials · lags, t) of the series, and how many trials."""

    weights: sparse.csr_array
    n_trials: int

    @classmethod
    def of(cls, trials: Trials, group: Places) -> TimeCourses | None:
        """At the lags that all trials of a group have in their response window; None for too few trials or lags."""
        lags = np.flatnonzero(trials.in_response[group].all(axis=0))
        if len(group) < 2 or len(lags) < _LEAST_LAGS:
            return None
        rows = group[:, None] * len(trials.lags) + lags
        return cls(sparse.csr_array(trials.samples[rows.ravel()]), len(group))

    def reliability(self, centred: Series) -> Values:
        """(voxels,) mean Pearson correlation of all pairs of trials; NaN where a trial is constant."""
        n = self.n_trials
        courses = (self.weights @ centred).reshape(n, -1, centred.shape[1])
        courses -= courses.mean(axis=1, keepdims=True)
        length = np.sqrt(np.einsum("nlv,nlv->nv", courses, courses))
        flat = (length <= 1e-12 * length.max(axis=0)).any(axis=0)
        courses /= np.where(length > 0, length, np.nan)[:, None]
        total = sum_of_squares(courses.sum(axis=0))
        return np.where(flat, np.nan, (total - n) / (n * (n - 1)))


@dataclass(frozen=True, slots=True)
class BaselineNoise:
    """Standard deviation of single frames of the baselines about each trial's baseline mean.

    Parameters
    ----------
    samples
        (frames, t) weights of all lags in the baselines of usable trials.
    means
        (frames, t) weights of the mean of the trial that each is of.
    dof
        Frames less trials.
    """

    samples: sparse.csr_array
    means: sparse.csr_array
    dof: int

    @classmethod
    def of(cls, trials: Trials) -> BaselineNoise | None:
        """Of all usable trials; None where no baseline has two frames."""
        inside = trials.in_baseline & trials.usable[:, None]
        trial, lag = np.nonzero(inside)
        dof = len(trial) - len(np.unique(trial))
        if dof < 1:
            return None
        rows = trial * len(trials.lags) + lag
        return cls(sparse.csr_array(trials.samples[rows]), sparse.csr_array(trials.baselines[trial]), dof)

    def __call__(self, centred: Series) -> Values:
        """(voxels,)"""
        noise: Values = np.sqrt(sum_of_squares((self.samples - self.means) @ centred) / self.dof)
        return noise


@dataclass(frozen=True, slots=True)
class Repeats:
    """What repeats of the condition with the largest mean response have in common.

    Parameters
    ----------
    courses
        Of each condition; None where it cannot be told.
    noise
        Of the baselines; None where it cannot be told.
    n_trials
        (conditions,)
    """

    courses: tuple[TimeCourses | None, ...]
    noise: BaselineNoise | None
    n_trials: Places

    @classmethod
    def of(cls, conditions: Conditions) -> Repeats:
        """Of all usable trials."""
        courses = tuple(TimeCourses.of(conditions.trials, group) for group in conditions.groups)
        return cls(courses, BaselineNoise.of(conditions.trials), conditions.n_trials)

    def __call__(self, centred: Series, responses: Values, peak: Places) -> Answer:
        """reliability and response_reliability of voxels whose largest mean response is to condition `peak`.

        `responses` (trials, voxels) are sorted by condition.
        """
        reliability, answered = np.full(len(peak), np.nan), np.full(len(peak), np.nan)
        threshold = None if self.noise is None else _ABOVE * self.noise(centred)
        ends = np.cumsum(self.n_trials)
        for condition in np.unique(peak):
            own = np.flatnonzero(peak == condition)
            courses, end, n = self.courses[condition], ends[condition], self.n_trials[condition]
            if courses is not None:
                reliability[own] = courses.reliability(centred[:, own])
            if threshold is not None:
                answered[own] = (responses[end - n : end][:, own] > threshold[own]).mean(axis=0)
        return {"reliability": reliability, "response_reliability": answered}

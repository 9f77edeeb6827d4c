"""Means over trials of many voxels, and the mean series of those that respond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.course import Course
from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre, two_sided_p, varies

Values = NDArray[np.float64]
Group = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class TrialMeans:
    """Means and standard errors over trials, which are sorted by condition.

    Parameters
    ----------
    responses
        (trials, t) weights of response minus baseline.
    baselines
        (trials, t) weights of the baseline, or None if there is none.
    n_trials
        Trials of each condition.
    courses
        Of the average of each condition at each lag, one after the other, as they take room; may be none.
    """

    responses: sparse.csr_array
    baselines: sparse.csr_array | None
    n_trials: tuple[int, ...]
    courses: tuple[Course, ...] = ()

    def __call__(self, series: Series) -> Answer:
        """Maps (condition, voxels) and (condition, lag, voxels) of series (t, voxels)."""
        mean, _, valid = centre(series)
        mean[~valid] = np.nan
        with np.errstate(all="ignore"):
            responses = weigh(self.responses, series, mean)
            means = _ConditionMeans.of(self.n_trials)
            answer = self._over_trials(means, responses)
            if self.baselines is not None:
                answer["d_prime"] = _d_prime(means, answer["response"], responses, self.baselines @ series)
            if self.courses:
                found = [course.over_trials(weigh(course.weights, series, mean)) for course in self.courses]
                average, sem = zip(*found, strict=True)
                answer |= {"average": np.concatenate(average), "average_sem": np.concatenate(sem)}
        return answer

    def _over_trials(self, means: _ConditionMeans, responses: Values) -> Answer:
        response, variance = means(responses)
        sem = np.sqrt(variance / means.counts[:, None])
        t = response / np.where(sem > 0, sem, np.nan)
        p = np.empty_like(t)
        for n in set(self.n_trials):
            rows = means.counts == n
            p[rows] = two_sided_p(t[rows], n - 1) if n > 1 else np.nan
        return {"response": response, "sem": sem, "t": t, "p": p}


def _d_prime(means: _ConditionMeans, response: Values, responses: Values, off: Values) -> Values:
    """Of `off`, the baselines (trials, voxels), which are overwritten, only the variance is used."""
    _, of_off = means(off)
    off += responses
    _, of_on = means(off)
    spread = np.sqrt((of_on + of_off) / 2)
    d_prime: Values = response / np.where(spread > 0, spread, np.nan)
    return d_prime


@dataclass(frozen=True, slots=True)
class _ConditionMeans:
    """Mean and variance over the trials of each condition, which lie one after the other.

    Parameters
    ----------
    counts
        (conditions,) trials.
    of_trial
        (trials,) condition of each.
    weights
        (conditions, trials) of the mean.
    """

    counts: NDArray[np.intp]
    of_trial: NDArray[np.intp]
    weights: Values

    @classmethod
    def of(cls, n_trials: tuple[int, ...]) -> _ConditionMeans:
        counts = np.array(n_trials)
        of_trial = np.repeat(np.arange(len(counts)), counts)
        return cls(counts, of_trial, (of_trial == np.arange(len(counts))[:, None]) / counts[:, None])

    def __call__(self, values: Values) -> tuple[Values, Values]:
        """(conditions, voxels) each, of (trials, voxels); the variance (ddof 1) of a single trial is NaN."""
        mean = self.weights @ values
        off = values - mean[self.of_trial]
        off *= off
        variance = self.weights @ off
        variance *= np.where(self.counts > 1, self.counts / np.maximum(self.counts - 1, 1), np.nan)[:, None]
        return mean, variance


@dataclass(frozen=True, slots=True)
class CourseSums:
    """Sum over voxels of their series: over all, or over those that respond.

    Parameters
    ----------
    tests
        None for all voxels. Else what gives p for each condition, the smallest of which counts, times their number.
    alpha
        What it must not exceed.
    """

    tests: TrialMeans | None = None
    alpha: float = 1.0

    def __call__(self, series: Series) -> Answer:
        """The sum (t,) of series (t, voxels) and the number of voxels in it, without constant ones and NaN."""
        if self.tests is None:
            level, valid = 0.0, varies(series)
        else:
            mean = series.mean(axis=0)
            p = self.tests(series)["p"]
            with np.errstate(all="ignore"):
                valid = np.nan_to_num(p, nan=1.0).min(axis=0) * len(p) <= self.alpha
            level = mean[valid].sum()
        if not valid.all():
            series[:, ~valid] = 0
        return {"total": series @ valid.astype(np.float64) + level, "n_voxels": np.array([valid.sum()])}

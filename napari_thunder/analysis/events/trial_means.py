"""Means over trials of many voxels, and the mean series of those that respond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.course import Course
from napari_thunder.analysis.events.weighing import weigh
from napari_thunder.analysis.protocol import Answer, Series
from napari_thunder.analysis.statistics import centre, sum_of_squares, two_sided_p

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
    course
        Of the averages at each lag, or None.
    """

    responses: sparse.csr_array
    baselines: sparse.csr_array | None
    n_trials: tuple[int, ...]
    course: Course | None = None

    def __call__(self, series: Series) -> Answer:
        """Maps (condition, voxels) and (condition, lag, voxels) of series (t, voxels)."""
        mean, _, valid = centre(series)
        mean[~valid] = np.nan
        with np.errstate(all="ignore"):
            responses = weigh(self.responses, series, mean)
            answer = self._over_trials(responses)
            if self.baselines is not None:
                answer["d_prime"] = self._d_prime(responses, self.baselines @ series)
            if self.course is not None:
                each = weigh(self.course.weights, series, mean)
                answer["average"], answer["average_sem"] = self.course.over_trials(each)
        return answer

    @property
    def _spans(self) -> list[slice]:
        ends = np.cumsum(self.n_trials).tolist()
        return [slice(end - n, end) for n, end in zip(self.n_trials, ends, strict=True)]

    def _over_trials(self, responses: Values) -> Answer:
        shape = len(self.n_trials), responses.shape[1]
        response, sem, t, p = (np.full(shape, np.nan) for _ in range(4))
        for row, span in enumerate(self._spans):
            n, of_condition = span.stop - span.start, responses[span]
            response[row] = of_condition.mean(axis=0)
            if n > 1:
                sem[row] = np.sqrt(_variance(of_condition, response[row]) / n)
                t[row] = response[row] / np.where(sem[row] > 0, sem[row], np.nan)
                p[row] = two_sided_p(t[row], n - 1)
        return {"response": response, "sem": sem, "t": t, "p": p}

    def _d_prime(self, responses: Values, off: Values) -> Values:
        """Of `off`, the baselines, only the variance is used: its mean may be left out."""
        found = np.full((len(self.n_trials), off.shape[1]), np.nan)
        for row, span in enumerate(self._spans):
            if span.stop - span.start > 1:
                on = responses[span] + off[span]
                spread = np.sqrt((_variance(on, on.mean(axis=0)) + _variance(off[span], off[span].mean(axis=0))) / 2)
                found[row] = responses[span].mean(axis=0) / np.where(spread > 0, spread, np.nan)
        return found


def _variance(values: Values, mean: Values) -> Values:
    """With ddof 1, of (n, voxels) about their mean (voxels,)."""
    return sum_of_squares(values - mean) / (len(values) - 1)


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
            mean, _, valid = centre(series)
        else:
            mean = series.mean(axis=0)
            p = self.tests(series)["p"]
            with np.errstate(all="ignore"):
                valid = np.nan_to_num(p, nan=1.0).min(axis=0) * len(p) <= self.alpha
        if not valid.all():
            series[:, ~valid] = 0
        weights = valid.astype(np.float64)
        return {"total": series @ weights + mean[valid].sum(), "n_voxels": np.array([valid.sum()])}

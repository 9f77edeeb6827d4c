"""Averages of trials at each lag: weights of frames, and curves of mean series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.trials import Trials

Values = NDArray[np.float64]
Group = NDArray[np.intp]
Curves = dict[str, tuple[tuple[str, ...], Any, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Course:
    """What makes of series (t, voxels) each trial at each lag, minus its baseline.

    Parameters
    ----------
    lags
        (lags,) s from the start of an event.
    weights
        (trials · lags, t), trials sorted by group; 0 where a trial has no such lag.
    there
        (trials, lags) whether it has.
    n_trials
        Of each group.
    """

    lags: Values
    weights: sparse.csr_array
    there: NDArray[np.bool_]
    n_trials: tuple[int, ...]

    @classmethod
    def of(cls, trials: Trials, groups: Sequence[Group], before: float, after: float) -> Course:
        """From `before` s before the start of each event to `after` s after it."""
        slack = 1e-6 * (trials.lags[-1] - trials.lags[0])
        wanted = np.flatnonzero((trials.lags >= -before - slack) & (trials.lags <= after + slack))
        n_lags = trials.sampled.shape[1]
        order = np.concatenate(groups)
        there = trials.sampled[np.ix_(order, wanted)] & trials.usable[order, None]
        at = trials.samples[(order[:, None] * n_lags + wanted).ravel()]
        ground = sparse.kron(trials.baselines[order], np.ones((len(wanted), 1)))
        weights = sparse.diags_array(there.ravel().astype(np.float64)) @ (at - ground)
        n_trials = tuple(len(group) for group in groups)
        return cls(trials.lags[wanted], sparse.csr_array(weights), there, n_trials)

    @property
    def spans(self) -> list[slice]:
        """Rows of each group among the trials."""
        ends = np.cumsum(self.n_trials).tolist()
        return [slice(end - n, end) for n, end in zip(self.n_trials, ends, strict=True)]

    @property
    def n_at_lag(self) -> NDArray[np.intp]:
        """(groups, lags) trials that have the lag."""
        return np.stack([self.there[span].sum(axis=0) for span in self.spans])

    @property
    def means(self) -> sparse.csr_array:
        """Weights (groups · lags, t) of the mean over the trials that have the lag; 0 where none has."""
        n_lags = len(self.lags)
        parts = []
        for span in self.spans:
            lag, trial = np.nonzero(self.there[span].T)
            share = 1 / self.there[span].sum(axis=0)[lag]
            shape = (n_lags, len(self.there) * n_lags)
            parts.append(sparse.coo_array((share, (lag, (span.start + trial) * n_lags + lag)), shape=shape))
        return sparse.csr_array(sparse.csr_array(sparse.vstack(parts)) @ self.weights)

    def curves(self, series: Values) -> tuple[Values, Values]:
        """Mean and standard error (groups, lags, n) over trials of series (t, n); NaN where there are too few."""
        level = series.mean(axis=0)
        each = self.weights @ (series - level) + np.outer(np.round(self.weights.sum(axis=1), 9), level)
        return self.over_trials(each)

    def over_trials(self, each: Values) -> tuple[Values, Values]:
        """Mean and standard error (groups, lags, n) of each trial at each lag (trials · lags, n)."""
        n = each.shape[1]
        shaped = each.reshape(len(self.there), len(self.lags), n)
        mean, sem = (np.full((len(self.n_trials), len(self.lags), n), np.nan) for _ in range(2))
        with np.errstate(all="ignore"):
            for row, span in enumerate(self.spans):
                there = self.there[span]
                count = there.sum(axis=0)[:, None]
                mean[row] = shaped[span].sum(axis=0) / np.where(count > 0, count, np.nan)
                off = (shaped[span] - mean[row]) * there[..., None]
                variance = np.einsum("kln,kln->ln", off, off) / np.where(count > 1, count - 1, np.nan)
                sem[row] = np.sqrt(variance / count)
        return mean, sem


def course_curves(course: Course, series: Values, of: str, line: str) -> Curves:
    """Curves `course` and `course_sem` (lag, line) of mean series (t, n): one line for each of them and group.

    Parameters
    ----------
    series
        Mean series.
    of
        What they are of.
    line
        Name of the second dimension, as long as series times groups.
    """
    mean, sem = (np.moveaxis(values, 0, -1).reshape(len(course.lags), -1) for values in course.curves(series))
    about = {"units": "a.u.", "plot": "lines", "error": "course_sem", "long_name": f"average of {of}"}
    return {
        "course": (("lag", line), mean, about),
        "course_sem": (("lag", line), sem, {"units": "a.u.", "long_name": "standard error of the average over trials"}),
    }

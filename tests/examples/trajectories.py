"""Trajectories of the population, and their rotations."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize

from napari_thunder.analysis.population.jpca import JPCA
from napari_thunder.analysis.population.rotations import Steps
from napari_thunder.analysis.population.trajectories import Trajectories
from napari_thunder.analysis.protocol import Context
from tests.analysis.runner import compute, make_context
from tests.examples import Case

Values = NDArray[np.float64]

_SHORT = {"by": ("direction",), "before": 1.0, "after": 3.0, "resamples": 20}

MADE = {
    "trajectories": _SHORT | {"n_components": 2},
    "jpca": _SHORT | {"n_components": 4, "surrogates": 10},
}
ON_FISH = {
    "trajectories": {"by": ("direction",), "resamples": 20},
    "jpca": {"by": ("direction",), "n_components": 2, "resamples": 20, "surrogates": 10},
}


def turning(n_trials: int = 6, noise: float = 0.1, frequency: float = 0.2) -> tuple[Context, Values, Values]:
    """A population of 60 voxels whose state turns after each of 5 kinds of events: context, series, loadings (2, 60).

    20 frames of 0.5 s belong to each trial; before an event, in the last second, all is silent.
    """
    rng = np.random.default_rng(4)
    kinds = np.tile(np.arange(5), n_trials)
    start = 2 + 10.0 * np.arange(len(kinds))
    events = pd.DataFrame({"start_time": start, "stop_time": start + 6, "kind": kinds})
    times = np.arange(0, 10 * len(kinds) + 4, 0.5)
    state = np.zeros((len(times), 2))
    for begin, kind in zip(start, kinds, strict=True):
        during = (times >= begin) & (times < begin + 8)
        angle = 2 * np.pi * (frequency * (times[during] - begin) + kind / 5)
        state[during] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    loadings = np.sqrt(60) * np.linalg.qr(rng.normal(size=(60, 2)))[0].T
    series = 50 + state @ loadings + noise * rng.normal(size=(len(times), 60))
    return make_context(len(times), frame_times=times, events=events), series, loadings


def averages(series: Values, n_lags: int, first: int) -> Values:
    """(kinds, lags, voxels) averages over the trials of `turning` from a lag in frames on, minus 2 s of baseline."""
    found = np.zeros((5, n_lags, series.shape[1]))
    n_trials = (len(series) - 8) // 100
    for trial in range(5 * n_trials):
        begin = 4 + 20 * trial
        part = series[begin + first : begin + first + n_lags] - series[begin - 4 : begin].mean(axis=0)
        found[trial % 5] += part / n_trials
    return found


def _trajectory_against_sklearn() -> float:
    from sklearn.decomposition import PCA

    context, series, _ = turning()
    mean = averages(series, 17, -2)
    ranges = np.ptp(mean, axis=(0, 1))
    rows = (mean / (ranges + 0.05 * np.percentile(ranges, 99))).reshape(-1, 60)
    oracle = PCA(3, svd_solver="full").fit(rows)
    scores = np.abs(oracle.transform(rows)) / np.sqrt(60)
    found = compute(Trajectories(by=("kind",), before=1.0, after=7.0), context, series)
    of_scores = np.abs(np.abs(found["trajectory"].reshape(-1, 3)) - scores).max() / scores.max()
    ratio = found["explained_variance_ratio"] / oracle.explained_variance_ratio_
    return float(max(of_scores, np.abs(ratio - 1).max()))


def _skew_against_minimisation() -> float:
    rng = np.random.default_rng(0)
    steps = Steps(rng.normal(size=(80, 4)) * [3, 2, 1, 0.5], rng.normal(size=(80, 4)))
    upper = np.triu_indices(4, 1)

    def of(free: Values) -> Values:
        matrix = np.zeros((4, 4))
        matrix[upper] = free
        return matrix - matrix.T

    def error(free: Values) -> float:
        return float(np.sum((steps.changes - steps.states @ of(free).T) ** 2))

    best = minimize(error, np.zeros(6), method="BFGS", options={"gtol": 1e-10}).x
    return float(np.abs(steps.skew() - of(best)).max() / np.abs(best).max())


def _frequency_of_a_turn() -> float:
    context, series, _ = turning(noise=0.0)
    made = JPCA(("kind",), n_components=2, after=7.0, resamples=0, surrogates=0, softening=None)
    found = compute(made, context, series)
    # the chord of a turn by 0.1 of the circle, at right angles to the state, by forward differences
    expected = np.sin(2 * np.pi * 0.1) / 0.5 / (2 * np.pi)
    return float(abs(found["frequency"][0] / expected - 1))


CASES = [
    Case("trajectories", "sklearn.decomposition.PCA", "averages of 5 conditions", _trajectory_against_sklearn),
    Case("jpca", "scipy.optimize.minimize over skew matrices", "80 steps in 4-D", _skew_against_minimisation, 1e-6),
    Case("jpca", "closed form", "frequency of a turning population", _frequency_of_a_turn, 1e-6),
]

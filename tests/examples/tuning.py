"""Tuning to stimuli."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import curve_fit
from statsmodels.stats.multivariate import test_mvmean

from napari_thunder.analysis import (
    DirectionTuning,
    GaussianTuning,
    OrientationTuning,
    TuningMoments,
    TuningReliability,
    VonMisesTuning,
)
from napari_thunder.events import event_regressors
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {
    "direction_tuning": {},
    "orientation_tuning": {},
    "tuning_reliability": {"n_permutations": 100, "n_bootstrap": 100},
    "tuning_moments": {},
    "von_mises_tuning": {"column": "position", "largest_p": 1},
    "gaussian_tuning": {"column": "position", "largest_p": 1},
}
ON_FISH = {
    "tuning_reliability": {"n_permutations": 100},
    "gaussian_tuning": {"column": "direction"},
}

_EIGHT = np.arange(8) * 45.0
_VON_MISES = np.exp(2 * np.cos(np.deg2rad(_EIGHT - 100)))


def _shown(values: Any, curves: Any, repeats: int = 1, noise: float = 0.0) -> tuple[Any, Any]:
    """Trials of 20 frames with the stimulus in the last 10, voxels with these curves (conditions, voxels)."""
    n = len(values) * repeats
    start = np.arange(n) * 20.0 + 10
    events = pd.DataFrame({"start_time": start, "stop_time": start + 10, "direction": np.tile(values, repeats)})
    movie = 10 + np.repeat(np.tile(curves, (repeats, 1)), 20, axis=0) * (np.arange(20 * n) % 20 >= 10)[:, None]
    movie = movie + noise * np.random.default_rng(0).normal(size=movie.shape)
    return make_context(20 * n, frame_times=np.arange(20.0 * n), events=events), movie


def _noisy() -> tuple[Any, Any, Any]:
    """5 trials of 8 directions, 20 voxels, with the responses (8, 5, voxels)."""
    curves = np.exp(2 * (np.cos(np.deg2rad(_EIGHT[:, None] - np.linspace(0, 340, 20))) - 1))
    context, movie = _shown(_EIGHT, curves, repeats=5, noise=1.0)
    trials = movie.reshape(5, 8, 20, 20)
    responses = (trials[:, :, 10:].mean(axis=2) - trials[:, :, :10].mean(axis=2)).transpose(1, 0, 2)
    return context, movie, responses


def _relative(found: Any, expected: Any) -> float:
    return float(np.abs(np.asarray(found) - expected).max() / np.abs(expected).max())


def _identities_of_direction() -> float:
    context, movie = _shown(_EIGHT, _VON_MISES[:, None])
    found = compute(DirectionTuning(baseline=5), context, movie)
    return max(
        _relative(found["selectivity"], 0.6978),
        _relative(found["dsi"], 0.9618),
        _relative(found["preferred_direction"], 99.99),
    )


def _identities_of_orientation() -> float:
    context, movie = _shown(_EIGHT, _VON_MISES[:, None])
    found = compute(OrientationTuning(baseline=5), context, movie)
    return max(_relative(found["selectivity"], 0.3023), _relative(found["osi"], 0.7421))


def _closed_form(folds: int) -> float:
    context, movie = _shown(_EIGHT, _VON_MISES[:, None])
    analysis = (DirectionTuning if folds == 1 else OrientationTuning)(baseline=5)
    found = compute(analysis, context, movie)
    vector = np.exp(1j * folds * np.deg2rad(_EIGHT)) @ _VON_MISES
    angle = np.rad2deg(np.angle(vector)) / folds % (360 / folds)
    preferred = found["preferred_direction" if folds == 1 else "preferred_orientation"]
    return max(_relative(found["selectivity"], np.abs(vector) / _VON_MISES.sum()), _relative(preferred, angle))


def _against_nested_models(orientation: bool) -> float:
    context, movie, _ = _noisy()
    found = compute((OrientationTuning if orientation else DirectionTuning)(), context, movie)
    each = event_regressors(context.events, ("direction",), context.frame_times, None).to_numpy()
    waves = [f(n * np.deg2rad(_EIGHT)) for n in (1, 2, 4) for f in (np.cos, np.sin)]
    first, second, fourth = waves[:2], waves[2:4], waves[4:5]
    beside, tested = (first, second + fourth) if orientation else ([], first + second)
    small = sm.add_constant(np.column_stack([each.sum(axis=1), *(each @ wave for wave in beside)]))
    large = np.column_stack([small, *(each @ wave for wave in tested)])
    worst = 0.0
    for voxel in range(5):
        f, p, _ = sm.OLS(movie[:, voxel], large).fit().compare_f_test(sm.OLS(movie[:, voxel], small).fit())
        worst = max(worst, _relative(found["f_statistic"][voxel], f), _relative(found["p"][voxel], p))
    return worst


def _against_f_oneway() -> float:
    context, movie, responses = _noisy()
    found = compute(TuningReliability(baseline=10, n_permutations=0, n_bootstrap=0), context, movie)
    expected = stats.f_oneway(*responses)
    return max(_relative(found["f_statistic"], expected.statistic), _relative(found["p"], expected.pvalue))


def _against_hotelling() -> float:
    context, movie, responses = _noisy()
    given = {"baseline": 10, "n_permutations": 0, "n_bootstrap": 0, "hotelling": True}
    found = compute(TuningReliability(**given), context, movie)["p_hotelling"]
    vectors = np.einsum("c,crv->vr", np.exp(1j * np.deg2rad(_EIGHT)), responses)
    pairs = np.stack([vectors.real, vectors.imag], axis=2)
    return _relative(found, np.array([test_mvmean(pair, np.zeros(2)).pvalue for pair in pairs]))


def _against_corrcoef() -> float:
    context, movie, responses = _noisy()
    found = compute(TuningReliability(baseline=10, n_permutations=0, n_bootstrap=0), context, movie)["reliability"]
    trials = movie.reshape(5, 8, 20, 20)[:, :, 10:]
    peak = responses.mean(axis=1).argmax(axis=0)
    pairs = np.triu_indices(5, 1)
    expected = [np.corrcoef(trials[:, peak[v], :, v])[pairs].mean() for v in range(20)]
    return _relative(found, np.array(expected))


def _two_peaks(theta: Any, b: float, a1: float, a2: float, k: float, mu: float) -> Any:
    return b + sum(a * np.exp(k * (np.cos(theta - mu - turn) - 1)) for a, turn in ((a1, 0), (a2, np.pi)))


def _against_curve_fit_of_von_mises() -> float:
    theta = np.deg2rad(np.arange(12) * 30.0)
    curves = np.column_stack([_two_peaks(theta, 0.5, 1, 0.4, 2, mu) for mu in (0.4, 2.0, 5.0)])
    context, movie = _shown(np.rad2deg(theta), curves, repeats=3, noise=0.2)
    found = compute(VonMisesTuning(baseline=10, largest_p=1, cross_validate=False), context, movie)["r_squared"]
    trials = movie.reshape(3, 12, 20, 3)
    mean = (trials[:, :, 10:].mean(axis=2) - trials[:, :, :10].mean(axis=2)).mean(axis=0)
    bounds = ([0, 0, 0, 0.1, -10], [np.inf, np.inf, np.inf, 20, 20])
    fits = [
        curve_fit(_two_peaks, theta, mean[:, v], p0=(0.5, 1, 0.4, 2, mu), bounds=bounds, xtol=1e-12)[0]
        for v, mu in enumerate((0.4, 2.0, 5.0))
    ]
    left = [((mean[:, v] - _two_peaks(theta, *fits[v])) ** 2).sum() for v in range(3)]
    return _relative((1 - found) * ((mean - mean.mean(axis=0)) ** 2).sum(axis=0), np.array(left))


def _gaussian(x: Any, b: float, a: float, x0: float, s: float) -> Any:
    return b + a * np.exp(-((x - x0) ** 2) / (2 * s**2))


def _against_curve_fit_of_gaussian() -> float:
    octaves = np.arange(8.0)
    curves = np.column_stack([_gaussian(octaves, 0.5, 1, x0, 1.5) for x0 in (2.0, 3.5, 5.2)])
    context, movie = _shown(2**octaves, curves, repeats=3, noise=0.2)
    analysis = GaussianTuning("direction", "log2", baseline=10, largest_p=1, cross_validate=False)
    found = compute(analysis, context, movie)["r_squared"]
    trials = movie.reshape(3, 8, 20, 3)
    mean = (trials[:, :, 10:].mean(axis=2) - trials[:, :, :10].mean(axis=2)).mean(axis=0)
    bounds = ([-np.inf, 0, -1, 1 / 3], [np.inf, np.inf, 8, 7])
    fits = [
        curve_fit(_gaussian, octaves, mean[:, v], p0=(0.5, 1, x0, 1.5), bounds=bounds, xtol=1e-12)[0]
        for v, x0 in enumerate((2.0, 3.5, 5.2))
    ]
    left = [((mean[:, v] - _gaussian(octaves, *fits[v])) ** 2).sum() for v in range(3)]
    return _relative((1 - found) * ((mean - mean.mean(axis=0)) ** 2).sum(axis=0), np.array(left))


def _known_answer(kind: str, values: Any, center: float, spread: float) -> float:
    context, movie = _shown(values, np.array([1.5, 2.3, 6.2, 5.1, 3.4, 2.1])[:, None])
    found = compute(TuningMoments(kind=kind, baseline=5), context, movie)
    return max(_relative(found["center"], center), _relative(found["spread"], spread))


def _known_answer_8() -> float:
    return _known_answer("radians", np.pi / np.array([-2, -3, -4, 4, 3, 2]), np.rad2deg(0.106920), 1.619429)


CASES = [
    Case("direction_tuning", "closed form", "exp(2 cos(θ - 100°)), 8 directions", lambda: _closed_form(1)),
    Case("direction_tuning", "published identities", "gDSI, DSI, preferred direction", _identities_of_direction, 1e-4),
    Case("direction_tuning", "statsmodels OLS", "F of harmonics", lambda: _against_nested_models(False), 1e-7),
    Case("orientation_tuning", "closed form", "exp(2 cos(θ - 100°)), 8 directions", lambda: _closed_form(2)),
    Case("orientation_tuning", "published identities", "gOSI and OSI", _identities_of_orientation, 2e-4),
    Case("orientation_tuning", "statsmodels OLS", "F of harmonics", lambda: _against_nested_models(True), 1e-7),
    Case("tuning_reliability", "scipy.stats.f_oneway", "5 trials of 8 directions", _against_f_oneway),
    Case("tuning_reliability", "statsmodels test_mvmean", "Hotelling's T² of 5 repeats", _against_hotelling),
    Case("tuning_reliability", "numpy.corrcoef", "pairs of trials at the peak", _against_corrcoef),
    Case("von_mises_tuning", "scipy curve_fit", "what two peaks leave", _against_curve_fit_of_von_mises, 1e-6),
    Case("gaussian_tuning", "scipy curve_fit", "what a log-Gaussian leaves", _against_curve_fit_of_gaussian, 1e-6),
    Case(
        "tuning_moments", "Thunder's known answer 7", "six numbers",
        lambda: _known_answer("numbers", np.arange(1, 7) / 10, 0.362621, 0.018360), 1e-5,
    ),
    Case("tuning_moments", "Thunder's known answer 8", "six angles", _known_answer_8, 1e-5),
]  # fmt: skip

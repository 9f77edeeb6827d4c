"""Tuning to behaviour, and what motion explains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from napari_thunder.analysis.summary.motion import MotionShare
from napari_thunder.analysis.tuning.behaviour import BehaviourModulation
from napari_thunder.analysis.tuning.features import FeatureTuning
from tests.analysis.runner import compute, make_context
from tests.examples import Case

MADE = {
    "behaviour_modulation": {"signal": "swim", "threshold": 0.0, "over": "trials", "by": ("speed",)},
    "feature_tuning": {"signals": ("swim",), "n_bins": 4, "n_shifts": 20},
    "motion_share": {"events_by": (), "squares": True},
}
ON_FISH = {
    "behaviour_modulation": {"threshold": 0.01},
    "feature_tuning": {"n_bins": 2, "least_frames": 2, "n_shifts": 20},
}
LEAST_FRAMES = {"feature_tuning": 3}
MOVING = {"motion_share": {}}


def _recording() -> tuple[Any, pd.DataFrame, Any]:
    """300 frames with speed and angle, which vary slowly, and 20 random walks that follow the speed."""
    rng = np.random.default_rng(2)
    slow = rng.normal(size=(300, 2)).cumsum(axis=0)
    signals = pd.DataFrame(slow, columns=["speed", "angle"], index=pd.RangeIndex(300, name="frame"))
    series = 500 + rng.normal(size=(300, 20)).cumsum(axis=0) / 4 + np.abs(slow[:, :1]) * rng.normal(size=20)
    motion = rng.normal(size=(300, 3))
    context = make_context(300, frame_times=np.arange(300.0), signals=signals, motion=motion)
    return context, signals, series


def _relative(found: Any, expected: Any) -> float:
    assert (np.isnan(found) == np.isnan(expected)).all()
    return float(np.nanmax(np.abs(np.asarray(found) - expected)) / np.nanmax(np.abs(expected)))


def _against_binned_statistic() -> float:
    context, signals, series = _recording()
    found = compute(FeatureTuning(("speed",), n_bins=8, least_frames=1), context, series)["tuning"]
    return _relative(found, stats.binned_statistic(signals["speed"], series.T, bins=8).statistic.T)


def _against_binned_statistic_2d() -> float:
    context, signals, series = _recording()
    found = compute(FeatureTuning(("speed", "angle"), n_bins=5, least_frames=1), context, series)["tuning"]
    expected = stats.binned_statistic_2d(*signals.to_numpy().T, series.T, bins=5).statistic
    return _relative(found, np.moveaxis(expected, 0, -1))


def _against_qcut() -> float:
    context, signals, series = _recording()
    found = compute(FeatureTuning(("angle",), binning="equal count"), context, series)["tuning"]
    # pandas' bins hold their upper edge, ours their lower one: so both the other way round
    bins = pd.qcut(-signals["angle"], 10, labels=False)
    return _relative(found, pd.DataFrame(series).groupby(9 - bins).mean().to_numpy())


def _against_f_oneway() -> float:
    context, signals, series = _recording()
    found = compute(FeatureTuning(("speed",), n_bins=6), context, series)
    edges = np.histogram_bin_edges(signals["speed"], 6)
    place = np.clip(np.digitize(signals["speed"], edges) - 1, 0, 5)
    test = stats.f_oneway(*(series[place == k] for k in range(6) if (place == k).sum() >= 5))
    return max(_relative(found["f_statistic"], test.statistic), _relative(found["p"], test.pvalue))


def _against_roll() -> float:
    context, signals, _ = _recording()
    # untuned, so that p is of all sizes, and slow, so that the mean over the frames in bins changes with the shift
    series = np.random.default_rng(9).normal(size=(300, 20)).cumsum(axis=0)
    found = compute(FeatureTuning(("speed",), n_bins=5, n_shifts=25, seed=3, low=2.0), context, series)
    shifts = np.sort(np.random.default_rng(3).choice(np.arange(20, 281), 25, replace=False))
    speed = signals["speed"].to_numpy()
    inside = speed >= 2
    edges = np.linspace(2, speed.max(), 6)
    place = np.where(inside, np.clip(np.digitize(speed, edges) - 1, 0, 4), -1)
    groups = [np.flatnonzero(place == k) for k in range(5) if (place == k).sum() >= 5]

    def f(rolled: Any) -> Any:
        return stats.f_oneway(*(rolled[rows] for rows in groups)).statistic

    observed = f(series)
    larger = sum(f(np.roll(series, -shift, axis=0)) >= observed for shift in shifts)
    return _relative(found["p_shift"], (1 + larger) / 26)


def _against_welch() -> float:
    context, signals, series = _recording()
    found = compute(BehaviourModulation("speed", threshold=-5.0), context, series)
    active = (signals["speed"] >= -5).to_numpy()
    test = stats.ttest_ind(series[active], series[~active], equal_var=False)
    return max(
        _relative(found["t"], test.statistic),
        _relative(found["p"], test.pvalue),
        _relative(found["active"], series[active].mean(0)),
    )


def _against_statsmodels() -> float:
    import statsmodels.api as sm

    context, signals, series = _recording()
    found = compute(MotionShare(squares=True, signals=("speed",)), context, series)
    shift = context.motion
    change = np.diff(shift, axis=0, prepend=shift[:1])
    motion = np.hstack([shift, change, shift**2, change**2])
    speed = signals[["speed"]].to_numpy()
    worst = 0.0
    for voxel, y in enumerate(series.T):
        alone, task, both = (sm.OLS(y, sm.add_constant(x)).fit() for x in (motion, speed, np.hstack([motion, speed])))
        test = both.compare_f_test(task)
        expected = {
            "r_squared": alone.rsquared,
            "adjusted_r_squared": alone.rsquared_adj,
            "unique_r_squared": both.rsquared - task.rsquared,
            "task_r_squared": both.rsquared - alone.rsquared,
            "shared_r_squared": alone.rsquared + task.rsquared - both.rsquared,
            "f_statistic": test[0],
            "p": test[1],
        }
        worst = max(worst, *(abs(found[name][voxel] - value) for name, value in expected.items()))
    return worst


CASES = [
    Case("feature_tuning", "scipy.stats.binned_statistic", "8 bins of equal width", _against_binned_statistic),
    Case(
        "feature_tuning", "scipy.stats.binned_statistic_2d", "5 × 5 bins of two signals", _against_binned_statistic_2d
    ),
    Case("feature_tuning", "pandas.qcut, groupby", "10 bins of equal count", _against_qcut),
    Case("feature_tuning", "scipy.stats.f_oneway", "F and p over bins with enough frames", _against_f_oneway),
    Case("feature_tuning", "numpy.roll, scipy.stats.f_oneway", "p by 25 circular shifts", _against_roll),
    Case("behaviour_modulation", "scipy.stats.ttest_ind (Welch)", "frames above and below a threshold", _against_welch),
    Case("motion_share", "statsmodels OLS", "12 motion regressors beside a signal", _against_statsmodels),
]

"""Tests over trials are scipy's; shuffles, resamples and reliability are those of a plain loop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

from napari_thunder.analysis import DirectionTuning, OrientationTuning, TuningReliability
from napari_thunder.analysis.tuning.angles import vector_sum
from napari_thunder.analysis.tuning.resampling import Bootstrap, Permutations
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset
from tests.analysis.tuning.test_orientation import EIGHT, VON_MISES, shown

FEW = {"n_permutations": 200, "n_bootstrap": 200}


def trial_responses(events, series):
    """(trials, voxels), at 2 Hz: mean over the event minus mean over 2 s before."""
    first = np.round(events["start_time"].to_numpy() * 2).astype(int)
    return np.array([series[a : a + 6].mean(0) - series[a - 4 : a].mean(0) for a in first])


def test_the_analysis_of_variance_is_that_of_scipy(tiny, series):
    found = compute(TuningReliability(**FEW), tiny, series)
    each = trial_responses(tiny.events, series)
    groups = [each[(tiny.events["direction"] == d).to_numpy()] for d in (0, 90, 180, 270)]
    expected = stats.f_oneway(*groups)
    np.testing.assert_allclose(found["f_statistic"], expected.statistic, rtol=1e-10)
    np.testing.assert_allclose(found["p"], expected.pvalue, rtol=2e-9)


def test_p_of_permutations_is_that_of_shuffling_one_by_one(tiny, series):
    found = compute(TuningReliability(**FEW, seed=3), tiny, series)
    which = np.sort(tiny.events["direction"].to_numpy() // 90)
    each = trial_responses(tiny.events, series)[np.argsort(tiny.events["direction"], kind="stable")]
    radians = np.deg2rad([0, 90, 180, 270])

    def tuning(labels):
        curves = np.array([each[labels == k].mean(0) for k in range(4)])
        selectivity = np.nan_to_num(vector_sum(curves, radians)[1])
        return selectivity * np.maximum(curves, 0).sum(axis=0), selectivity

    observed, selectivity = tuning(which)
    labels = Permutations.of(np.full(4, 4), 200, 3).labels
    shuffled, selectivities = np.array([tuning(row) for row in labels]).transpose(1, 0, 2)
    p = (1 + (shuffled >= observed - 1e-9).sum(axis=0)) / 201
    np.testing.assert_allclose(found["p_permutation"], p, rtol=1e-12)
    np.testing.assert_allclose(found["shuffled_selectivity"], selectivities.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found["selectivity"], selectivity, rtol=1e-9)
    assert (np.sort(labels, axis=1) == which).all()


def test_the_interval_is_that_of_resampling_one_by_one(tiny, series):
    found = compute(TuningReliability(**FEW, seed=3, level=0.8), tiny, series)
    each = trial_responses(tiny.events, series)[np.argsort(tiny.events["direction"], kind="stable")]
    weights = Bootstrap.of(np.full(4, 4), 200, 3).weights.astype(float)
    radians = np.deg2rad([0, 90, 180, 270])
    own = vector_sum(each.reshape(4, 4, -1).mean(axis=1), radians)[0]
    off = []
    for row in weights:
        curves = np.array([row[4 * k : 4 * k + 4] @ each[4 * k : 4 * k + 4] for k in range(4)])
        turn = (vector_sum(curves, radians)[0] - own + 180) % 360 - 180
        off.append(np.where(turn > 180 - 1e-6, -180, turn))
    low, high = np.nanquantile(off, [0.1, 0.9], axis=0)
    np.testing.assert_allclose(found["preferred_direction"], own, rtol=1e-9)
    np.testing.assert_allclose(found["ci_width"], high - low, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose((found["ci_low"] - own - low + 180) % 360, 180, rtol=1e-9)
    np.testing.assert_allclose((found["ci_high"] - own - high + 180) % 360, 180, rtol=1e-9)


def test_noise_has_uniform_p_and_a_selectivity_that_is_known_from_shuffling():
    context, movie = shown(EIGHT, np.zeros((8, 400)), repeats=4, noise=1.0)
    found = compute(TuningReliability(n_permutations=199, n_bootstrap=0), context, movie)
    assert 0.02 < (found["p"] < 0.05).mean() < 0.09
    assert 0.02 < (found["p_permutation"] <= 0.05).mean() < 0.09
    assert abs(np.nanmean(found["selectivity"] - found["shuffled_selectivity"])) < 0.03
    assert np.nanmean(found["selectivity"]) > 0.2


def test_the_interval_holds_the_truth_as_often_as_it_says():
    curves = np.exp(np.cos(np.deg2rad(EIGHT - 100)) - 1)[:, None] * np.ones(300)
    context, movie = shown(EIGHT, curves, repeats=8, noise=1.0)
    found = compute(TuningReliability(n_permutations=0, n_bootstrap=300), context, movie)
    truth = vector_sum(curves[:, :1], np.deg2rad(EIGHT))[0]
    inside = (truth - found["ci_low"]) % 360 <= found["ci_width"]
    assert 0.85 < inside.mean() < 0.98
    assert "p_permutation" not in found


@pytest.mark.parametrize(("tuned_to", "twin"), [("direction", DirectionTuning), ("orientation", OrientationTuning)])
def test_what_is_preferred_is_that_of_the_tuning_analyses(tiny, series, tuned_to, twin):
    context = dataclasses.replace(tiny, events=tiny.events.assign(direction=tiny.events.position))
    found = compute(TuningReliability(tuned_to=tuned_to, **FEW), context, series)
    expected = compute(twin(), context, series)
    for name in (f"preferred_{tuned_to}", "selectivity"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9)


def test_reliability_is_the_mean_correlation_of_pairs_of_trials_at_the_peak(tiny, series):
    found = compute(TuningReliability(**FEW), tiny, series)
    each = trial_responses(tiny.events, series)
    first = np.round(tiny.events["start_time"].to_numpy() * 2).astype(int)
    direction = tiny.events["direction"].to_numpy()
    ground = np.array([series[a - 4 : a] for a in first])
    noise = np.sqrt(((ground - ground.mean(axis=1, keepdims=True)) ** 2).sum(axis=(0, 1)) / (16 * 3))
    for voxel in range(series.shape[1]):
        peak = max((0, 90, 180, 270), key=lambda d, v=voxel: each[direction == d, v].mean())
        courses = [series[a : a + 6, voxel] for a in first[direction == peak]]
        r = np.corrcoef(courses)[np.triu_indices(4, 1)].mean()
        np.testing.assert_allclose(found["reliability"][voxel], r, rtol=1e-9)
        above = each[direction == peak, voxel] > 2 * noise[voxel]
        np.testing.assert_allclose(found["response_reliability"][voxel], above.mean())


def test_categories_need_no_numbers(tiny, series):
    names = np.array(["mint", "lime", "rose", "air"])[tiny.events["direction"].to_numpy() // 90]
    context = dataclasses.replace(tiny, events=tiny.events.assign(odour=names))
    result = dataset(TuningReliability("odour", "category", **FEW), context, series)
    expected = compute(TuningReliability(**FEW), tiny, series)
    assert list(result["condition"].values) == ["air", "lime", "mint", "rose"]
    np.testing.assert_allclose(result["p"].values.ravel(), expected["p"], rtol=1e-6)
    assert {"p_permutation", "p_permutation_fdr", "p_fdr"} <= set(result)
    assert not {"preferred_direction", "selectivity", "ci_width"} & set(result)
    rank = stats.spearmanr(result["p"].values.ravel(), result["p_permutation"].values.ravel()).statistic
    assert rank > 0.95


def test_single_trials_leave_the_permutation_and_say_so():
    context, movie = shown(EIGHT, VON_MISES * np.ones(3), noise=0.1)
    result = dataset(TuningReliability(**FEW), context, movie)
    assert not {"f_statistic", "p", "p_fdr", "reliability", "ci_low", "ci_width"} & set(result)
    assert (result["p_permutation"] < 0.05).all()
    assert "one trial" in result.attrs["warnings"][0]


def test_a_label_that_is_no_angle_is_refused(tiny):
    context = dataclasses.replace(tiny, events=tiny.events.assign(direction=90))
    with pytest.raises(AnalysisError, match="have 1 direction in 'direction'; two at least are needed"):
        TuningReliability().plan(context)


def test_vector_sums_of_too_few_repeats_are_not_tested():
    context, movie = shown(EIGHT, np.zeros((8, 3)), repeats=2, noise=1.0)
    with pytest.raises(AnalysisError, match="needs 3 usable trials of each direction, but of 0° there are 2"):
        TuningReliability(hotelling=True).plan(context)
    assert "p_hotelling" not in compute(TuningReliability(**FEW), context, movie)


def test_noise_has_uniform_p_of_hotelling():
    context, movie = shown(EIGHT, np.zeros((8, 400)), repeats=4, noise=1.0)
    result = dataset(TuningReliability(n_permutations=0, n_bootstrap=0, hotelling=True), context, movie)
    assert stats.kstest(result["p_hotelling"].values.ravel(), "uniform").pvalue > 0.01
    assert np.nanmin(result["p_hotelling_fdr"]) > 0.05

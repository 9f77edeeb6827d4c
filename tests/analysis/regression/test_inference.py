"""p that hold where noise remembers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.signal import lfilter

from napari_thunder.analysis import Regression
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context
from tests.truth.regression import false_positive_rates


def _remembering(n, voxels, rho, seed=0):
    return lfilter([1], [1, -rho], np.random.default_rng(seed).normal(size=(n, voxels)), axis=0)


def test_memory_between_stretches_does_not_count():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(120, 2)) + 5, columns=["a", "b"])
    y = _remembering(120, 4, 0.7) + 20
    keep = np.ones(120, bool)
    keep[[0, 40, 41, 80, 82, 119]] = False
    found = compute(Regression(design=table, inference="ar1"), make_context(120, keep), y)
    frames = np.flatnonzero(keep)
    stretch = np.cumsum(np.insert(np.diff(frames) > 1, 0, False))
    exog = sm.add_constant(table.to_numpy()[keep])
    for voxel, rho in enumerate(found["rho"]):
        residual = sm.OLS(y[keep, voxel], exog).fit().resid
        beside = np.diff(frames) == 1
        asked = (residual[1:] * residual[:-1])[beside].sum() / (residual**2).sum()
        assert abs(rho - asked) <= 0.005 + 1e-9
        together = stretch[:, None] == stretch
        covariance = np.where(together, rho ** np.abs(frames[:, None] - frames), 0)
        fit = sm.GLS(y[keep, voxel], exog, sigma=covariance).fit()
        np.testing.assert_allclose(found["beta"][:, voxel], fit.params[1:], rtol=1e-8)
        np.testing.assert_allclose(found["t"][:, voxel], fit.tvalues[1:], rtol=1e-8)


def test_without_memory_prewhitening_changes_little(series, tiny):
    y = np.random.default_rng(0).normal(size=(260, 12))
    whitened, ordinary = (compute(Regression(signals=("swim",), inference=i), tiny, y) for i in ("ar1", "ols"))
    np.testing.assert_allclose(whitened["t"], ordinary["t"], atol=0.6)
    np.testing.assert_array_equal(whitened["r_squared"], ordinary["r_squared"])


def test_false_positives_are_as_many_as_promised():
    rates = false_positive_rates("calcium", n_designs=4, n_voxels=150)
    assert rates["ols"] > 0.4
    assert rates["ar1"] < 0.09
    assert rates["circular_shift"] < 0.1


def test_shifted_designs_are_shifted_over_excluded_frames_too():
    values = _remembering(90, 2, 0.5, seed=1) + 2
    y = _remembering(90, 3, 0.8) + 7 + values[:, :1]
    keep = np.ones(90, bool)
    keep[[3, 20, 21, 55]] = False
    table = pd.DataFrame(values, columns=["a", "b"])
    analysis = Regression(design=table, inference="circular_shift", n_shifts=30, seed=4, drift_order=2)
    found = compute(analysis, make_context(90, keep), y)
    lags = np.sort(np.random.default_rng(4).choice(np.arange(5, 86), 30, replace=False))
    drift = np.polynomial.legendre.legvander(np.linspace(-1, 1, 90), 2)

    def squares(shifted):
        exog = np.column_stack([shifted, drift])[keep]
        return np.stack([sm.OLS(s, exog).fit().tvalues[:2] ** 2 for s in y[keep].T], axis=1)

    chance = np.stack([squares(np.roll(values, lag, axis=0)) for lag in lags])
    np.testing.assert_allclose(found["p"], (1 + (chance >= squares(values)).sum(axis=0)) / 31)
    largest = chance.max(axis=2)[:, :, None]
    np.testing.assert_allclose(found["p_fwer"], (1 + (largest >= squares(values)).sum(axis=0)) / 31)


def test_shifts_are_the_same_for_a_seed_and_at_least_as_long_as_asked(tiny, series):
    analysis = Regression(signals=("swim",), inference="circular_shift", n_shifts=50, min_shift=20.0)
    first, again = (compute(analysis, tiny, series)["p"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = compute(dataclasses.replace(analysis, seed=1), tiny, series)["p"]
    assert (first != other).any()
    result = dataset(dataclasses.replace(analysis, n_shifts=5000), tiny, series)
    assert result.attrs["n_shifts"] == 260 - 2 * 40 + 1
    assert "There are only 181 different shifts, so no p is below 0.0055" in result.attrs["warnings"][0]


@pytest.mark.parametrize(
    ("given", "least"), [({"decay": 6.0}, 60), ({"decay": 0.2}, 13), ({}, 13), ({"min_shift": 1}, 2)]
)
def test_shifts_exceed_five_decays_and_a_twentieth_of_the_recording(tiny, series, given, least):
    analysis = Regression(signals=("swim",), inference="circular_shift", n_shifts=5000, family_wise=False, **given)
    assert dataset(analysis, tiny, series).attrs["n_shifts"] == 260 - 2 * least + 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"noise_memory": 65.0}, r"noise that remembers 130 frames cannot be told from 260 frames; half of them"),
        ({"noise_memory": 60.0, "events_by": ("direction",)}, r"asks of 4 combinations at once, but .* 3 degrees of"),
    ],
)
def test_noise_that_remembers_too_long_is_refused(tiny, given, message):
    contrasts = ("direction",) if "events_by" in given else ()
    with pytest.raises(AnalysisError, match=message):
        Regression(signals=("swim",), inference="hac", contrasts=contrasts, **given).plan(tiny)


def test_noise_without_memory_has_whites_errors_and_long_memory_few_degrees_of_freedom(tiny, series):
    at_once = dataset(Regression(signals=("swim",), inference="hac", noise_memory=0), tiny, series)
    assert at_once.attrs["dof"] == 258
    usual = dataset(Regression(signals=("swim",), inference="hac", kernel="GCaMP6s"), tiny, series)
    assert (usual.attrs["noise_memory_frames"], usual.attrs["dof"]) == (26, 14)


def test_partial_r_squared_does_not_depend_on_the_errors(tiny, series):
    ols, hac = (
        compute(Regression(signals=("swim",), inference=name, unique=True), tiny, series) for name in ("ols", "hac")
    )
    np.testing.assert_array_equal(hac["partial_r_squared"], ols["partial_r_squared"])
    assert not np.allclose(hac["t"], ols["t"], rtol=1e-3)


def test_events_that_shift_onto_themselves_are_told():
    start = 10.0 + 20 * np.arange(14)
    events = pd.DataFrame({"start_time": start, "stop_time": start + 8})
    context = make_context(290, frame_times=np.arange(290.0), events=events)
    y = np.random.default_rng(0).normal(size=(290, 3))
    analysis = Regression(events_by=(), inference="circular_shift", n_shifts=200)
    assert any("shifts bring the regressors back" in w for w in dataset(analysis, context, y).attrs["warnings"])
    at_random = events.assign(start_time=np.sort(np.random.default_rng(0).uniform(5, 275, 14)))
    context = dataclasses.replace(context, events=at_random.assign(stop_time=at_random["start_time"] + 8))
    assert not any("back onto" in w for w in dataset(analysis, context, y).attrs["warnings"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_shift": 64.0}, r"260 frames leave 5 shifts of 128 or more frames either way, but p below 0.05 needs 19"),
        ({"contrasts": ("drift",), "drift_order": 1}, r"drift and motion do not shift"),
    ],
)
def test_what_shifts_cannot_test_is_refused(tiny, given, message):
    with pytest.raises(AnalysisError, match=message):
        Regression(signals=("swim",), inference="circular_shift", **given).plan(tiny)


@pytest.mark.parametrize("inference", ["ols", "ar1", "hac"])
def test_results_say_how_wrong_their_p_are(tiny, series, inference):
    result = dataset(Regression(signals=("swim",), inference=inference), tiny, series)
    assert any("of voxels had p < 0.05" in w for w in result.attrs["warnings"])


@pytest.mark.parametrize(
    "given",
    [
        {"inference": "ar1"},
        {"inference": "hac", "noise_memory": 4.0, "cross_validate": True},
        {"inference": "circular_shift"},
        {"inference": "circular_shift", "drift_order": 2},
    ],
)
def test_voxels_know_nothing_of_each_other_but_for_the_largest_statistic(tiny, series, given):
    analysis = Regression(
        events_by=("direction",), signals=("swim",), contrasts=("swim", "direction"), unique=True, z=True, **given
    )
    whole = compute(analysis, tiny, series)
    spoilt = np.insert(series, [2, 5, 5, 12], 0.0, axis=1)
    bad = [2, 6, 7, 15]
    spoilt[:, bad] = [0.0, 101.3, 7.0, 65535.0]
    spoilt[30, 7], spoilt[60, 15] = np.nan, np.inf
    found = compute(analysis, tiny, spoilt, slabs=5)
    good = np.setdiff1d(np.arange(16), bad)
    for name, values in whole.items():
        if values.shape[-1:] == (12,):
            assert np.isnan(found[name][..., bad]).all(), name
            np.testing.assert_allclose(found[name][..., good], values, rtol=1e-9, atol=1e-12, err_msg=name)

"""Regression gives the numbers of statsmodels, and says what is wrong with a design."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import false_discovery_control
from statsmodels.stats.outliers_influence import variance_inflation_factor

from napari_thunder.analysis import Regression
from napari_thunder.analysis.design import convolve
from napari_thunder.errors import AnalysisError, MissingMetadataError, TableError
from napari_thunder.events import KERNELS, Kernel, event_regressors
from tests.analysis.runner import compute, dataset, make_context


def _table(n_frames, n_columns=4, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_frames, n_columns)) * 10.0 ** np.arange(n_columns) + 3
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(n_columns)])


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("standardize", [False, True])
def test_numbers_are_those_of_statsmodels(series, intercept, standardize):
    table = _table(260)
    keep = np.random.default_rng(1).uniform(size=260) > 0.1
    analysis = Regression(design=table, intercept=intercept, standardize=standardize)
    found = compute(analysis, make_context(260, keep), series)
    X = table.to_numpy()[keep]
    X = (X - X.mean(0)) / X.std(0) if standardize else X
    np.testing.assert_allclose(found["design"], X, atol=1e-12)
    for voxel in range(series.shape[1]):
        fit = sm.OLS(series[keep, voxel], sm.add_constant(X) if intercept else X).fit()
        for name, values in (("beta", fit.params), ("t", fit.tvalues), ("p", fit.pvalues)):
            np.testing.assert_allclose(found[name][:, voxel], values[int(intercept) :], rtol=1e-8, err_msg=name)
        np.testing.assert_allclose(found["r_squared"][voxel], fit.rsquared, rtol=1e-8)


def test_numbers_hold_on_a_large_baseline(series):
    near = compute(Regression(design=_table(260)), make_context(260), series)
    far = compute(Regression(design=_table(260)), make_context(260), series + 1e5)
    for name in ("beta", "t", "p", "r_squared"):
        np.testing.assert_allclose(far[name], near[name], rtol=1e-7)


def test_weights_are_those_of_thunder():
    y6 = np.array([[1.5, 2.3, 6.2, 5.1, 3.4, 2.1]]).T
    design = pd.DataFrame(np.eye(6)[:, :2], columns=["first", "second"])
    found = compute(Regression(design=design), make_context(6), y6)
    np.testing.assert_allclose(found["beta"][:, 0], [-2.7, -1.9], rtol=1e-10)
    np.testing.assert_allclose(found["r_squared"], 0.42785299, rtol=1e-7)


def test_events_signals_and_a_table_stand_side_by_side(tiny, series):
    table = pd.DataFrame({"drift": np.linspace(-1, 1, 260)})
    analysis = Regression(events_by=("direction",), signals=("swim",), design=table)
    result = dataset(analysis, tiny, series)
    names = ["direction=0", "direction=90", "direction=180", "direction=270", "swim", "drift"]
    assert list(result["regressor"].values) == names
    expected = event_regressors(tiny.events, ("direction",), tiny.frame_times, None)
    np.testing.assert_allclose(result["design"][:, :4], expected)
    np.testing.assert_allclose(result["design"][:, 4], tiny.signals["swim"])
    assert result.attrs["dof"] == 260 - 7
    (warning,) = result.attrs["warnings"]
    assert warning.startswith("p counts frames as independent")
    assert set(result.data_vars) == {"beta", "t", "p", "p_fdr", "r_squared", "design", "vif"}


def test_all_events_are_one_regressor_when_no_column_is_named(tiny, series):
    assert list(dataset(Regression(events_by=()), tiny, series)["regressor"].values) == ["event"]


def test_regressors_are_convolved_before_frames_are_excluded(tiny, series):
    keep = np.ones(260, bool)
    keep[50:90] = False
    analysis = Regression(events_by=("direction",), signals=("swim",), kernel="H2B-GCaMP6")
    whole = compute(analysis, tiny, series)["design"]
    part = compute(analysis, dataclasses.replace(tiny, keep=keep), series)["design"]
    np.testing.assert_array_equal(part, whole[keep])
    expected = event_regressors(tiny.events, ("direction",), tiny.frame_times, KERNELS["H2B-GCaMP6"])
    np.testing.assert_allclose(whole[:, :4], expected)


def test_a_convolved_signal_is_the_integral_over_the_past():
    kernel, times = Kernel(1.2, 0.2), np.cumsum(np.random.default_rng(0).uniform(0.2, 0.6, 60))
    signal = np.random.default_rng(1).normal(size=60)
    ends = np.append(times[1:], 2 * times[-1] - times[-2])
    step = 1e-3
    fine = np.arange(times[0] - 15, ends[-1], step) + step / 2
    held = signal[np.clip(np.searchsorted(times, fine, side="right") - 1, 0, 59)]
    expected = [np.sum(held * kernel(m - fine)) * step for m in (times + ends) / 2]
    np.testing.assert_allclose(convolve(signal, times, kernel), expected, atol=2e-3)


def test_a_convolved_signal_keeps_a_plateau_and_never_looks_ahead():
    kernel, times = KERNELS["GCaMP6s"], np.arange(200) / 4
    np.testing.assert_allclose(convolve(np.full(200, 3.0), times, kernel), 3.0)
    impulse = np.zeros(200)
    impulse[50] = 1
    answer = convolve(impulse, times, kernel)
    assert (answer[:50] == 0).all()
    assert answer[50:60].min() > 0


def test_adjusted_p_counts_each_regressor_for_itself(tiny, series):
    result = dataset(Regression(events_by=("direction",)), tiny, series)
    for p, adjusted in zip(result["p"].values, result["p_fdr"].values, strict=True):
        np.testing.assert_allclose(adjusted.ravel(), false_discovery_control(p.ravel()), rtol=1e-6)


def test_a_fit_without_residual_has_weights_but_no_p():
    table = _table(30, 2)
    found = compute(Regression(design=table), make_context(30), table.to_numpy() @ np.array([[2.0], [3.0]]) + 1)
    np.testing.assert_allclose(found["beta"][:, 0], [2, 3])
    np.testing.assert_allclose(found["r_squared"], 1)
    assert np.isnan(found["t"]).all()
    assert np.isnan(found["p"]).all()


def test_regressors_that_share_what_they_explain_are_reported():
    table = _table(100, 3)
    table["copy"] = table["x0"] + 0.2 * np.random.default_rng(1).normal(size=100)
    result = dataset(Regression(design=table), make_context(100), np.random.default_rng(0).normal(size=(100, 3)))
    exog = sm.add_constant(table.to_numpy())
    np.testing.assert_allclose(result["vif"], [variance_inflation_factor(exog, k) for k in range(1, 5)], rtol=1e-6)
    assert any("'copy' is largely explained by the other regressors" in w for w in result.attrs["warnings"])


def _with(**columns):
    table = _table(20, 2)
    for name, values in columns.items():
        table[name] = values(table)
    return {"design": table}


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, AnalysisError, r"there are no regressors. Give events_by="),
        (
            _with(flat=lambda t: 1.0),
            AnalysisError,
            r"same value in all kept frames: 'flat'.*intercept is there already",
        ),
        (_with(twice=lambda t: 3 * t.x0 + 1), AnalysisError, r"'x0' and 'twice' are the same but for offset and scale"),
        (
            _with(sum=lambda t: t.x0 - t.x1),
            AnalysisError,
            r"'sum' is a combination of 'x0', 'x1'\. Leave",
        ),
        (
            _with(sum=lambda t: 5 + t.x0 - t.x1),
            AnalysisError,
            r"'sum' is a combination of 'x0', 'x1' and the intercept. Leave one of them out, or set intercept=False",
        ),
        ({"design": _table(20, 19)}, AnalysisError, r"20 kept frames are too few for 19 regressors and an intercept"),
        ({"design": _table(19)}, TableError, r"19 rows and 4 columns, but the recording has 20 frames"),
        ({"events_by": ()}, MissingMetadataError, r"needs the times of the frames"),
        ({"signals": ("swim",)}, MissingMetadataError, r"needs behaviour signals"),
    ],
)
def test_a_design_that_cannot_be_fitted_is_refused_by_name(given, error, message):
    with pytest.raises(error, match=message):
        Regression(**given).plan(make_context(20))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"events_by": ("angle",)}, TableError, r"no column 'angle'. Its columns are: direction, speed"),
        ({"signals": ("swim", "heart")}, AnalysisError, r"no signal 'heart'. There is: swim, tail"),
        (
            {"signals": ("swim",), "design": _table(260, 1).rename(columns={"x0": "swim"})},
            AnalysisError,
            "are called 'swim'",
        ),
    ],
)
def test_unknown_and_repeated_names_are_refused(tiny, given, error, message):
    with pytest.raises(error, match=message):
        Regression(**given).plan(tiny)


def test_events_that_fill_the_recording_cannot_stand_beside_an_intercept(series):
    events = pd.DataFrame({"start_time": [0.0, 130], "stop_time": [130.0, 260], "direction": [0, 90]})
    context = make_context(260, frame_times=np.arange(260.0), events=events)
    with pytest.raises(AnalysisError, match=r"'direction=0' and 'direction=90' are the same but for offset and scale"):
        Regression(events_by=("direction",)).plan(context)
    Regression(events_by=("direction",), intercept=False).plan(context)


def test_analyses_with_the_same_table_are_equal():
    assert Regression(design=_table(5)) == Regression(design=_table(5))
    assert hash(Regression(design=_table(5))) == hash(Regression(design=_table(5)))
    assert Regression(design=_table(5)) != Regression(design=_table(5, seed=1))

"""Thunder's known answers for regressions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis import Regression
from napari_thunder.analysis.design import Design
from napari_thunder.analysis.regression.bilinear import BilinearRegression
from napari_thunder.analysis.regression.folds import blocked_folds
from napari_thunder.analysis.regression.penalised import penalised
from napari_thunder.analysis.regression.ridge import RidgeRegression
from tests.analysis.runner import compute, make_context

Y6 = np.array([[1.5, 2.3, 6.2, 5.1, 3.4, 2.1]]).T
X = np.array(
    [
        [-0.4309741, 0.43440693, 0.19946369, 1.40428728],
        [0.54587086, -1.1092286, -0.27258427, 0.35205421],
        [-0.4432777, 0.40580108, 0.20938645, 0.26480389],
        [-0.53239659, -0.90966912, -0.13967252, 1.38274305],
        [0.35731376, 0.39878607, 0.07762888, 1.82299252],
        [0.36687294, -0.17079843, -0.17765573, 0.87161138],
        [0.3017848, 1.36537541, 0.91211512, -0.80570055],
        [-0.72330999, 0.36319617, 0.08986615, -0.7830115],
        [1.11477831, 0.41631623, 0.11104172, -0.90049209],
        [-1.62162968, 0.46928843, 0.62996118, 1.08668594],
    ]
)
_FIRST = [4.57058016, -4.06400691, 4.25957933, 2.01583617, 0.34791879]
Y10 = np.array([[*_FIRST, -0.9113852, 3.41167194, 5.26059279, -2.35116878, 6.28263909]]).T
SCALED = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
ROWS = np.array([[1.0, -2, 1, 0], [0, 1, -2, 0]])


def _table(values):
    return pd.DataFrame(values, columns=[f"x{k}" for k in range(values.shape[1])])


def _fit(values, series=Y10, **given):
    return compute(Regression(design=_table(values), **given), make_context(len(values)), series)


def test_1_linear_regression():
    found = _fit(np.eye(6)[:, :2], Y6)
    np.testing.assert_allclose(found["beta"][:, 0], [-2.7, -1.9], rtol=1e-10)
    np.testing.assert_allclose(found["r_squared"], 0.42785299, rtol=1e-7)


def test_2_bilinear_regression():
    start = np.array([0.0, 2, 4])
    events = pd.DataFrame({"start_time": start, "stop_time": start + 2, "condition": ["a", "b", "c"]})
    context = make_context(6, frame_times=np.arange(6.0), events=events)
    found = compute(BilinearRegression(events_by=("condition",)), context, Y6)
    np.testing.assert_allclose(found["beta"][:, 0], [-3.125, 5.6875, 0.4375], rtol=1e-8)
    np.testing.assert_allclose(found["r_squared"], 0.6735010, atol=5e-8)


def test_3_ordinary_least_squares():
    found = _fit(X)
    np.testing.assert_allclose(found["beta"][:, 0], [-3.856843, 2.948348, -1.798389, -0.146238], atol=5e-7)
    np.testing.assert_allclose(Y10.mean() - X.mean(axis=0) @ found["beta"][:, 0], 1.344562, atol=5e-7)
    np.testing.assert_allclose(found["r_squared"], 0.9456594, atol=5e-8)
    without = _fit(X, intercept=False)["beta"][:, 0]
    np.testing.assert_allclose(without, [-3.379529, 2.366192, 1.014362, 0.485898], atol=5e-7)


def test_4_ordinary_least_squares_of_z_scored_regressors():
    expected = [-3.042094, 2.133447, -0.655426, -0.147933]
    np.testing.assert_allclose(_fit(SCALED)["beta"][:, 0], expected, atol=5e-7)
    by_ddof_0 = _fit(X, standardize=True)["beta"][:, 0]
    np.testing.assert_allclose(by_ddof_0, np.array(expected) * np.sqrt(0.9), atol=5e-7)
    np.testing.assert_allclose(Y10.mean(), 1.882226, atol=5e-7)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (Y10, [-2.529993, 1.740798, 1.082098, 0.513122]),
        (Y10 - Y10.mean(), [-2.650990, 1.342887, 0.379142, -0.227801]),
    ],
)
def test_5_ridge(series, expected):
    analysis = RidgeRegression(design=_table(X), strength=2, intercept=False, standardize=False, n_folds=2, gap=0)
    found = compute(analysis, make_context(10, frame_times=np.arange(10.0)), series)
    np.testing.assert_allclose(found["beta"][:, 0], expected, atol=5e-7)


@pytest.mark.parametrize(
    ("values", "series", "expected"),
    [
        (X, Y10, [-2.455335, 0.922337, 1.568278, 0.514048]),
        (SCALED, Y10 - Y10.mean(), [-2.229099, 0.334632, 0.913657, -0.092509]),
    ],
)
def test_6_tikhonov(values, series, expected):
    folds = blocked_folds(np.arange(10), 2, 0, 1, "test")
    fit = penalised(Design(("a", "b", "c", "d"), values, False), ROWS.T @ ROWS, np.array([2.0]), folds)
    np.testing.assert_allclose(fit(series.copy())["beta"][:, 0], expected, atol=5e-7)

"""Ridge regression: smaller and smoother weights, and what they predict."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from napari_thunder.analysis.regression.ridge import RidgeRegression
from napari_thunder.analysis.regression.shown_design import design_of
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context


def _table(n, p, seed=0):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(n, p)), columns=[f"x{k}" for k in range(p)])


def test_more_regressors_than_frames_can_be_fitted():
    table, y = _table(60, 80), np.random.default_rng(1).normal(size=(60, 3))
    analysis = RidgeRegression(design=table, gap=0)
    assert design_of(analysis, make_context(60, frame_times=np.arange(60.0))).can_be_fitted
    found = compute(analysis, make_context(60, frame_times=np.arange(60.0)), y)
    assert np.isfinite(found["beta"]).all()


def test_noise_is_predicted_worse_than_by_the_mean_and_says_so():
    table, y = _table(200, 20), np.random.default_rng(1).normal(size=(200, 50))
    found = compute(RidgeRegression(design=table, strength=0.0, gap=0), _second_by_second(200), y)
    assert found["r_squared"].min() > 0
    assert np.median(found["cv_r_squared"]) < -0.05


def test_a_voxel_with_more_noise_takes_a_stronger_penalty():
    table = _table(300, 20)
    signal = table.to_numpy() @ np.random.default_rng(2).normal(size=(20, 1))
    noise = np.random.default_rng(1).normal(size=(300, 30))
    context = _second_by_second(300)
    clear = compute(RidgeRegression(design=table), context, signal + 0.1 * noise)["strength"]
    faint = compute(RidgeRegression(design=table), context, signal + 20 * noise)["strength"]
    assert np.median(faint) > 10 * np.median(clear)


def test_one_strength_for_the_brain_is_that_of_the_best_mean():
    table, rng = _table(200, 10), np.random.default_rng(3)
    y = table.to_numpy() @ rng.normal(size=(10, 8)) + 3 * rng.normal(size=(200, 8))
    context = _second_by_second(200)
    found = compute(RidgeRegression(design=table, choose="brain"), context, y, slabs=3)
    tried = [
        compute(RidgeRegression(design=table, strength=s), context, y)["cv_r_squared"].mean() for s in _grid(table)
    ]
    np.testing.assert_allclose(found["mean_cv_r_squared"], tried, rtol=1e-9)
    np.testing.assert_allclose(found["strength"], _grid(table)[int(np.argmax(tried))])


def test_a_smooth_answer_is_found_better_by_keeping_it_smooth(tiny):
    delays = np.arange(24) / 2
    shape = np.exp(-(((delays - 4) / 2) ** 2))
    analysis = RidgeRegression(events_by=(), fir=11.5, penalty="roughness", standardize=False)
    design = design_of(analysis, tiny).values
    y = design @ shape[:, None] + 0.7 * np.random.default_rng(0).normal(size=(260, 20))
    smooth = compute(analysis, tiny, y)["beta"]
    rough = compute(dataclasses.replace(analysis, strength=0.0), tiny, y)["beta"]
    error = [np.sqrt(((found - shape[:, None]) ** 2).mean()) for found in (smooth, rough)]
    assert error[0] < 0.6 * error[1]


def test_what_is_taken_into_account_has_no_penalty_and_no_map(tiny, series):
    analysis = RidgeRegression(signals=("swim",), drift_order=2, strength=1e9)
    result = dataset(analysis, tiny, series)
    assert list(result["regressor"].values) == ["swim"]
    assert list(result["column"].values) == ["swim", "drift 1", "drift 2"]
    fits = [np.polynomial.Polynomial.fit(np.arange(260), y, 2)(np.arange(260)) for y in series.T]
    left = [1 - ((y - f) ** 2).sum() / ((y - y.mean()) ** 2).sum() for y, f in zip(series.T, fits, strict=True)]
    np.testing.assert_allclose(result["r_squared"].values.ravel(), left, rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"penalty": "roughness"}, r"penalty=roughness needs three or more lags= of a signal, or fir="),
        ({"gap": 100.0}, r"with gaps of 200 frames, a fold leaves 0 frames to learn .* Give a shorter gap"),
        ({"n_folds": 200}, r"260 kept frames are too few for 200 folds"),
    ],
)
def test_what_cannot_be_judged_is_refused(tiny, given, message):
    with pytest.raises(AnalysisError, match=message):
        RidgeRegression(signals=("swim",), **given).plan(tiny)


def _second_by_second(n):
    return make_context(n, frame_times=np.arange(float(n)))


def _grid(table):
    return np.logspace(-3, 5, 9) * len(table)

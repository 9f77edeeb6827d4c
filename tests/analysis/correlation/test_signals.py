"""Correlation with events and signals: that of numpy, of Thunder, and honest about autocorrelation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from napari_thunder.analysis.correlation.signals import Correlation
from napari_thunder.analysis.protocol import Context
from napari_thunder.errors import AnalysisError
from tests.analysis.runner import compute, dataset, make_context

A9 = np.array([1, 2, -4, 5, 8, 3, 4.1, 0.9, 2.3])
B9 = np.array([2, 2, -4, 5, 3.1, 4.5, 8.2, 8.1, 9.1])
S9 = pd.DataFrame({"s": [1.5, 2.1, -4.2, 5.6, 8.1, 3.9, 4.2, 0.3, 2.1]})
NINE = make_context(9, frame_times=np.arange(9.0))


def test_r_is_that_of_numpy(tiny: Context, series: NDArray[np.float64]) -> None:
    found = compute(Correlation(signals=("swim", "tail")), tiny, series, slabs=3)
    signals = tiny.signals.to_numpy()
    expected = np.corrcoef(signals.T, series.T)[:2, 2:]
    np.testing.assert_allclose(found["r"], expected, rtol=1e-10)


def test_known_answers_of_thunder() -> None:
    """Cross-correlation with zeros shifted in, lags -2 to 2 (and 0)."""
    movie = np.stack([A9, B9], axis=1)
    found = compute(Correlation(design=S9, max_lag=2, overlap=False), NINE, movie)
    np.testing.assert_allclose(found["r"][0, 0], 0.992218, atol=1e-6)
    expected = [[-0.18512, 0.03817, 0.99222, 0.06567, -0.25751], [-0.35119, -0.14190, 0.44778, -0.00408, 0.45436]]
    np.testing.assert_allclose(found["r_lagged"][0].T, expected, atol=5e-6)


def test_at_each_lag_r_is_that_of_the_pairs_that_are_there(tiny: Context, series: NDArray[np.float64]) -> None:
    keep = np.ones(260, bool)
    keep[[7, 100, 101]] = False
    context = make_context(260, keep, frame_times=tiny.frame_times, signals=tiny.signals)
    found = compute(Correlation(signals=("swim",), max_lag=1.5), context, series)
    swim = tiny.signals["swim"].to_numpy()
    for place, lag in enumerate(range(-3, 4)):
        t = np.arange(260)
        t = t[(t - lag >= 0) & (t - lag < 260)]
        t = t[keep[t] & keep[t - lag]]
        expected = [np.corrcoef(swim[t - lag], voxel[t])[0, 1] for voxel in series.T]
        np.testing.assert_allclose(found["r_lagged"][0, place], expected, rtol=1e-9)


def test_the_best_lag_is_the_delay_of_the_voxel() -> None:
    rng = np.random.default_rng(0)
    smooth = np.convolve(rng.normal(size=400), np.hanning(9), "same")
    t = np.arange(20, 380)
    voxels = np.stack([np.interp(t - delay, np.arange(400), smooth) for delay in (-2, 0, 1.4, 5)], axis=1)
    context = make_context(360, frame_times=np.arange(360) / 2)
    found = compute(Correlation(design=pd.DataFrame({"x": smooth[20:380]}), max_lag=4), context, voxels * [1, -1, 1, 1])
    np.testing.assert_allclose(found["best_lag"][0], np.array([-2, 0, 1.4, 5]) / 2, atol=0.05)
    np.testing.assert_array_equal(np.sign(found["r_best"][0]), [1, -1, 1, 1])


def test_p_holds_its_level_where_neighbouring_frames_are_alike() -> None:
    rng = np.random.default_rng(1)
    n, rho = 400, 0.8

    def red(k: int) -> NDArray[np.float64]:
        noise = rng.normal(size=(n + 100, k))
        for i in range(1, len(noise)):
            noise[i] += rho * noise[i - 1]
        return noise[100:]

    context = make_context(n, frame_times=np.arange(n))
    many = pd.DataFrame(red(100), columns=[f"x{i}" for i in range(100)])
    p = compute(Correlation(design=many), context, red(300))["p"]
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.01)
    assert (p < 0.01).mean() == pytest.approx(0.01, abs=0.005)


def test_p_is_adjusted_over_the_voxels_and_constant_voxels_are_nan(tiny: Context, series: NDArray[np.float64]) -> None:
    series[:, 3] = 5
    found = dataset(Correlation(signals=("swim",), max_lag=1), tiny, series)
    assert {"r", "p", "p_fdr", "r_lagged", "r_best", "best_lag"} <= set(found)
    for name in ("r", "p", "p_fdr", "r_lagged", "r_best", "best_lag"):
        assert np.isnan(found[name].values[..., 3]).all(), name
        assert np.isfinite(np.delete(found[name].values, 3, -1)).all(), name


def test_what_cannot_be_correlated_is_said(tiny: Context) -> None:
    with pytest.raises(AnalysisError, match="there are no regressors"):
        Correlation().plan(tiny)
    with pytest.raises(AnalysisError, match="same value in all kept frames: 'flat'"):
        Correlation(design=pd.DataFrame({"flat": np.ones(260)})).plan(tiny)
    with pytest.raises(AnalysisError, match="max_lag=200 s must lie between"):
        Correlation(signals=("swim",), max_lag=200).plan(tiny)

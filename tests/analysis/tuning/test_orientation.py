"""Orientation tuning has the closed forms of the field, wraps at 180°, and takes directions and orientations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from napari_thunder.analysis import DirectionTuning, EventAverage, OrientationTuning
from napari_thunder.analysis.tuning.f_test import CAUTION
from napari_thunder.analysis.tuning.indices import lifetime_sparseness
from napari_thunder.errors import AnalysisError
from napari_thunder.events import event_regressors
from tests.analysis.runner import compute, dataset, make_context


def shown(degrees, curves, repeats=1, noise=0.0, seed=0):
    """A recording of trials of 20 frames, stimulus in the last 10, voxels with these curves (conditions, voxels)."""
    n = len(degrees) * repeats
    events = pd.DataFrame({"start_time": np.arange(n) * 20.0 + 10, "stop_time": np.arange(n) * 20.0 + 20})
    events["direction"] = np.tile(degrees, repeats)
    on = (np.arange(20 * n) % 20 >= 10)[:, None]
    movie = 10 + np.repeat(np.tile(curves, (repeats, 1)), 20, axis=0) * on
    movie = movie + noise * np.random.default_rng(seed).normal(size=movie.shape)
    return make_context(20 * n, frame_times=np.arange(20.0 * n), events=events), movie


EIGHT = np.arange(8) * 45.0
VON_MISES = np.exp(2 * np.cos(np.deg2rad(EIGHT - 100)))[:, None]


def test_the_identities_of_the_field_hold():
    context, movie = shown(EIGHT, VON_MISES)
    direction, orientation = (compute(a(baseline=5), context, movie) for a in (DirectionTuning, OrientationTuning))
    angle = np.exp(1j * np.deg2rad(EIGHT))
    gdsi, gosi = (np.abs((angle**n) @ VON_MISES) / VON_MISES.sum() for n in (1, 2))
    np.testing.assert_allclose(direction["selectivity"], gdsi, rtol=1e-6)
    np.testing.assert_allclose(orientation["selectivity"], gosi, rtol=1e-6)
    np.testing.assert_allclose(direction["selectivity"], 0.6978, atol=1e-4)
    np.testing.assert_allclose(direction["dsi"], 0.9618, atol=1e-4)
    np.testing.assert_allclose(direction["preferred_direction"], 99.99, atol=5e-3)
    np.testing.assert_allclose(orientation["selectivity"], 0.3023, atol=1e-4)
    np.testing.assert_allclose(orientation["circular_variance"], 1 - gosi, rtol=1e-6)
    np.testing.assert_allclose(orientation["osi"], 0.7421, atol=1e-4)
    r = dict(zip(EIGHT, VON_MISES[:, 0], strict=True))
    orthogonal = (r[0] + r[180]) / 2
    np.testing.assert_allclose(orientation["osi"], (r[90] - orthogonal) / (r[90] + orthogonal), rtol=1e-6)
    np.testing.assert_allclose(direction["dsi"], (r[90] - r[270]) / (r[90] + r[270]), rtol=1e-6)


def test_orientations_wrap_at_180():
    degrees = np.arange(0, 180, 22.5)
    wanted = np.array([0.0, 5, 90, 133, 179.5])
    curves = 1 + np.cos(np.deg2rad(2 * (degrees[:, None] - wanted)))
    context, movie = shown(degrees, curves)
    found = compute(OrientationTuning(baseline=5), context, movie)
    np.testing.assert_allclose(found["preferred_orientation"], wanted, atol=1e-6)
    np.testing.assert_allclose(found["selectivity"], 0.5, rtol=1e-6)
    assert (
        dataset(OrientationTuning(baseline=5), context, movie)["preferred_orientation"].attrs["role"] == "orientation"
    )


def test_orthogonal_orientations_wrap_too_and_orientations_may_be_given_beside_0():
    curves = np.array([[3.0, 1], [1, 1], [1, 5], [1, 1]])
    for degrees in ([0, 45, 90, 135], [0, 45, 90, -45]):
        context, movie = shown(np.array(degrees, float), curves)
        found = compute(OrientationTuning(baseline=5), context, movie)
        np.testing.assert_allclose(found["osi"], [0.5, 4 / 6], rtol=1e-6)
        np.testing.assert_allclose(found["preferred_orientation"], [0, 90], atol=1e-6)
        np.testing.assert_allclose(found["selectivity"], [2 / 6, 4 / 8], rtol=1e-6)


def test_opposite_directions_count_as_one_orientation():
    curves = np.zeros((8, 2))
    curves[[1, 5], 0] = 1
    curves[1, 1] = 1
    context, movie = shown(EIGHT, curves)
    found = compute(OrientationTuning(baseline=5), context, movie)
    np.testing.assert_allclose(found["preferred_orientation"], 45, atol=1e-6)
    np.testing.assert_allclose(found["selectivity"], 1, rtol=1e-6)
    direction = compute(DirectionTuning(baseline=5), context, movie)
    np.testing.assert_allclose(direction["selectivity"], [0, 1], atol=1e-9)
    np.testing.assert_allclose(direction["dsi"], [0, 1], atol=1e-9)


def test_the_test_is_that_of_nested_least_squares(tiny, series):
    context = dataclasses.replace(tiny, events=tiny.events.assign(direction=tiny.events.position))
    found = compute(OrientationTuning(), context, series)
    each = event_regressors(context.events, ("direction",), tiny.frame_times, None).to_numpy()
    angle = np.deg2rad(EIGHT)
    small = sm.add_constant(np.column_stack([each.sum(axis=1), each @ np.cos(angle), each @ np.sin(angle)]))
    wave = np.column_stack([np.cos(2 * angle), np.sin(2 * angle), np.cos(4 * angle)])
    large = np.column_stack([small, each @ wave])
    for voxel in range(series.shape[1]):
        fit = sm.OLS(series[:, voxel], large).fit()
        f, p, _ = fit.compare_f_test(sm.OLS(series[:, voxel], small).fit())
        np.testing.assert_allclose(found["f_statistic"][voxel], f, rtol=1e-8)
        np.testing.assert_allclose(found["p"][voxel], p, rtol=1e-7)


def test_two_orientations_are_too_few(tiny):
    context = dataclasses.replace(tiny, events=tiny.events.assign(direction=np.tile([0, 90], 8)))
    with pytest.raises(AnalysisError, match="have 2 angles in 'direction'; three at least are needed"):
        OrientationTuning().plan(context)


def test_without_an_opposite_the_index_is_empty_and_says_so():
    context, movie = shown(np.array([0.0, 120, 240]), np.eye(3) + 1)
    result = dataset(DirectionTuning(baseline=5), context, movie)
    assert np.isnan(result["dsi"]).all()
    assert result.attrs["warnings"] == [
        "No stimulus lies opposite to 0°, 120°, 240°: DSI is empty where one of these is preferred.",
        CAUTION,
    ]


def test_the_curves_are_of_significant_voxels_by_their_peak():
    curves = np.zeros((8, 5))
    curves[2, :2], curves[5, 2] = [3, 5], 4
    context, movie = shown(EIGHT, curves, repeats=2, noise=0.05)
    movie[:, 4] = np.nan
    result = dataset(DirectionTuning(baseline=5), context, movie)
    response = result["response"].values[:, 0, 0]
    curve = result["tuning_curve"]
    assert (curve.dims, curve.attrs["plot"], curve.attrs["error"]) == (
        ("direction", "peak_at"),
        "lines",
        "tuning_curve_sem",
    )
    np.testing.assert_allclose(curve.sel(peak_at="peak at 90"), response[:, :2].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        result["tuning_curve_sem"].sel(peak_at="peak at 90"), response[:, :2].std(axis=1, ddof=1) / 2**0.5, rtol=1e-5
    )
    np.testing.assert_array_equal(result["peak"].values.ravel(), [3, 3, 6, np.nan, np.nan])
    assert (curve.attrs["voxels_by"], result["peak"].attrs["names"][2]) == ("peak", "90")
    np.testing.assert_array_equal(result["tuning_curve_voxels"], [0, 0, 2, 0, 0, 1, 0, 0])
    assert np.isnan(curve.sel(peak_at="peak at 0")).all()


def test_responses_are_those_of_the_event_average(tiny, series):
    found = compute(OrientationTuning(baseline=1, delay=0.5, duration=2), tiny, series)
    expected = compute(EventAverage(("direction",), baseline=1, delay=0.5, duration=2), tiny, series)
    np.testing.assert_allclose(found["response"], expected["response"], rtol=1e-9, atol=1e-12)


def test_sparseness_is_0_for_all_alike_and_1_for_one_alone():
    curves = np.column_stack([np.ones(8), np.eye(8)[3], np.zeros(8), np.arange(8.0)])
    r = np.arange(8.0)
    with np.errstate(all="ignore"):
        expected = [0, 1, np.nan, (1 - r.sum() ** 2 / 8 / (r**2).sum()) / (1 - 1 / 8)]
    np.testing.assert_allclose(lifetime_sparseness(curves), expected, atol=1e-12)

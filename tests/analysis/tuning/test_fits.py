"""Fitted tuning curves are the best there are: scipy's, the truth without noise, and within their bounds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import curve_fit, nnls

from napari_thunder.analysis import DirectionTuning, GaussianTuning, VonMisesTuning
from napari_thunder.analysis.tuning.cross_validation import TrialFit
from napari_thunder.analysis.tuning.fitting import fit
from napari_thunder.analysis.tuning.linear_part import Moments, best_linear
from napari_thunder.analysis.tuning.peak_shapes import GaussianPeak, VonMisesPeaks
from napari_thunder.errors import AnalysisError, TableError
from tests.analysis.runner import compute, dataset
from tests.analysis.tuning.test_orientation import EIGHT, shown

TWELVE = np.deg2rad(np.arange(12) * 30.0)


def two_peaks(theta, b, a1, a2, k, mu):
    first, second = (np.exp(k * (np.cos(theta - mu - turn) - 1)) for turn in (0, np.pi))
    return b + a1 * first + a2 * second


def gaussian(x, b, a, x0, s):
    return b + a * np.exp(-((x - x0) ** 2) / (2 * s**2))


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("shape", [VonMisesPeaks(TWELVE, 2), VonMisesPeaks(TWELVE, 1), GaussianPeak(np.arange(7.0))])
def test_derivatives_are_those_of_differences(shape):
    place, width = np.array([0.3, 2.0, 4.0]), np.array([-0.5, 0.0, 0.9])
    found, h = shape.with_derivatives(place, width), 1e-5
    np.testing.assert_allclose(found.value, shape.peaks(place, width), rtol=1e-12)
    for name, d_place, d_width in (("p", h, 0), ("w", 0, h)):
        over, under = (shape.with_derivatives(place + s * d_place, width + s * d_width) for s in (1, -1))
        for of, value in (("value", name), ("p", f"p{name}"), ("w", f"{name}w")):
            slope = (getattr(over, of) - getattr(under, of)) / (2 * h)
            wanted = getattr(found, {"wp": "pw", "pw": "pw"}.get(value, value))
            np.testing.assert_allclose(wanted, slope, rtol=1e-6, atol=1e-7)


def test_the_linear_part_is_that_of_nonnegative_least_squares():
    rng = np.random.default_rng(1)
    curves, weights = rng.normal(0.3, 1, (12, 60)), rng.uniform(0.2, 3, (12, 60))
    shape = VonMisesPeaks(TWELVE, 2)
    place, width = rng.uniform(0, 6, 60), rng.uniform(-1, 2, 60)
    peaks = shape.peaks(place, width)
    found = best_linear(Moments.of(peaks, curves, weights), positive_baseline=True)
    for v in range(60):
        root = np.sqrt(weights[:, v])
        columns = np.column_stack([np.ones(12), peaks[:, :, v]])
        wanted, error = nnls(root[:, None] * columns, root * curves[:, v])
        np.testing.assert_allclose([found.baseline[v], *found.amplitudes[:, v]], wanted, atol=1e-9)
        np.testing.assert_allclose(found.error[v], error**2, rtol=1e-9)


def test_without_noise_the_truth_is_found():
    rng = np.random.default_rng(0)
    n = 200
    mu, k = rng.uniform(0, 2 * np.pi, n), np.exp(rng.uniform(np.log(0.5), np.log(8), n))
    b, a1 = rng.uniform(0.1, 1, n), rng.uniform(0.5, 2, n)
    a2 = a1 * rng.uniform(0.1, 0.9, n)
    found = fit(VonMisesPeaks(TWELVE, 2), two_peaks(TWELVE[:, None], b, a1, a2, k, mu), np.ones((12, 1)))
    first = found.amplitudes.argmax(axis=0)
    np.testing.assert_allclose(np.exp(1j * (found.place + np.pi * first)), np.exp(1j * mu), atol=1e-6)
    np.testing.assert_allclose(np.exp(found.log_width), k, rtol=1e-5)
    np.testing.assert_allclose(np.sort(found.amplitudes, axis=0), [a2, a1], rtol=1e-5)
    np.testing.assert_allclose(found.baseline, b, rtol=1e-4)


def best_of_scipy(function, x, curve, sem, starts, bounds):
    errors = []
    for start in starts:
        values, _ = curve_fit(function, x, curve, p0=start, sigma=sem, bounds=bounds, max_nfev=3000)
        errors.append((((curve - function(x, *values)) / sem) ** 2).sum())
    return min(errors)


def test_von_mises_curves_leave_no_more_than_those_of_scipy():
    rng = np.random.default_rng(3)
    curves = two_peaks(TWELVE[:, None], 0.3, 1.0, 0.4, 2.0, np.array([0.4, 2.0, 4.0])) + rng.normal(0, 0.15, (12, 3))
    sem = rng.uniform(0.5, 2, (12, 3))
    found = fit(VonMisesPeaks(TWELVE, 2), curves, 1 / sem**2)
    for v in range(3):
        peak = TWELVE[curves[:, v].argmax()]
        starts = [(0.3, 1, 0.4, k, mu) for k in (1, 4) for mu in (peak, peak + np.pi / 6)]
        bounds = ([0, 0, 0, 0.1, -10], [np.inf, np.inf, np.inf, 20, 20])
        error = best_of_scipy(two_peaks, TWELVE, curves[:, v], sem[:, v], starts, bounds)
        assert found.error[v] <= error * (1 + 1e-7)
        assert found.error[v] > error * 0.5


def test_gaussian_curves_leave_no_more_than_those_of_scipy():
    rng = np.random.default_rng(4)
    x = np.arange(9.0)
    curves = gaussian(x[:, None], 0.2, 1, np.array([1.3, 4.0, 6.8, 8.5]), np.array([0.7, 1.2, 2.5, 1.5]))
    curves += rng.normal(0, 0.1, curves.shape)
    sem = rng.uniform(0.5, 2, curves.shape)
    found = fit(GaussianPeak(x), curves, 1 / sem**2)
    for v in range(4):
        starts = [(0.2, 1, x[curves[:, v].argmax()], s) for s in (0.5, 1.0, 3.0)]
        bounds = ([-np.inf, 0, -1, 1 / 3], [np.inf, np.inf, 9, 8])
        error = best_of_scipy(gaussian, x, curves[:, v], sem[:, v], starts, bounds)
        np.testing.assert_allclose(found.error[v], error, rtol=1e-6)


def test_the_half_width_is_where_half_of_the_peak_is_left():
    curves = two_peaks(np.deg2rad(EIGHT)[:, None], 0.5, 2.0, 0.7, np.array([0.3, 1.0, 3.0, 8.0]), np.deg2rad(75))
    context, movie = shown(EIGHT, curves, repeats=2, noise=1e-4)
    found = compute(VonMisesTuning(baseline=5), context, movie)
    np.testing.assert_allclose(found["preferred_direction"], 75, atol=0.1)
    np.testing.assert_allclose(found["amplitude"], 2, atol=0.02)
    np.testing.assert_allclose(found["second_amplitude"], 0.7, atol=0.02)
    k = np.array([1.0, 3.0, 8.0])
    assert np.isnan(found["half_width"][0])
    half = np.deg2rad(found["half_width"][1:])
    np.testing.assert_allclose(np.exp(k * (np.cos(half) - 1)), 0.5, atol=0.01)
    assert found["r_squared"].min() > 0.999
    assert found["cv_r_squared"].min() > 0.999


def test_orientations_have_one_peak_and_half_the_width():
    degrees = np.arange(0, 180, 22.5)
    curves = 0.2 + np.exp(2 * (np.cos(2 * np.deg2rad(degrees[:, None] - np.array([3.0, 178, 90]))) - 1))
    context, movie = shown(degrees, curves, repeats=2, noise=1e-4)
    found = compute(VonMisesTuning(tuned_to="orientation", baseline=5), context, movie)
    off = (found["preferred_orientation"] - [3, 178, 90] + 90) % 180 - 90
    np.testing.assert_allclose(off, 0, atol=0.05)
    np.testing.assert_allclose(found["half_width"], np.rad2deg(np.arccos(1 + np.log(0.5) / 2)) / 2, rtol=1e-2)
    assert "second_amplitude" not in found


def test_only_voxels_that_pass_the_test_are_fitted():
    curves = np.zeros((8, 40))
    curves[:, :10] = two_peaks(np.deg2rad(EIGHT)[:, None], 0, 1, 0, 2, np.linspace(0, 6, 10))
    context, movie = shown(EIGHT, curves, repeats=3, noise=0.3)
    found, tested = (compute(a, context, movie) for a in (VonMisesTuning(largest_p=1e-4), DirectionTuning()))
    np.testing.assert_allclose(found["p"], tested["p"], rtol=1e-9)
    for name in ("r_squared", "amplitude", "cv_r_squared"):
        np.testing.assert_array_equal(np.isfinite(found[name]), tested["p"] < 1e-4)
    assert np.isfinite(found["r_squared"][:10]).all()
    assert np.isfinite(compute(VonMisesTuning(largest_p=1), context, movie)["r_squared"]).all()


def test_cross_validation_predicts_each_repeat_from_the_others():
    rng = np.random.default_rng(2)
    truth = two_peaks(TWELVE, 0.3, 1.0, 0.4, 2.0, 1.0)
    each = truth[:, None, None] + rng.normal(0, 0.1, (12, 3, 2))
    found = TrialFit(VonMisesPeaks(TWELVE, 2), np.full(12, 3), False, 5).cross_validated(each.reshape(36, 2))
    bounds = ([0, 0, 0, 0.1, -10], [np.inf, np.inf, np.inf, 20, 20])
    for v in range(2):
        error = total = 0.0
        for j in range(3):
            rest, left_out = np.delete(each[:, :, v], j, axis=1), each[:, j, v]
            values, _ = curve_fit(two_peaks, TWELVE, rest.mean(axis=1), p0=(0.3, 1, 0.4, 2, 1), bounds=bounds)
            error += ((left_out - two_peaks(TWELVE, *values)) ** 2).sum()
            total += ((left_out - rest.mean()) ** 2).sum()
        np.testing.assert_allclose(found[v], 1 - error / total, rtol=1e-5)


def test_noise_is_not_predicted():
    context, movie = shown(EIGHT, np.zeros((8, 200)), repeats=4, noise=1.0)
    found = compute(VonMisesTuning(largest_p=1), context, movie)
    assert np.median(found["r_squared"]) > 0.3
    assert np.median(found["cv_r_squared"]) < 0


def test_single_trials_have_no_cross_validation_and_say_so():
    context, movie = shown(EIGHT, np.eye(8)[:, :2] + 0.1, noise=0.01)
    result = dataset(VonMisesTuning(largest_p=1), context, movie)
    assert np.isnan(result["cv_r_squared"]).all()
    assert np.isfinite(result["r_squared"]).all()
    assert "no cross-validated" in result.attrs["warnings"][0]


def test_weights_by_sem_are_those_of_the_trials():
    rng = np.random.default_rng(5)
    responses = rng.normal(size=(20, 3)) * np.repeat([0.5, 1, 2, 4], 5)[:, None]
    mean, weights = TrialFit(GaussianPeak(np.arange(4.0)), np.full(4, 5), True, 4).mean_curve(responses)
    np.testing.assert_allclose(mean, responses.reshape(4, 5, 3).mean(axis=1))
    sem = responses.reshape(4, 5, 3).std(axis=1, ddof=1) / np.sqrt(5)
    floor = 0.01 * (sem**2).mean(axis=0)
    np.testing.assert_allclose(weights, 1 / np.maximum(sem**2, floor))


def test_gaussian_tuning_tells_band_pass_from_low_and_high_pass():
    values = np.array([1.0, 2, 4, 8, 16, 32])
    octave = np.log2(values)[:, None]
    curves = gaussian(octave, 0.1, 1.0, np.array([2.3, -0.8, 5.9]), np.array([0.8, 1.5, 1.5]))
    context, movie = shown(values, curves, repeats=3, noise=1e-3)
    analysis = GaussianTuning("direction", "log2", baseline=5)
    found = compute(analysis, context, movie)
    np.testing.assert_array_equal(found["shape"], [2, 1, 3])
    np.testing.assert_allclose(found["preferred"], [2**2.3, 1, 32], rtol=1e-2)
    np.testing.assert_allclose(found["half_width"], [0.8 * np.sqrt(2 * np.log(2)), np.nan, np.nan], rtol=1e-2)
    assert found["cv_r_squared"].min() > 0.99
    result = dataset(analysis, context, movie)
    np.testing.assert_array_equal(result["value"], values)
    assert result["shape"].attrs["role"] == "label"


def test_what_cannot_be_fitted_is_said_in_words(tiny):
    events = tiny.events
    cases = [
        (VonMisesTuning(), tiny, AnalysisError, "have 4 angles in 'direction'; five at least are needed"),
        (
            VonMisesTuning("position", "orientation"),
            dataclasses.replace(tiny, events=events.assign(position=np.tile([0, 60, 180, 240], 4))),
            AnalysisError,
            "have 2 orientations in 'position'; the curve has 4 parameters",
        ),
        (GaussianTuning(), tiny, AnalysisError, "have 2 values in 'speed'; four at least are needed"),
        (GaussianTuning("position", "log2"), tiny, AnalysisError, "'position' holds 0, which has no logarithm"),
        (GaussianTuning("contrast"), tiny, TableError, "no column 'contrast'"),
        (
            GaussianTuning("position"),
            dataclasses.replace(tiny, events=events.assign(position=["slow", *range(15)])),
            TableError,
            r"'slow' is not a number\. Give numbers, or leave the cell empty for an event without a value",
        ),
    ]
    for analysis, context, error, message in cases:
        with pytest.raises(error, match=message):
            analysis.plan(context)


def test_many_voxels_are_fitted_as_few_are_and_none_at_all_too():
    rng = np.random.default_rng(6)
    curves, shape = rng.normal(1, 0.5, (12, 1100)), VonMisesPeaks(TWELVE, 2)
    many, few = fit(shape, curves, np.ones((12, 1))), fit(shape, curves[:, 1000:], np.ones((12, 1)))
    np.testing.assert_allclose(many.error[1000:], few.error, rtol=1e-9)
    assert fit(shape, curves[:, :0], np.ones((12, 1))).amplitudes.shape == (2, 0)

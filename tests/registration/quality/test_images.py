"""Correlation, crispness, motion R²: against numpy, scikit-learn and closed forms."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from napari_thunder.registration.quality.correlation import correlation, pearson
from napari_thunder.registration.quality.crispness import crispness, local_correlation
from napari_thunder.registration.quality.motion_r2 import motion_r2


def sums_of(frame, template):
    d = frame - template
    return np.asarray([d.size, d.sum(), d @ d, d @ template, template.sum(), template @ template])


def test_correlation_from_sums_is_pearsons():
    rng = np.random.default_rng(0)
    template = 500 + 50 * rng.standard_normal(1000)
    frame = 0.7 * template + 30 * rng.standard_normal(1000)
    assert correlation(sums_of(frame, template)) == pytest.approx(np.corrcoef(frame, template)[0, 1], rel=1e-6)


def test_a_frame_is_taken_out_of_the_template_that_holds_it():
    rng = np.random.default_rng(1)
    frames = 100 + rng.standard_normal((5, 300))
    template = frames.mean(axis=0)
    expected = np.corrcoef(frames[2], frames[[0, 1, 3, 4]].mean(axis=0))[0, 1]
    assert correlation(sums_of(frames[2], template), 1 / 4) == pytest.approx(expected, abs=1e-6)
    assert correlation(sums_of(frames[2], template)) > expected + 0.2


def test_correlation_with_something_flat_is_not_known():
    template = np.arange(10.0)
    assert np.isnan(correlation(sums_of(np.full(10, 3.0), template)))
    assert np.isnan(correlation(sums_of(template, np.full(10, 3.0))))
    assert np.isnan(correlation(np.zeros(6)))


def test_pearson_leaves_out_what_is_not_known():
    a, b = np.asarray([1.0, 2, 4, np.nan, 9]), np.asarray([2.0, 1, 5, 7, np.nan])
    assert pearson(a, b) == pytest.approx(np.corrcoef(a[:3], b[:3])[0, 1])
    assert np.isnan(pearson(a[3:], b[3:]))


def test_crispness_is_the_norm_of_the_gradient():
    image = np.random.default_rng(2).standard_normal((1, 9, 11))
    gy, gx = np.gradient(image[0])
    assert crispness(image) == pytest.approx(np.sqrt((gy**2 + gx**2).sum()))
    assert np.isnan(crispness(np.full((2, 3, 3), np.nan)))


def test_what_is_outside_the_region_makes_nothing_crisp():
    image = np.zeros((3, 8, 8))
    image[:, :, :2] = np.nan
    image[:, :, 4:] = 1
    inside = np.zeros((3, 8, 6))
    inside[:, :, 2:] = 1
    assert crispness(image) == pytest.approx(crispness(inside))


def test_local_correlation_is_the_mean_correlation_with_the_neighbours():
    rng = np.random.default_rng(4)
    frames = rng.standard_normal((50, 2, 3, 3)).astype(np.float32)
    frames[:, 1, 1, 1] += frames[:, 0, 1, 1]
    found = local_correlation(frames)
    middle = frames[:, 0, 1, 1]
    around = [frames[:, 1, 1, 1], frames[:, 0, 0, 1], frames[:, 0, 2, 1], frames[:, 0, 1, 0], frames[:, 0, 1, 2]]
    assert found[0, 1, 1] == pytest.approx(np.mean([np.corrcoef(middle, a)[0, 1] for a in around]), abs=1e-5)


def test_local_correlation_leaves_out_neighbours_that_are_not_known():
    rng = np.random.default_rng(4)
    frames = rng.standard_normal((50, 1, 1, 3)).astype(np.float32)
    frames[..., 2] = np.nan
    found = local_correlation(frames)[0, 0]
    assert found[1] == pytest.approx(np.corrcoef(frames[:, 0, 0, 0], frames[:, 0, 0, 1])[0, 1], abs=1e-5)
    assert np.isnan(found[2])


def test_motion_r2_is_that_of_a_linear_regression():
    rng = np.random.default_rng(5)
    traces = rng.standard_normal((200, 3))
    traces[:, 2] = 0  # a recording of one plane never moves along z
    series = traces @ rng.standard_normal((3, 20)) + rng.standard_normal((200, 20))
    expected = [LinearRegression().fit(traces, s).score(traces, s) for s in series.T]
    centred, rest = traces - traces.mean(axis=0), series - series.mean(axis=0)
    found = motion_r2(centred.T @ rest, centred, (rest**2).sum(axis=0))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_motion_r2_is_not_known_where_nothing_moves_or_changes():
    still = motion_r2(np.zeros((3, 2)), np.zeros((10, 3)), np.ones(2))
    assert np.isnan(still).all()
    assert np.isnan(motion_r2(np.zeros((3, 1)), np.random.default_rng(0).standard_normal((10, 3)), np.zeros(1))).all()

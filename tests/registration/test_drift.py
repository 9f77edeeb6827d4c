"""Slow drift: from a few means to a shift for every frame."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from scipy.interpolate import pchip_interpolate

from napari_thunder.io.array import ArraySource
from napari_thunder.registration.drift import Drift
from napari_thunder.registration.estimator import Estimate
from napari_thunder.registration.modes import estimator_of
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.windows import WindowMeans
from tests.registration.deforming import Waves, bent, texture, with_noise

SPACE = (4, 48, 56)
SLOW = "slow drift 3-D"


def drift(window: int = 60, every: int = 100, curve: str = "monotone", mode: str = SLOW) -> Drift:
    settings = Registration(mode=mode, drift_window=window, drift_every=every, drift_curve=curve)
    made = estimator_of(settings, texture(SPACE))
    assert isinstance(made, Drift)
    return made


def estimate_of(shifts: np.ndarray) -> Estimate:
    values = np.asarray(shifts, np.float32)[:, None, None, None]
    return Estimate(values, np.ones(values.shape[:-1], np.float32))


def test_means_of_60_frames_are_taken_every_100_and_only_those_are_read() -> None:
    assert drift().windows(400) == [(0, 60), (100, 160), (200, 260), (300, 360)]
    assert drift().windows(420) == [(0, 60), (100, 160), (200, 260), (300, 360), (360, 420)]
    assert drift().windows(30) == [(0, 30)]
    assert drift().windows(1) == [(0, 1)]


def test_between_means_the_shift_follows_a_curve_and_beyond_them_it_stays() -> None:
    shifts = np.array([[0, 0, 0], [1, -2, 3], [1, -2, 5], [4, -2, 6]], float)
    found = drift(60, 100).finish(estimate_of(shifts), 400).shifts[:, 0, 0, 0]
    middle = np.array([29.5, 129.5, 229.5, 329.5])
    frames = np.arange(400).clip(29.5, 329.5)
    np.testing.assert_allclose(found, pchip_interpolate(middle, shifts, frames, axis=0), atol=1e-5)
    straight = drift(60, 100, "linear").finish(estimate_of(shifts), 400).shifts[:, 0, 0, 0]
    np.testing.assert_allclose(straight, np.stack([np.interp(frames, middle, s) for s in shifts.T], 1), atol=1e-5)


def test_a_curve_never_goes_beyond_the_means_around_it() -> None:
    shifts = np.random.default_rng(0).normal(size=(12, 3)).round(1)
    found = drift(10, 20).finish(estimate_of(shifts), 230).shifts[:, 0, 0, 0]
    for i, (before, after) in enumerate(itertools.pairwise(shifts)):
        between = found[20 * i + 5 : 20 * i + 25]
        assert (between >= np.minimum(before, after) - 1e-5).all()
        assert (between <= np.maximum(before, after) + 1e-5).all()


def test_a_mean_that_could_not_be_estimated_is_left_out() -> None:
    shifts = np.array([[0, 0, 0], [np.nan] * 3, [2, 2, 2]])
    found = drift(10, 20, "linear").finish(estimate_of(shifts), 50).shifts[:, 0, 0, 0]
    np.testing.assert_allclose(found[24:26, 0], [0.975, 1.025])
    nothing = drift(10, 20).finish(estimate_of(np.full((3, 3), np.nan)), 50)
    assert np.isnan(nothing.shifts).all()
    assert nothing.shifts.shape == (50, 1, 1, 1, 3)


@pytest.mark.parametrize("mode", [SLOW, "slow drift 2-D planes"])
def test_a_slow_drift_is_found_in_noise_in_which_frames_say_nothing(mode: str) -> None:
    t = np.arange(80)
    true = np.stack([0 * t, 2 * np.sin(t / 30), -t / 40], 1)
    template = texture(SPACE)
    still = [bent(template, Waves(SPACE, (0, 0, 0), shift=tuple(s))) for s in true]
    movie = with_noise(np.stack(still), 250.0)
    movie[10:14] = 1e4
    looking = drift(10, 10, mode=mode)
    windows = tuple(looking.windows(80))
    means = WindowMeans(ArraySource(movie), windows, (10, 11, 12, 13))
    found = looking.finish(looking.estimate(np.stack([means.read_volume(k) for k in range(len(windows))])), 80)
    error = (found.shifts.mean(axis=(1, 2, 3)) - true)[5:75, 1:]
    assert np.sqrt((error**2).mean()) < 0.3
    assert pickle.loads(pickle.dumps(looking)).windows(80) == list(windows)


def test_slow_bending_is_found_by_block() -> None:
    template = texture((8, 64, 80))
    field = Waves((8, 64, 80), (0, 1, 1))
    settings = Registration(mode="slow drift piecewise 3-D", drift_window=2, drift_every=2)
    looking = estimator_of(settings, template)
    found = looking.finish(looking.estimate(np.stack([template, bent(template, field)])), 4)
    assert found.shifts.shape[0] == 4
    assert np.abs(found.shifts[:1]).max() < 0.1
    assert found.shifts[3, ..., 1].std() > 0.3

"""Direction maps: hue says where to, opacity how strongly."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_thunder.display.colormaps import CYCLIC, cyclic_lut
from napari_thunder.display.direction import direction_colours, direction_overlay
from napari_thunder.display.overlay import strength_limits


@pytest.mark.parametrize("colormap", CYCLIC)
@pytest.mark.parametrize(
    ("degrees", "entry"), [(0, 0), (90, 64), (180, 128), (270, 192), (360, 0), (-90, 192), (810, 64)]
)
def test_a_known_direction_has_its_entry_of_the_table(colormap, degrees, entry):
    assert (direction_colours(np.array([degrees]), colormap)[0] == cyclic_lut(colormap)[entry]).all()


def test_359_and_1_degree_look_alike():
    before, after = direction_colours(np.array([359.0, 1.0])).astype(int)
    assert np.abs(before - after).max() <= 8


def test_hue_of_an_orientation_comes_round_at_180():
    given = np.array([10.0, 45.0, 170.0])
    once = direction_colours(given, period=180)
    assert (once == direction_colours(given + 180, period=180)).all()
    assert (once == direction_colours(2 * given)).all()


def test_opacity_grows_with_strength_from_the_lower_to_the_upper_limit():
    strength = np.linspace(-0.5, 1.5, 201, dtype=np.float32)
    alpha = direction_overlay(np.zeros(201), strength, limits=(0.0, 1.0)).alpha().astype(int)
    assert (np.diff(alpha) >= 0).all()
    assert (alpha[:51] == 0).all()
    assert (alpha[150:] == 255).all()
    assert alpha[100] == pytest.approx(127.5, abs=1)


def test_nan_in_direction_or_strength_is_transparent():
    direction = np.array([np.nan, 90.0, 90.0, 90.0])
    strength = np.array([1.0, np.nan, 1.0, np.inf])
    assert direction_overlay(direction, strength, limits=(0, 1)).rgba()[:, 3].tolist() == [0, 0, 255, 255]


def test_the_threshold_hides_what_is_weaker_and_changes_no_colour():
    rng = np.random.default_rng(0)
    strength = rng.uniform(size=(3, 4, 5)).astype(np.float32)
    overlay = direction_overlay(rng.uniform(0, 360, (3, 4, 5)), strength)
    plain, cut = overlay.rgba(), overlay.rgba(0.5)
    assert (cut[..., :3] == plain[..., :3]).all()
    assert (cut[strength < 0.5, 3] == 0).all()
    assert (cut[strength >= 0.5] == plain[strength >= 0.5]).all()
    overlay.fade(cut, None)
    assert (cut == plain).all()


def test_a_voxel_at_the_threshold_is_drawn():
    overlay = direction_overlay(np.zeros(3), np.array([0.3, 0.5, 0.7]), limits=(0, 1))
    assert (overlay.alpha(0.5) > 0).tolist() == [False, True, True]


def test_a_few_extreme_voxels_do_not_make_the_rest_fade():
    strength = np.append(np.ones(1000), [1e6])
    assert strength_limits(strength) == (0.0, 1.0)


@pytest.mark.parametrize("strength", [np.zeros(5), np.full(5, -np.inf), np.full(5, -2.0)])
def test_limits_can_always_be_drawn(strength):
    low, high = strength_limits(strength)
    assert low < high


def test_span_is_of_what_can_be_estimated():
    overlay = direction_overlay(np.zeros(4), np.array([np.nan, 0.25, 0.75, 0.5]))
    assert overlay.span == (0.25, 0.75)
    assert direction_overlay(np.zeros(1), np.full(1, np.nan)).span == (0.0, 1.0)


def test_the_threshold_acts_at_once():
    rng = np.random.default_rng(0)
    shape = (16, 192, 288)
    overlay = direction_overlay(rng.uniform(0, 360, shape), rng.uniform(size=shape))
    rgba = overlay.rgba()
    seconds = []
    for threshold in np.linspace(0, 1, 9):
        start = time.perf_counter()
        overlay.fade(rgba, threshold)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.010


def test_strengths_of_noise_do_not_set_the_scale_where_few_voxels_respond():
    strength = np.concatenate([np.full(9900, 0.01), np.linspace(0.3, 0.5, 100)])
    assert strength_limits(strength)[1] == pytest.approx(0.01)
    assert strength_limits(strength, least=0.3)[1] == pytest.approx(0.45, abs=0.001)

"""Several factor maps in one picture."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.display.colormaps import cyclic_lut, palette
from napari_thunder.display.factors import factor_overlay, rgb_overlay, winner_overlay


def test_two_factors_are_a_plane_whose_angle_is_the_hue():
    first = np.array([1.0, 0.0, -1.0, 0.0])
    second = np.array([0.0, 2.0, 0.0, -2.0])
    overlay = factor_overlay(np.stack([first, second]))
    assert (overlay.rgb == cyclic_lut()[[0, 64, 128, 192]]).all()
    assert overlay.strength.tolist() == [1, 2, 1, 2]


def test_three_factors_are_red_green_and_blue_whatever_their_sign():
    factors = np.array([[3.0, 0, 0, 3.0], [0, -5.0, 0, 5.0], [0, 0, 7.0, 0.0]])
    overlay = factor_overlay(factors)
    assert overlay.rgb.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]]
    assert overlay.strength == pytest.approx(np.ones(4), abs=0.05)


def test_more_factors_take_the_colour_of_the_largest():
    factors = np.diag([1.0, -2.0, 3.0, -4.0, 5.0])
    overlay = factor_overlay(factors)
    assert (overlay.rgb == palette(5)).all()


@pytest.mark.parametrize("make", [factor_overlay, rgb_overlay, winner_overlay])
def test_nan_and_nothing_are_transparent(make):
    factors = np.zeros((3, 3))
    factors[0, 0], factors[:, 1], factors[1, 2] = 1.0, 0.0, np.nan
    assert (make(factors).alpha() > 0).tolist() == [True, False, False]


def test_factors_that_are_zero_everywhere_can_be_drawn():
    assert not factor_overlay(np.zeros((3, 2, 2))).rgba()[..., 3].any()


def test_one_factor_is_no_picture_of_several():
    with pytest.raises(ValueError, match="at least two"):
        factor_overlay(np.zeros((1, 2, 2)))

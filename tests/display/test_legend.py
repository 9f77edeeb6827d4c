"""Legends agree with what they explain."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.display.direction import direction_colours
from napari_thunder.display.legend import HALF_COMPASS, Swatches, Wheel, palette_legend, rgb_legend

WHEEL = Wheel("preferred direction", "R²", (0.0, 0.5))


@pytest.mark.parametrize("degrees", [0, 37, 90, 180, 225, 270, 359])
def test_hue_of_the_wheel_is_the_direction_counted_against_the_clock_from_the_right(degrees):
    size = 401
    image, angle = WHEEL.image(size), np.radians(degrees)
    x, y = 200 + 120 * np.cos(angle), 200 - 120 * np.sin(angle)
    seen = image[round(y), round(x), :3].astype(int)
    assert np.abs(seen - direction_colours(np.array(float(degrees)))).max() <= 6


def test_opacity_grows_from_the_centre_to_the_rim_and_ends_there():
    ray = WHEEL.image(401)[200, 200:, 3].astype(int)
    rim = ray.argmax()
    assert ray[0] == 0
    assert ray[rim] >= 250
    assert (np.diff(ray[:rim]) >= 0).all()
    assert (ray[rim + 3 :] == 0).all()


def test_the_wheel_is_hollow_below_the_threshold():
    ray = WHEEL.image(401, threshold=0.25)[200, 200:, 3]
    rim = ray.argmax()
    assert (ray[: rim // 2 - 2] == 0).all()
    assert (ray[rim // 2 + 3 : rim] > 0).all()
    assert not WHEEL.image(101, threshold=9.0)[..., 3][30:70, 30:70].any()


def test_words_stand_around_the_wheel():
    places = {label.text: (label.x, label.y) for label in WHEEL.labels(201)}
    assert places["0°"] == pytest.approx((100 + 0.43 * 201, 100))
    assert places["90°"] == pytest.approx((100, 100 - 0.43 * 201))
    assert places["180°"][0] < 20
    assert places["270°"][1] > 180


def test_a_wheel_of_orientations_goes_round_twice():
    image = Wheel("o", "s", (0, 1), period=180.0, ticks=HALF_COMPASS).image(101)
    assert np.abs(image.astype(int) - image[::-1, ::-1]).max() <= 8


def test_lists_name_their_colours():
    assert rgb_legend("PCA", ("a", "b", "c")).entries[1] == ("b", (0, 255, 0))
    assert palette_legend("clusters", ("1", "2")) == Swatches("clusters", (("1", (230, 159, 0)), ("2", (86, 180, 233))))


def test_a_wheel_above_another_threshold_is_hollow_and_otherwise_the_same():
    wheel = Wheel("direction", "R²", (0.0, 1.0))
    whole, hollow = wheel.image(141), wheel.image(141, 0.5)
    np.testing.assert_array_equal(whole[..., :3], hollow[..., :3])
    at = np.hypot(*np.meshgrid(np.arange(141) - 70, np.arange(141) - 70)) / (0.34 * 141)
    assert not hollow[at < 0.48, 3].any()
    np.testing.assert_array_equal(whole[at > 0.52], hollow[at > 0.52])


def test_a_wheel_of_one_strength_is_whole():
    assert Wheel("direction", "R²", (0.4, 0.4)).image(60, 0.4)[..., 3].any()

"""One line of numbers for a voxel."""

from __future__ import annotations

import numpy as np

from napari_thunder.display import status_text


def test_a_tuned_voxel(tuning):
    tuning = tuning[["preferred_direction", "r_squared", "p"]]
    assert status_text(tuning, (1, 2, 3)) == "212°, R² 0.41, p 0.002"


def test_all_maps_of_a_tuning(tuning):
    words = status_text(tuning, (1, 2, 3))
    assert words.startswith("212°, R² 0.41, selectivity 0.")
    assert " at direction " in words
    assert "FDR" not in words


def test_the_strongest_regressor_is_named(regression):
    regression["t"][:, 0, 1, 2] = [1.0, -7.25, 3.0]
    assert "t -7.25 at direction=60" in status_text(regression, (0, 1, 2))


def test_a_direction_just_below_a_turn_is_zero(tuning):
    tuning["preferred_direction"][0, 1, 1] = 359.8
    assert status_text(tuning, (0, 1, 1)).startswith("0°,")


def test_a_very_small_p(tuning):
    tuning["p"][0, 1, 1] = 1e-12
    assert "p < 0.0001" in status_text(tuning[["p"]], (0, 1, 1))


def test_where_nothing_can_be_estimated(tuning):
    blank = tuning[["preferred_direction", "r_squared"]]
    assert status_text(blank, (0, 0, 0)) == "not estimable"


def test_outside_the_volume_there_is_nothing_to_say(tuning):
    assert status_text(tuning, (2, 0, 0)) == ""
    assert status_text(tuning, (0, -1, 0)) == ""


def test_order_of_dimensions_does_not_matter(regression):
    turned = regression.transpose("x", "y", "z", "regressor")
    assert status_text(turned, (1, 2, 3)) == status_text(regression, (1, 2, 3))
    assert np.isfinite(turned["t"]).all()

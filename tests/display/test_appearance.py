"""Colours and limits follow from what a map means."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.analysis.protocol import Role
from napari_thunder.display.appearance import appearance_of, drawn_values


@pytest.mark.parametrize("role", [Role.SIGNED, Role.FACTOR])
def test_signed_maps_diverge_around_zero(role):
    values = np.random.default_rng(0).normal(3, 1, 10_000)
    low, high = appearance_of(values, role).limits
    assert low == -high
    assert high == pytest.approx(np.percentile(np.abs(values), 99.5))


def test_fractions_start_at_zero():
    assert appearance_of(np.linspace(0.3, 0.6, 1001), Role.FRACTION).limits == pytest.approx((0.0, 0.6), abs=0.002)


def test_small_p_is_bright():
    drawn = drawn_values(np.array([1.0, 0.05, 1e-4, 0.0, np.nan]), Role.PROBABILITY)
    assert drawn[:4] == pytest.approx([0, 1.30103, 4, 30], rel=1e-5)
    assert np.isnan(drawn[4])
    assert appearance_of(drawn, Role.PROBABILITY).quantity.format("p") == "−log10 p"


def test_p_without_any_effect_stays_dark():
    assert appearance_of(np.linspace(0, 0.5, 10), Role.PROBABILITY).limits == (0.0, 3.0)


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.LABEL])
@pytest.mark.parametrize("values", [np.full(9, np.nan), np.zeros(9), np.full(9, -3.0)])
def test_limits_can_be_drawn_whatever_the_values(role, values):
    low, high = appearance_of(drawn_values(values, role), role).limits
    assert np.isfinite([low, high]).all()
    assert low < high


def test_factors_without_negative_values_start_at_zero():
    adding_up = np.array([0.0, 0.2, np.nan, 1.0], np.float32)
    assert appearance_of(adding_up, Role.FACTOR).limits[0] == 0
    assert appearance_of(-adding_up, Role.FACTOR).limits[0] < 0
    assert appearance_of(adding_up, Role.SIGNED).limits[0] < 0

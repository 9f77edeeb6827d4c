"""Colour tables."""

from __future__ import annotations

import colorsys

import cmap
import numpy as np
import pytest

from napari_thunder.display.colormaps import CYCLIC, cyclic_lut, napari_colormap, palette


@pytest.mark.parametrize("name", CYCLIC)
def test_a_turn_has_256_colours_and_comes_round_without_a_jump(name):
    lut = cyclic_lut(name).astype(int)
    steps = np.abs(np.diff(np.vstack([lut, lut[:1]]), axis=0)).sum(axis=1)
    assert lut.shape == (256, 3)
    assert steps[-1] <= steps[:-1].max()
    assert steps.max() <= 20


def test_hsv_is_the_hue_circle():
    expected = [[round(255 * c) for c in colorsys.hsv_to_rgb(i / 256, 1, 1)] for i in range(256)]
    assert np.abs(cyclic_lut("hsv").astype(int) - expected).max() <= 1


@pytest.mark.parametrize("name", ["romaO", "CET_CBTC1"])
def test_quarters_of_a_turn_are_quarters_of_the_colormap(name):
    expected = [np.array(cmap.Colormap(name)(q).rgba8[:3]) for q in (0.0, 0.25, 0.5, 0.75)]
    assert np.abs(cyclic_lut(name)[[0, 64, 128, 192]].astype(int) - expected).max() <= 1


def test_colour_tables_are_shared_and_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        cyclic_lut()[0] = 0


def test_an_unknown_colormap_is_an_error():
    with pytest.raises(ValueError, match="nonsense"):
        cyclic_lut("nonsense")


def test_the_first_eight_of_a_palette_differ():
    assert len(np.unique(palette(8), axis=0)) == 8
    assert (palette(10)[8:] == palette(2)).all()


def test_a_diverging_map_over_an_image_is_transparent_in_the_middle_and_opaque_at_both_ends():
    alpha = napari_colormap("vik", fades="middle")["colors"][:, 3]
    assert alpha[0] == alpha[-1] == 1
    assert alpha[127:129].max() < 0.01
    assert (np.diff(alpha[128:]) >= 0).all()


def test_a_sequential_map_over_an_image_is_transparent_at_its_low_end():
    alpha = napari_colormap("magma", fades="low")["colors"][:, 3]
    assert alpha[0] == 0
    assert (np.diff(alpha) >= 0).all()
    assert (napari_colormap("magma")["colors"][:, 3] == 1).all()


@pytest.mark.parametrize("name", [*CYCLIC, "vik", "PiYG", "RdBu_r", "magma", "viridis", "inferno", "gray"])
def test_a_colormap_on_offer_is_made_without_a_word_on_the_terminal(name: str, caplog):
    napari_colormap(name)
    assert not caplog.records

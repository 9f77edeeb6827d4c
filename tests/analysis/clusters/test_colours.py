"""Colours by likeness."""

from __future__ import annotations

import cmap
import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from napari_thunder.analysis.clusters.colours import palette_by_likeness, rgb_of


def _lab(names):
    """CIELAB, by scikit-image."""
    from skimage.color import rgb2lab

    return rgb2lab(np.array([cmap.Color(name).rgba[:3] for name in names])[None])[0]


@pytest.mark.parametrize("k", [2, 3, 5, 8, 20])
def test_colours_of_similar_clusters_are_similar_and_none_are_the_same(k):
    centers = np.random.default_rng(k).normal(size=(k, 3)).cumsum(axis=0)
    colours = _lab(palette_by_likeness(squareform(pdist(centers))))
    apart = pdist(colours)
    assert apart.min() > (12 if k <= 8 else 6)
    if k > 2:
        assert np.corrcoef(apart, pdist(centers))[0, 1] > 0.75


def test_colours_are_bright_enough_for_a_dark_brain():
    colours = _lab(palette_by_likeness(squareform(pdist(np.random.default_rng(0).normal(size=(12, 5))))))
    assert colours[:, 0].min() > 50


def test_the_strongest_contrast_is_one_that_colour_blind_people_see():
    blue, yellow = _lab(palette_by_likeness(np.array([[0.0, 1], [1, 0]])))
    assert abs(blue[2] - yellow[2]) > 2 * abs(blue[1] - yellow[1])


def test_the_same_clusters_get_the_same_colours():
    distances = squareform(pdist(np.random.default_rng(1).normal(size=(7, 4))))
    assert palette_by_likeness(distances) == palette_by_likeness(distances.copy())


@pytest.mark.parametrize("distances", [np.zeros((1, 1)), np.zeros((4, 4)), 1 - np.eye(4)])
def test_clusters_that_are_all_alike_still_have_colours(distances):
    colours = palette_by_likeness(distances)
    assert len(colours) == len(distances)
    assert all(len(colour) == 7 and colour.startswith("#") for colour in colours)


def test_colours_that_a_screen_can_show_are_shown_as_they_are():
    lab = np.array([[60.0, 20, -20], [75, -15, 40], [50, 0, 0]])
    np.testing.assert_allclose(
        _lab(["#{:02x}{:02x}{:02x}".format(*np.round(255 * c).astype(int)) for c in rgb_of(lab)]), lab, atol=0.7
    )

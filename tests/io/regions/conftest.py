"""Regions of every kind, on one volume."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.regions import Outline, region_of_mask, region_of_outline

VOLUME = (6, 40, 50)


def outlined(kind, vertices, planes, name, color):
    return region_of_outline(Outline(kind, np.array(vertices, float), planes), VOLUME, name, color)


@pytest.fixture
def drawn():
    return [
        outlined("rectangle", [[2.5, 3.5], [2.5, 9.5], [7.5, 9.5], [7.5, 3.5]], (1, 1), "tectum", "#56b4e9"),
        outlined("ellipse", [[20, 5], [20, 18], [29, 18], [29, 5]], (0, 3), "Ganglion β/1", "#e69f00"),
        outlined("ellipse", [[25, 25], [30, 30], [27, 33], [22, 28]], (2, 4), "turned", "#cc79a7"),
        outlined("polygon", [[30, 30], [38.25, 33], [33, 48.7], [31, 38.1]], (5, 5), "line", "#009e73"),
        outlined("polygon", [[-5, 40], [5, 60], [14, 45.3]], (-3, 2), "at the border", "#d55e00"),
        outlined("rectangle", [[2, 20.3], [6, 24], [4, 27], [0, 23.3]], (4, 5), "tectum", "#0072b2"),
    ]


@pytest.fixture
def painted():
    rng = np.random.default_rng(2)
    full = np.zeros(VOLUME, bool)
    full[1:5, 5:20, 10:30] = rng.random((4, 15, 20)) > 0.4
    full[2] = False
    frame = np.zeros(VOLUME, bool)
    frame[3:5, 25:35, 25:35] = True
    frame[3:5, 27:33, 27:33] = False
    frame[3:5, 29, 29] = True
    dot = np.zeros(VOLUME, bool)
    dot[5, 39, 49] = True
    colors = ("#f0e442", "#56b4e9", "#999999")
    names = ("specks", "frame", "dot")
    return [region_of_mask(m, n, c) for m, n, c in zip((full, frame, dot), names, colors, strict=True)]


@pytest.fixture
def said():
    return []


def same_voxels(one, other):
    return np.array_equal(one.full_mask(), other.full_mask())

"""Which voxels an outline encloses, against exact fractions, scikit-image and closed forms."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from skimage.draw import ellipse, polygon

from napari_thunder.regions.inside import enclosed, inside_ellipse, inside_polygon


def exactly_inside(vertices, shape):
    """Even-odd rule and edges, in exact fractions, one voxel after another."""
    points = [(Fraction(float(y)), Fraction(float(x))) for y, x in vertices]
    edges = list(zip(points, points[1:] + points[:1], strict=True))
    return np.array([[_holds(edges, y, x) for x in range(shape[1])] for y in range(shape[0])])


def _holds(edges, y, x):
    odd = False
    for (y0, x0), (y1, x1) in edges:
        if (y1 - y0) * (x - x0) == (x1 - x0) * (y - y0):
            if min(y0, y1) <= y <= max(y0, y1) and min(x0, x1) <= x <= max(x0, x1):
                return True
        elif (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


@pytest.mark.parametrize("step", [1, 2, 1000])
def test_polygons_hold_the_voxels_whose_middle_they_enclose_exactly(step):
    rng = np.random.default_rng(step)
    for _ in range(150):
        shape = (int(rng.integers(1, 14)), int(rng.integers(1, 14)))
        vertices = np.round(rng.uniform(-8, 20, (rng.integers(3, 9), 2)) * step) / step
        assert np.array_equal(inside_polygon(vertices, shape), exactly_inside(vertices, shape)), vertices.tolist()


def test_polygons_agree_with_scikit_image():
    rng = np.random.default_rng(3)
    for _ in range(300):
        shape = (int(rng.integers(3, 60)), int(rng.integers(3, 60)))
        vertices = rng.uniform(-20, 80, (rng.integers(3, 30), 2))
        expected = np.zeros(shape, bool)
        expected[polygon(vertices[:, 0], vertices[:, 1], shape)] = True
        assert np.array_equal(inside_polygon(vertices, shape), expected)


def test_ellipses_agree_with_scikit_image():
    rng = np.random.default_rng(4)
    for _ in range(200):
        middle, radii, turn = rng.uniform(-5, 45, 2), rng.uniform(0.3, 30, 2), rng.uniform(0, np.pi)
        along = np.array([-np.sin(turn), np.cos(turn)]) * radii[1]
        across = np.array([np.cos(turn), np.sin(turn)]) * radii[0]
        corners = middle + np.array([-along - across, along - across, along + across, across - along])
        expected = np.zeros((40, 50), bool)
        expected[ellipse(*middle, *radii, shape=expected.shape, rotation=turn)] = True
        assert np.array_equal(inside_ellipse(corners, expected.shape), expected)


def test_a_disk_is_that_of_its_equation_whichever_corner_comes_first():
    y, x = np.mgrid[:30, :40]
    disk = (y - 12) ** 2 + (x - 20) ** 2 <= 7**2
    corners = np.array([[5, 13], [5, 27], [19, 27], [19, 13]], float)
    for turned in (corners, corners[::-1], np.roll(corners, 1, axis=0), np.roll(corners, 2, axis=0)):
        assert np.array_equal(inside_ellipse(turned, disk.shape), disk)


def test_a_line_that_crosses_itself_leaves_out_what_it_encloses_twice():
    turns = np.arange(5) * 4 * np.pi / 5
    star = np.c_[20 + 18 * np.cos(turns), 20 + 18 * np.sin(turns)]
    mask = inside_polygon(star, (41, 41))
    assert mask[34, 20]
    assert not mask[20, 20]


def test_a_rectangle_on_voxels_middles_has_its_edges_and_one_on_their_borders_what_is_between():
    on = inside_polygon(np.array([[2, 3], [2, 8], [5, 8], [5, 3]], float), (10, 12))
    between = inside_polygon(np.array([[1.5, 2.5], [1.5, 8.5], [5.5, 8.5], [5.5, 2.5]]), (10, 12))
    expected = np.zeros((10, 12), bool)
    expected[2:6, 3:9] = True
    assert np.array_equal(on, expected)
    assert np.array_equal(between, expected)


def test_polygons_that_share_borders_share_no_voxel_and_leave_no_gap():
    rng = np.random.default_rng(5)
    middle = rng.uniform(5, 15, 2)
    corners = np.array([[-0.5, -0.5], [-0.5, 19.5], [19.5, 19.5], [19.5, -0.5]])
    parts = [enclosed([np.array([middle, corners[i], corners[i - 1]])], (20, 20)) for i in range(4)]
    assert np.array_equal(np.sum(parts, axis=0), np.ones((20, 20)))


def test_a_hole_is_left_out():
    outer = np.array([[-0.5, -0.5], [-0.5, 9.5], [9.5, 9.5], [9.5, -0.5]])
    mask = enclosed([outer, outer * 0.4 + 3], (10, 10))
    assert mask[0, 0]
    assert not mask[5, 5]


def test_nothing_lies_inside_outlines_without_area_or_outside_of_the_plane():
    assert not inside_ellipse(np.array([[1, 1], [1, 1], [1, 1], [1, 1]], float), (5, 5)).any()
    assert not inside_ellipse(np.array([[90, 90], [90, 99], [99, 99], [99, 90]], float), (5, 5)).any()
    assert not inside_polygon(np.array([[-9, -9], [-9, -1], [-1, -1]], float), (5, 5)).any()
    assert not inside_polygon(np.array([[0.2, 0.2], [0.2, 0.8], [0.8, 0.5]]), (5, 5)).any()
    assert inside_polygon(np.array([[-1e9, -1e9], [-1e9, 1e9], [1e9, 1e9], [1e9, -1e9]]), (5, 5)).all()


def test_a_long_freehand_line_on_a_large_plane_takes_a_moment_only():
    turns = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    line = 1024 + 900 * np.c_[np.sin(turns) * (1 + 0.1 * np.sin(40 * turns)), np.cos(turns)]
    start = time.process_time()
    assert inside_polygon(line, (2048, 2048)).any()
    assert time.process_time() - start < 0.5

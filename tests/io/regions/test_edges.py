"""Lines along the edges of voxels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label

from napari_thunder.io.regions.edges import polygons_of, runs_of
from napari_thunder.regions import region_of_mask
from napari_thunder.regions.inside import enclosed


def area(ring):
    """By the shoelace formula, positive if it turns from x to y."""
    y, x = ring.T
    return (np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


@pytest.mark.parametrize("seed", range(10))
def test_lines_enclose_exactly_the_voxels_and_none_meets_itself(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        mask = rng.random(rng.integers(1, 12, 2)) > rng.random()
        polygons = polygons_of(mask, (0, 0))
        parts = [enclosed(polygon, mask.shape) for polygon in polygons]
        assert np.array_equal(np.sum([np.zeros(mask.shape, int), *parts], axis=0), mask)
        assert len(polygons) == label(mask)[1]
        for rings, part in zip(polygons, parts, strict=True):
            outside_and_holes = label(np.pad(~part, 1, constant_values=True))[1]
            assert len(rings) == outside_and_holes
            assert area(rings[0]) > 0
            assert all(area(hole) < 0 for hole in rings[1:])
            assert sum(area(ring) for ring in rings) == part.sum()
            assert all(len({*map(tuple, ring.tolist())}) == len(ring) for ring in rings)


def test_straight_edges_have_no_points_between_corners():
    (((outer),),) = polygons_of(np.ones((3, 200), bool), (10, 20))
    assert sorted(map(tuple, outer.tolist())) == [(9.5, 19.5), (9.5, 219.5), (12.5, 19.5), (12.5, 219.5)]


def test_planes_on_which_a_region_is_the_same_are_taken_together():
    full = np.zeros((9, 4, 4), bool)
    full[2:5, 1, 1] = full[6:8, 2, 2] = True
    runs = list(runs_of(region_of_mask(full, "a", "#ffffff")))
    assert [planes for planes, _ in runs] == [(2, 4), (6, 7)]

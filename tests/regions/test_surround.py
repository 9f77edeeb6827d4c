"""Rings around regions, against distances taken one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from napari_thunder.errors import RegionError
from napari_thunder.regions import Outline, region_of_mask, region_of_outline, surround

VOLUME = (7, 24, 30)


def distances(mask, voxel_size):
    """To the nearest voxel of the mask, in µm."""
    where = np.argwhere(np.ones_like(mask)) * voxel_size
    return cdist(where, np.argwhere(mask) * voxel_size).min(axis=1).reshape(mask.shape)


def painted(seed=0):
    rng = np.random.default_rng(seed)
    full = np.zeros(VOLUME, bool)
    full[2:5, 9:14, 10:17] = rng.random((3, 5, 7)) > 0.6
    return region_of_mask(full, "cell", "#ffffff")


def drawn(planes=(2, 4), at=(10.0, 14.0)):
    corners = np.array([[-2, -3], [-2, 3], [2, 3], [2, -3]]) + at
    return region_of_outline(Outline("ellipse", corners, planes), VOLUME, "cell", "#ffffff")


@pytest.mark.parametrize("voxel_size", [(1.0, 1.0, 1.0), (5.0, 0.8, 0.6)])
def test_a_ring_in_space_is_what_lies_between_two_distances(voxel_size):
    region = painted()
    ring = surround(region, voxel_size=voxel_size, inner=1.5, outer=5.2, minimum=0)
    far = distances(region.full_mask(), voxel_size)
    assert np.array_equal(ring.full_mask(), (far > 1.5) & (far <= 5.2))


@pytest.mark.parametrize("voxel_size", [None, (5.0, 0.8, 0.6)])
def test_a_ring_around_a_drawn_region_stays_on_its_planes(voxel_size):
    region = drawn()
    ring = surround(region, voxel_size=voxel_size, inner=2.1, outer=4.1, minimum=0)
    far = distances(region.full_mask()[2:3], voxel_size or (1, 1, 1))[0]
    for z in range(VOLUME[0]):
        assert np.array_equal(ring.full_mask()[z], ((far > 2.1) & (far <= 4.1)) if 2 <= z <= 4 else np.zeros(far.shape))


def test_a_flat_ring_around_a_painted_region_follows_each_plane():
    region = painted(1)
    ring = surround(region, inner=1, outer=3, minimum=0, flat=True).full_mask()
    for z in (2, 3, 4):
        far = distances(region.full_mask()[z : z + 1], (1, 1, 1))[0]
        assert np.array_equal(ring[z], (far > 1) & (far <= 3))


def test_voxels_of_other_regions_are_left_out():
    region, other, away = drawn(), drawn((0, 3), (14.0, 20.0)), drawn((0, 0), (2.0, 27.0))
    ring = surround(region, inner=1, outer=6, minimum=0, exclude=[region, other, away])
    bare = surround(region, inner=1, outer=6, minimum=0)
    assert np.array_equal(ring.full_mask(), bare.full_mask() & ~other.full_mask())
    assert ring.n_voxels < bare.n_voxels


def test_a_ring_grows_until_it_is_large_enough_by_its_nearest_voxels():
    region = drawn((3, 3))
    far = np.full(VOLUME, np.inf)
    far[3] = distances(region.full_mask()[3:4], (1, 1, 1))[0]
    ring = surround(region, inner=1, outer=2, minimum=150).full_mask()
    assert 150 <= ring.sum() < 180
    assert far[ring].max() <= far[~ring & (far > 1)].min()


def test_a_ring_that_cannot_grow_takes_what_there_is_and_none_is_an_error():
    corner = region_of_mask(np.pad(np.ones((1, 2, 2)), ((0, 0), (0, 2), (0, 2))), "corner", "#ffffff")
    assert surround(corner, inner=0, outer=1).n_voxels == 12
    with pytest.raises(RegionError, match="no free voxel"):
        surround(corner, inner=9, outer=10)
    with pytest.raises(RegionError, match="larger"):
        surround(corner, inner=5, outer=5)
    with pytest.raises(RegionError, match="cannot leave out cell"):
        surround(corner, exclude=[drawn()])

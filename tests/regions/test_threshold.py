"""Regions from maps, against scikit-image's labelling and a search by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import label

from napari_thunder.errors import RegionError
from napari_thunder.regions import region_above, regions_above


@pytest.fixture
def values():
    noise = gaussian_filter(np.random.default_rng(7).standard_normal((12, 30, 40)), 1.5)
    noise[3, 10:14] = np.nan
    return (noise / np.nanstd(noise)).astype(np.float32)


def reached(taken, seed, connectivity):
    """The voxels a walk from face to face (or corner to corner) comes to."""
    steps = [s for s in np.ndindex(3, 3, 3) if 0 < np.abs(np.array(s) - 1).sum() <= (1 if connectivity == 6 else 3)]
    found, edge = {seed}, [seed]
    while edge:
        here = edge.pop()
        for step in steps:
            there = tuple(int(h + s - 1) for h, s in zip(here, step, strict=True))
            if there not in found and all(0 <= a < n for a, n in zip(there, taken.shape, strict=True)) and taken[there]:
                found.add(there)
                edge.append(there)
    mask = np.zeros(taken.shape, bool)
    mask[tuple(np.array(sorted(found)).T)] = True
    return mask


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize(("sign", "side"), [("above", 1), ("below", -1), ("both", 1), ("both", -1)])
def test_a_region_is_what_a_walk_from_the_seed_reaches(values, connectivity, sign, side):
    threshold = 0.7 if sign != "below" else -0.7
    taken = values * side > 0.7
    seed = tuple(int(n) for n in np.unravel_index(np.nanargmax(values * side), values.shape))
    region = region_above(values, threshold, "a", "#ffffff", seed=seed, sign=sign, connectivity=connectivity)
    assert np.array_equal(region.full_mask(), reached(taken, seed, connectivity))


def test_without_a_seed_all_voxels_above_are_taken_but_specks(values):
    assert np.array_equal(region_above(values, 1.0, "a", "#ffffff").full_mask(), values > 1.0)
    both = region_above(values, 1.0, "a", "#ffffff", sign="both", minimum=20, connectivity=26).full_mask()
    expected = np.zeros(values.shape, bool)
    for side in (values > 1.0, values < -1.0):
        labels = label(side, connectivity=3)
        expected |= (np.bincount(labels.ravel())[labels] >= 20) & (labels > 0)
    assert np.array_equal(both, expected)


def test_all_areas_come_largest_first(values):
    regions = regions_above(values, 1.0, "active", sign="both", minimum=12)
    sizes = [region.n_voxels for region in regions]
    expected = np.concatenate([np.bincount(label(s, connectivity=1).ravel())[1:] for s in (values > 1, values < -1)])
    assert sizes == sorted((int(n) for n in expected if n >= 12), reverse=True)
    assert [region.name for region in regions[:2]] == ["active 1", "active 2"]
    assert sum(region.full_mask().astype(int) for region in regions).max() == 1
    assert [r.n_voxels for r in regions_above(values, 1.0, "a", sign="both", minimum=12, limit=3)] == sizes[:3]


def test_nan_is_in_no_region(values):
    below = region_above(values, 99.0, "a", "#ffffff", sign="below")
    assert np.array_equal(below.full_mask(), np.isfinite(values))


def test_what_cannot_be_found_is_said_with_what_to_do(values):
    seed = tuple(int(n) for n in np.unravel_index(np.nanargmin(values), values.shape))
    with pytest.raises(RegionError, match=r"has -.*which is not above 0\.5"):
        region_above(values, 0.5, "a", "#ffffff", seed=seed)
    with pytest.raises(RegionError, match="has no value"):
        region_above(values, 0.5, "a", "#ffffff", seed=(3, 11, 5))
    with pytest.raises(RegionError, match="outside"):
        region_above(values, 0.5, "a", "#ffffff", seed=(3, 11, 40))
    with pytest.raises(RegionError, match=r"no voxel is above 50; the map goes from"):
        region_above(values, 50, "a", "#ffffff")
    with pytest.raises(RegionError, match="with 99999 voxels or more together"):
        regions_above(values, 0.5, "a", minimum=99999)
    with pytest.raises(RegionError, match="has no values"):
        region_above(values * np.nan, 0.5, "a", "#ffffff")
    with pytest.raises(RegionError, match="no threshold"):
        region_above(values, -1, "a", "#ffffff", sign="both")
    with pytest.raises(RegionError, match="map"):
        region_above(values[0], 1, "a", "#ffffff")

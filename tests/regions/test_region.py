"""Regions of outlines and masks."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.errors import RegionError
from napari_thunder.regions import Outline, region_of_mask, region_of_outline

SQUARE = np.array([[2, 3], [2, 8], [5, 8], [5, 3]], float)


def test_an_outline_goes_through_its_planes_and_is_cut_off_at_the_border():
    region = region_of_outline(Outline("rectangle", SQUARE, (-2, 1)), (6, 10, 12), "a", "#ffffff")
    expected = np.zeros((6, 10, 12), bool)
    expected[:2, 2:6, 3:9] = True
    assert np.array_equal(region.full_mask(), expected)
    assert (region.corner, region.planes, region.n_voxels) == ((0, 2, 3), (0, 1), 48)
    assert region.size_um3((5, 0.5, 0.5)) == 48 * 1.25
    assert region.size_um3(None) is None


def test_a_region_through_many_planes_takes_the_memory_of_one():
    square = np.array([[0, 0], [0, 2047], [2047, 2047], [2047, 0]], float)
    region = region_of_outline(Outline("polygon", square, (0, 499)), (500, 2048, 2048), "a", "#ffffff")
    assert region.mask.base is not None
    assert region.mask.base.nbytes <= 2048**2
    assert region.n_voxels == 500 * 2048**2


def test_a_mask_is_kept_by_its_bounding_box():
    full = np.zeros((7, 9, 11), np.uint8)
    full[2, 3, 4] = full[5, 6, 9] = 3
    region = region_of_mask(full, "a", "#ffffff")
    assert (region.corner, region.mask.shape, region.n_voxels) == ((2, 3, 4), (4, 4, 6), 2)
    assert np.array_equal(region.full_mask(), full > 0)
    assert np.array_equal(
        region_of_mask(full[2:, 1:], "a", "#ffffff", corner=(2, 1, 0), volume=full.shape).full_mask(), full > 0
    )


@pytest.mark.parametrize(
    ("kind", "vertices", "planes", "said"),
    [
        ("polygon", SQUARE + 50, (0, 0), "no voxel lies inside"),
        ("polygon", SQUARE, (7, 9), "no voxel lies inside"),
        ("polygon", SQUARE, (3, 2), "no voxel lies inside"),
        ("polygon", SQUARE[:2], (0, 0), "three or more"),
        ("ellipse", SQUARE[:3], (0, 0), "four corners"),
        ("polygon", SQUARE * np.nan, (0, 0), "finite"),
        ("polygon", SQUARE[:, :1], (0, 0), "points"),
    ],
)
def test_an_outline_that_is_none_is_refused(kind, vertices, planes, said):
    with pytest.raises(RegionError, match=said):
        region_of_outline(Outline(kind, vertices, planes), (6, 10, 12), "a", "#ffffff")


def test_a_mask_that_is_none_is_refused():
    with pytest.raises(RegionError, match="no voxel"):
        region_of_mask(np.zeros((2, 2, 2)), "a", "#ffffff")
    with pytest.raises(RegionError, match="not one of 2"):
        region_of_mask(np.ones((2, 2)), "a", "#ffffff")
    with pytest.raises(RegionError, match="does not lie"):
        region_of_mask(np.ones((2, 2, 2)), "a", "#ffffff", corner=(0, 0, 1), volume=(2, 2, 2))


def test_a_region_says_why_it_does_not_fit_a_recording():
    region = region_of_mask(np.ones((2, 3, 4)), "tectum", "#ffffff")
    assert region.why_unfit((2, 3, 4)) == ""
    assert "2 × 3 × 4" in region.why_unfit((2, 3, 5))


def test_a_region_holds_just_its_own_voxels() -> None:
    mask = np.zeros((3, 4, 5), bool)
    mask[1, 2, 3] = mask[2, 1, 1] = True
    region = region_of_mask(mask, "a", "#56b4e9")
    assert [voxel for voxel in np.ndindex(mask.shape) if region.holds(voxel)] == [(1, 2, 3), (2, 1, 1)]
    assert not region.holds((-1, 2, 3))

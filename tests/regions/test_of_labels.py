from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from napari_thunder.errors import RegionError
from napari_thunder.regions import regions_of_labels

LABELS = np.zeros((3, 8, 9), np.float32)
LABELS[0, :2, :3] = 1
LABELS[2, 5:, 6:] = 1
LABELS[1, 3:5, :] = 3
LABELS[1, 7, 0] = np.nan


def test_each_label_gives_a_region_with_its_own_voxels_name_and_colour() -> None:
    first, third = regions_of_labels(LABELS, "Cluster", names=["left", "none"], colors=["#000001", "#000002"])
    assert [first.name, third.name] == ["left", "Cluster 3"]
    assert [first.color, third.color] == ["#000001", "#000001"]
    assert_array_equal(first.full_mask(), LABELS == 1)
    assert_array_equal(third.full_mask(), LABELS == 3)


def test_pieces_that_do_not_hang_together_are_regions_of_their_own_from_a_size_on() -> None:
    made = regions_of_labels(LABELS, "Cluster", pieces=True)
    assert [(region.name, region.n_voxels) for region in made] == [
        ("Cluster 1.1", 9), ("Cluster 1.2", 6), ("Cluster 3.1", 18)
    ]  # fmt: skip
    assert sum(region.full_mask().astype(int) for region in made).max() == 1
    assert_array_equal(np.any([region.full_mask() for region in made], axis=0), LABELS > 0)
    large = regions_of_labels(LABELS, "Cluster", pieces=True, minimum=9)
    assert [region.name for region in large] == ["Cluster 1.1", "Cluster 3.1"]


def test_of_too_many_the_largest_are_made() -> None:
    assert [region.name for region in regions_of_labels(LABELS, "Cluster", limit=1)] == ["Cluster 3"]


def test_what_has_no_labels_or_none_large_enough_says_so() -> None:
    with pytest.raises(RegionError, match="no labels"):
        regions_of_labels(np.full((2, 3, 4), np.nan), "Cluster")
    with pytest.raises(RegionError, match="none has 50 voxels that hang together"):
        regions_of_labels(LABELS, "Cluster", pieces=True, minimum=50)
    with pytest.raises(RegionError, match="2 dimensions"):
        regions_of_labels(LABELS[0], "Cluster")

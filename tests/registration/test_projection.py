"""Mean and maximum over time, of what was sampled."""

from __future__ import annotations

import numpy as np

from napari_thunder.blocks import Block
from napari_thunder.registration.projection import projections

BLOCK = Block(0, (0, 3), (0, 0, 0), (1, 1, 2))


def test_frames_in_which_a_voxel_was_not_sampled_do_not_count() -> None:
    found = projections(np.array([[[[1, np.nan]]], [[[3, np.nan]]], [[[np.nan, np.nan]]]], np.float32), BLOCK)
    np.testing.assert_array_equal(found["mean"], [[[2, np.nan]]])
    np.testing.assert_array_equal(found["max"], [[[3, np.nan]]])


def test_counts_do_not_overflow() -> None:
    found = projections(np.full((3, 1, 1, 2), 65535, np.uint16), BLOCK)
    assert found["mean"].dtype == np.float32
    np.testing.assert_array_equal(found["mean"], 65535)
    np.testing.assert_array_equal(found["max"], 65535)

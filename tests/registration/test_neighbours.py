"""How a volume is cut into blocks, and what blocks take from those around them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_thunder.registration.neighbours import filled, smoothed
from napari_thunder.registration.overlapping import overlapping


@pytest.mark.parametrize("space", [(1, 40, 64), (12, 96, 160), (30, 33, 200), (5, 1, 7), (1, 1, 1)])
def test_blocks_cover_the_volume_and_neighbours_share_half(space: tuple[int, int, int]) -> None:
    blocks = overlapping(space, (8, 32, 32))
    for n, size, starts in zip(space, blocks.size, blocks.starts, strict=True):
        assert starts[0] == 0
        assert starts[-1] + size == n
        assert all(0 < b - a <= max(1, size // 2) for a, b in itertools.pairwise(starts))


def test_a_block_is_cut_where_the_brain_went_and_the_edge_repeats_itself() -> None:
    frame = np.arange(4 * 20 * 30).reshape(1, 4, 20, 30)
    blocks = overlapping((4, 20, 30), (2, 10, 10))
    inside = blocks.cut(frame, (1, 1, 2), np.array([[0, 2, -3]]))
    z, y, x = blocks.start((1, 1, 2))
    np.testing.assert_array_equal(inside[0], frame[0, z : z + 2, y + 2 : y + 12, x - 3 : x + 7])
    beyond = blocks.cut(frame, (0, 0, 0), np.array([[-1, -2, 0]]))
    np.testing.assert_array_equal(beyond[0], np.pad(frame[0], ((1, 0), (2, 0), (0, 0)), "edge")[:2, :10, :10])


def test_smoothing_keeps_what_is_the_same_everywhere_apart_from_the_edge_and_parts_planes_if_told() -> None:
    maps = np.ones((3, 9, 9, 5), np.float32)
    np.testing.assert_allclose(smoothed(maps, (0, 0.7, 0.7))[:, 3:-3, 3:-3], 1, rtol=1e-3)
    maps[1] = 0
    assert not smoothed(maps, (0, 1, 1))[1].any()


def test_blocks_that_are_not_sure_take_the_nearest_answers() -> None:
    values = np.zeros((1, 1, 9, 3), np.float32)
    values[0, 0, :3], values[0, 0, 6:] = 1, 5
    sure = np.array([1, 1, 1, 0, 0, 0, 1, 1, 1], bool)[None, None]
    values[~sure] = 99
    found = filled(values, sure, np.zeros_like(values), (1, 1, 1))[0, 0, :, 0]
    np.testing.assert_array_equal(found[sure[0, 0]], [1, 1, 1, 5, 5, 5])
    assert 1 < found[3] < 2 < found[4] < 4 < found[5] < 5
    assert found[4] == pytest.approx(3)


def test_where_no_block_is_sure_all_do_as_the_whole() -> None:
    fallback = np.full((2, 3, 4, 3), 7, np.float32)
    found = filled(np.zeros_like(fallback), np.zeros((2, 3, 4), bool), fallback, (1, 1, 1))
    np.testing.assert_array_equal(found, fallback)

"""Blocks cover a movie exactly, end where its chunks end, and carry their halo."""

from __future__ import annotations

import numpy as np
import pytest

from napari_thunder.blocks import plan_blocks, plan_stretches

SHAPES = [(1, 1, 1, 1), (240, 2, 76, 87), (7, 5, 33, 64), (600, 4, 48, 72), (3, 1, 1, 1000)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("target_bytes", [500, 10_000, 10**8])
@pytest.mark.parametrize("chunks", [None, (1, 1, 10_000, 10_000), (100, 4, 32, 32)])
def test_blocks_cover_every_voxel_once(shape, target_bytes, chunks):
    chunks = chunks and tuple(min(c, n) for c, n in zip(chunks, shape, strict=True))
    covered = np.zeros(shape[1:], int)
    for block in plan_blocks(shape, 2, chunks=chunks, target_bytes=target_bytes):
        covered[block.box] += 1
    assert (covered == 1).all()


def test_blocks_of_a_plane_wise_movie_are_slabs_of_whole_planes():
    blocks = plan_blocks((600, 16, 192, 288), 2, chunks=(1, 1, 192, 288), target_bytes=150 * 2**20)
    assert {block.box_shape for block in blocks} == {(2, 192, 288)}


def test_blocks_end_on_chunk_borders_where_chunks_fit():
    blocks = plan_blocks((100, 8, 256, 256), 2, chunks=(100, 4, 32, 32), target_bytes=10 * 2**20)
    assert all(a % c == 0 for block in blocks for a, c in zip(block.start, (4, 32, 32), strict=True))


def test_blocks_stay_within_the_wanted_size_even_when_one_chunk_is_larger():
    shape = (1000, 4, 512, 512)
    blocks = plan_blocks(shape, 2, chunks=(1, 1, 512, 512), target_bytes=16 * 2**20)
    assert max(block.n_voxels for block in blocks) * 1000 * 2 <= 16 * 2**20


def test_every_worker_has_a_block_when_there_are_voxels_enough():
    assert len(plan_blocks((10, 4, 64, 64), 2, at_least=8)) >= 8


def test_a_halo_is_clipped_at_the_border_and_left_out_of_the_answer():
    shape = (4, 3, 20, 20)
    movie = np.arange(np.prod(shape)).reshape(shape)
    for block in plan_blocks(shape, 2, target_bytes=4 * 2 * 50, halo=(1, 2, 3)):
        read = movie[(block.time, *block.padded)]
        assert read.shape == block.shape
        np.testing.assert_array_equal(read[(slice(None), *block.inner)], movie[(block.time, *block.box)])


def test_stretches_cover_all_frames_in_order():
    stretches = plan_stretches((101, 2, 10, 10), 2, target_bytes=4000, at_least=3)
    assert [t for s in stretches for t in range(*s.times)] == list(range(101))
    assert all(s.box_shape == (2, 10, 10) for s in stretches)

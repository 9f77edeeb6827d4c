"""What holds for every format: the movie comes back by frame and by block, voxel by voxel, here and elsewhere."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_thunder.blocks import Block, plan_blocks, plan_stretches
from napari_thunder.io import Source, open_source

Array = np.ndarray[Any, Any]
Writer = Callable[[Path, Array], Path]


def reassemble(source: Source, blocks: list[Block], movie: Array) -> Array:
    """The movie of its blocks, each of which holds what it should beyond its box too."""
    found = np.zeros(source.shape, source.dtype)
    for block in blocks:
        values = source.read_block(block)
        assert values.shape == block.shape
        np.testing.assert_array_equal(values, movie[(block.time, *block.padded)])
        found[(block.time, *block.box)] = values[(slice(None), *block.inner)]
    return found


def test_the_movie_comes_back_frame_by_frame(write: Writer, typed_movie: Array, tmp_path: Path) -> None:
    data = typed_movie
    source = open_source(write(tmp_path, data))
    assert isinstance(source, Source)
    assert source.shape == data.shape
    assert source.dtype == data.dtype
    assert source.dtype.isnative
    for t in range(len(data)):
        volume = source.read_volume(t)
        np.testing.assert_array_equal(volume, data[t])
        assert volume.dtype == source.dtype
        assert volume.dtype.isnative


@pytest.mark.parametrize(("target_bytes", "halo"), [(300, (0, 0, 0)), (700, (1, 2, 3)), (10**6, (0, 0, 0))])
def test_blocks_reassemble_the_movie(
    write: Writer, target_bytes: int, halo: tuple[int, int, int], movie: Array, tmp_path: Path
) -> None:
    source = open_source(write(tmp_path, movie))
    blocks = plan_blocks(source.shape, 2, chunks=source.chunks, target_bytes=target_bytes, halo=halo)
    np.testing.assert_array_equal(reassemble(source, blocks, movie), movie)


def test_stretches_of_time_reassemble_the_movie(write: Writer, movie: Array, tmp_path: Path) -> None:
    source = open_source(write(tmp_path, movie))
    stretches = plan_stretches(source.shape, 2, target_bytes=2000)
    np.testing.assert_array_equal(reassemble(source, stretches, movie), movie)


def test_a_source_travels_small_and_reads_the_same_there(write: Writer, movie: Array, tmp_path: Path) -> None:
    source = open_source(write(tmp_path, movie))
    source.read_volume(0)
    sent = pickle.dumps(source)
    assert len(sent) < 3000
    there = pickle.loads(sent)
    assert there == source
    assert there.fingerprint() == source.fingerprint()
    np.testing.assert_array_equal(there.read_volume(2), movie[2])


def test_the_uri_opens_the_same_movie_again(write: Writer, movie: Array, tmp_path: Path) -> None:
    source = open_source(write(tmp_path, movie))
    assert open_source(source.uri) == source


def test_many_threads_may_read_at_once(write: Writer, movie: Array, tmp_path: Path) -> None:
    source = open_source(write(tmp_path, movie))
    frames = np.tile(np.arange(len(movie)), 20)
    with ThreadPoolExecutor(8) as pool:
        for t, volume in zip(frames, pool.map(source.read_volume, frames), strict=True):
            np.testing.assert_array_equal(volume, movie[t])


def test_what_is_read_may_be_written_to_without_harm(write: Writer, movie: Array, tmp_path: Path) -> None:
    source = open_source(write(tmp_path, movie))
    block = Block(0, (0, 7), (0, 0, 0), movie.shape[1:])
    source.read_volume(0)[:] = 0
    source.read_block(block)[:] = 0
    np.testing.assert_array_equal(source.read_block(block), movie)


def test_the_fingerprint_changes_when_the_movie_does(write: Writer, movie: Array, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    before = open_source(write(tmp_path / "a", movie))
    after = open_source(write(tmp_path / "b", movie[::-1].copy()))
    assert before.fingerprint() == before.fingerprint()
    assert before.fingerprint() != after.fingerprint()

"""The cache of decoded blocks: the same voxels, read once, within its bound, whatever else goes on."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from napari_thunder.blocks import Block, plan_blocks
from napari_thunder.engine.cache import BOUND, PLACE, BlockCache
from napari_thunder.errors import EngineError, ParameterError
from napari_thunder.io.array import ArraySource
from napari_thunder.io.source import Metadata

SHAPE = (6, 4, 8, 8)
pytestmark = pytest.mark.timeout(30)


@dataclass(frozen=True)
class CountedSource:
    """A movie with known voxels that notes every read in a file, so that reads of all processes are seen."""

    log: Path
    version: str = "1"
    delay: float = 0.0
    uri: str = "memory:counted"
    format: str = "counted"
    shape: tuple[int, int, int, int] = SHAPE
    dtype: np.dtype = field(default_factory=lambda: np.dtype("uint16"))
    chunks: tuple[int, int, int, int] = (6, 1, 8, 8)
    metadata: Metadata = field(default_factory=Metadata)

    @property
    def movie(self) -> np.ndarray:
        return np.arange(np.prod(SHAPE), dtype=self.dtype).reshape(SHAPE) + int(self.version)

    def read_volume(self, t: int) -> np.ndarray:
        return self.movie[t]

    def read_block(self, block: Block) -> np.ndarray:
        with self.log.open("ab") as log:
            log.write(f"{block.index}\n".encode())
        time.sleep(self.delay)
        return self.movie[(block.time, *block.padded)].copy()

    def fingerprint(self) -> str:
        return self.version

    @property
    def reads(self) -> list[int]:
        return [int(line) for line in self.log.read_text().split()] if self.log.exists() else []


@pytest.fixture
def source(tmp_path):
    return CountedSource(tmp_path / "reads")


@pytest.fixture
def blocks():
    return plan_blocks(SHAPE, 2, chunks=(6, 1, 8, 8), at_least=4)


BLOCK_BYTES = 6 * 64 * 2


def test_second_look_is_memory_mapped_read_only_and_does_not_read_the_source(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", 2**20)
    first, again = cache.block(source, blocks[1]), cache.block(source, blocks[1])
    np.testing.assert_array_equal(first, source.movie[:, 1:2])
    np.testing.assert_array_equal(again, source.movie[:, 1:2])
    assert isinstance(again, np.memmap)
    assert not again.flags.writeable
    assert source.reads == [1]


def test_halo_and_stretch_of_time_are_entries_of_their_own(tmp_path, source):
    cache = BlockCache(tmp_path / "cache", 2**20)
    plain = Block(0, (0, 6), (1, 0, 0), (2, 8, 8))
    padded = Block(0, (0, 6), (1, 0, 0), (2, 8, 8), before=(1, 0, 0), after=(1, 0, 0))
    short = Block(0, (2, 4), (1, 0, 0), (2, 8, 8))
    assert [cache.block(source, b).shape for b in (plain, padded, short)] == [(6, 1, 8, 8), (6, 3, 8, 8), (2, 1, 8, 8)]
    np.testing.assert_array_equal(cache.block(source, padded), source.movie[:, 0:3])


def test_a_movie_that_changed_on_disk_is_read_again(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", 2**20)
    cache.block(source, blocks[0])
    changed = CountedSource(source.log, version="7")
    np.testing.assert_array_equal(cache.block(changed, blocks[0]), changed.movie[:, 0:1])


def test_least_recently_used_goes_first_and_the_bound_holds(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", 2 * BLOCK_BYTES)
    for index in (0, 1, 0, 2):
        cache.block(source, blocks[index])
        assert cache.used_bytes <= cache.max_bytes
    cache.block(source, blocks[0])
    assert source.reads == [0, 1, 2]
    cache.block(source, blocks[1])
    assert source.reads == [0, 1, 2, 1]


def test_a_dropped_block_stays_valid_for_who_holds_it(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", BLOCK_BYTES)
    held = cache.block(source, blocks[0])
    other = BlockCache(tmp_path / "cache", BLOCK_BYTES)
    other.block(source, blocks[1])
    np.testing.assert_array_equal(held, source.movie[:, 0:1])


def test_a_block_larger_than_the_bound_is_read_and_not_kept(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", BLOCK_BYTES - 1)
    np.testing.assert_array_equal(cache.block(source, blocks[0]), source.movie[:, 0:1])
    assert cache.used_bytes == 0


def test_an_array_in_memory_is_not_copied_to_disk(tmp_path, blocks):
    array = np.arange(np.prod(SHAPE), dtype="uint16").reshape(SHAPE)
    cache = BlockCache(tmp_path / "cache", 2**20)
    voxels = cache.block(ArraySource(array), blocks[0])
    assert np.shares_memory(voxels, array)
    assert not voxels.flags.writeable
    assert cache.used_bytes == 0


def test_truncated_and_unfinished_files_are_replaced(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", 2**20)
    cache.block(source, blocks[0])
    (entry,) = cache.directory.glob("*.block")
    entry.with_suffix(".part").write_bytes(b"left by a process that was killed")
    entry.write_bytes(entry.read_bytes()[:100])
    np.testing.assert_array_equal(cache.block(source, blocks[0]), source.movie[:, 0:1])
    assert not list(cache.directory.glob("*.part"))


def test_threads_that_want_the_same_block_read_it_once(tmp_path, source, blocks):
    slow = CountedSource(source.log, delay=0.2)
    cache = BlockCache(tmp_path / "cache", 2**20)
    threads = [threading.Thread(target=cache.block, args=(slow, blocks[0])) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.reads == [0]


def _fill(directory: Path, source: CountedSource, blocks: list[Block], max_bytes: int) -> None:
    cache = BlockCache(directory, max_bytes)
    for _ in range(3):
        for block in blocks:
            np.testing.assert_array_equal(cache.block(source, block), source.movie[(block.time, *block.padded)])
    os._exit(0)


@pytest.mark.parametrize("room", [64, 2])
def test_processes_that_fill_it_at_once_all_see_the_right_voxels(tmp_path, source, blocks, room):
    slow = CountedSource(source.log, delay=0.01)
    context = multiprocessing.get_context("spawn")
    arguments = (tmp_path / "cache", slow, blocks, room * BLOCK_BYTES)
    processes = [context.Process(target=_fill, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(25)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    if room == 64:
        assert sorted(slow.reads) == [0, 1, 2, 3]
    assert BlockCache(tmp_path / "cache", 0).used_bytes <= room * BLOCK_BYTES


def test_a_full_disk_gives_the_block_all_the_same(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", 2**20)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK_BYTES // 2, limits[1]))
    try:
        voxels = cache.block(source, blocks[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    np.testing.assert_array_equal(voxels, source.movie[:, 0:1])
    assert cache.used_bytes == 0


def test_a_cache_folder_that_vanished_gives_the_block_all_the_same(tmp_path, source, blocks):
    cache = BlockCache(tmp_path / "cache", 2**20)
    (cache.directory / "locks").rmdir()
    cache.directory.rmdir()
    np.testing.assert_array_equal(cache.block(source, blocks[0]), source.movie[:, 0:1])


def test_closing_removes_what_this_process_made_and_only_that(tmp_path, source, blocks):
    mine, other = BlockCache(tmp_path / "cache", 2**20), BlockCache(tmp_path / "cache", 2**20)
    mine.block(source, blocks[0])
    other.block(source, blocks[1])
    mine.close()
    mine.close()
    assert other.used_bytes == BLOCK_BYTES
    other.block(source, blocks[1])
    assert source.reads == [0, 1]


def test_own_cache_is_private_and_gone_after_closing(tmp_path, monkeypatch, source, blocks):
    monkeypatch.setenv(PLACE, str(tmp_path))
    monkeypatch.setenv(BOUND, "1e6")
    cache = BlockCache.for_this_process()
    held = cache.block(source, blocks[0])
    assert cache.max_bytes == 1_000_000
    assert cache.directory.parent.stat().st_mode & 0o077 == 0
    cache.close()
    assert not cache.directory.exists()
    np.testing.assert_array_equal(held, source.movie[:, 0:1])


@pytest.mark.parametrize("bound", ["lots", "inf"])
def test_bound_that_is_not_a_number_is_told_and_leaves_no_folder(tmp_path, monkeypatch, bound):
    monkeypatch.setenv(PLACE, str(tmp_path))
    monkeypatch.setenv(BOUND, bound)
    with pytest.raises(ParameterError, match=f"NAPARI_THUNDER_CACHE_BYTES='{bound}': must be a number of bytes"):
        BlockCache.for_this_process()
    assert not list(tmp_path.glob("*/*/"))


def test_a_place_where_nothing_can_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(PLACE, str(tmp_path / "file"))
    with pytest.raises(EngineError, match=r"cannot be written there .* Set NAPARI_THUNDER_CACHE to a folder"):
        BlockCache.for_this_process()


@pytest.mark.parametrize("stage", ["read", "keep"])
def test_closing_while_a_block_is_being_read_or_kept_leaves_nothing(tmp_path, monkeypatch, source, blocks, stage):
    monkeypatch.setenv(PLACE, str(tmp_path / "place"))
    cache = BlockCache.for_this_process()
    kind, name = (CountedSource, "read_block") if stage == "read" else (BlockCache, "_make_room")
    does = getattr(kind, name)
    monkeypatch.setattr(kind, name, lambda *given: (cache.close(), does(*given))[1])
    np.testing.assert_array_equal(cache.block(source, blocks[0]), source.movie[:, 0:1])
    assert not cache.directory.exists()


def test_what_a_killed_process_left_is_swept_and_the_living_are_spared(tmp_path, monkeypatch, source, blocks):
    monkeypatch.setenv(PLACE, str(tmp_path))
    alive = BlockCache.for_this_process()
    alive.block(source, blocks[0])
    program = """
        from napari_thunder.engine.cache import BlockCache
        import time
        cache = BlockCache.for_this_process()
        print(cache.directory, flush=True)
        time.sleep(60)
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    left = Path(child.stdout.readline().strip())
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=10)
    assert left.exists()
    cache = BlockCache.for_this_process()
    assert not left.exists()
    assert alive.used_bytes == BLOCK_BYTES
    for each in (alive, cache):
        each.close()

"""The default engine: threads of this process."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import psutil

from napari_thunder.blocks import Block, plan_blocks, plan_stretches
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.engine.cache import BlockCache
from napari_thunder.engine.daemon_pool import DaemonPool
from napari_thunder.engine.job import Job
from napari_thunder.engine.protocol import Answer, Array, BlockFunction, CacheUse, EngineFacts, Merge
from napari_thunder.errors import EngineError
from napari_thunder.io.folders import Listing, list_folder, read_file
from napari_thunder.io.registry import open_source
from napari_thunder.io.source import Source

if TYPE_CHECKING:
    from napari_thunder.recording import Recording

Item = TypeVar("Item")
Out = TypeVar("Out")

_BLOCK_BYTES = 32 * 2**20
_BLOCKS_PER_THREAD = 4


class ThreadsEngine:
    """Runs blocks on a few threads of this process, each with one BLAS thread.

    Parameters
    ----------
    n_threads
        As many as this process may use cores when left out.
    cache
        Where decoded blocks are kept between runs; one of this engine's own when left out.
    """

    name = "threads"

    def __init__(self, n_threads: int | None = None, cache: BlockCache | None = None) -> None:
        self.n_threads = n_threads or len(psutil.Process().cpu_affinity() or [0])
        self._cache = cache or BlockCache.for_this_process()
        self._closed = False

    def facts(self) -> EngineFacts:
        """Cores, memory and versions of this computer."""
        versions = {"python": platform.python_version(), "numpy": np.__version__}
        return EngineFacts(self.name, self.n_threads, psutil.virtual_memory().total, versions, "this computer")

    def plan(self, recording: Recording, *, halo: tuple[int, int, int] = (0, 0, 0)) -> list[Block]:
        """Blocks small enough that every thread has several."""
        return plan_blocks(
            recording.shape,
            recording.dtype.itemsize,
            chunks=recording.source.chunks,
            target_bytes=_BLOCK_BYTES,
            at_least=self.n_threads * _BLOCKS_PER_THREAD,
            halo=halo,
        )

    def stretches(self, recording: Recording) -> list[Block]:
        """See `Engine.stretches`."""
        return plan_stretches(
            recording.shape,
            recording.dtype.itemsize,
            chunk=recording.source.chunks[0],
            target_bytes=_BLOCK_BYTES,
            at_least=self.n_threads * _BLOCKS_PER_THREAD,
        )

    def map(
        self,
        function: BlockFunction,
        recording: Recording,
        blocks: Sequence[Block],
        job: Job | None = None,
        *,
        keep: bool = True,
    ) -> Iterator[tuple[Block, Answer]]:
        """See `Engine.map`."""
        read = self._reading(recording, keep)
        for _, block, answer in self._map(function, read, blocks, job or Job(f"map over {recording.name}")):
            yield block, answer

    def reduce(
        self,
        function: BlockFunction,
        merge: Merge,
        recording: Recording,
        blocks: Sequence[Block],
        job: Job | None = None,
        *,
        keep: bool = True,
    ) -> Answer:
        """See `Engine.reduce`; partial answers are merged in the order of the blocks, so that runs repeat exactly."""
        ordered = _InOrder(merge)
        read = self._reading(recording, keep)
        job = job or Job(f"reduce {recording.name}")
        for place, _, answer in self._map(function, read, blocks, job, lambda: ordered.n_early):
            ordered.add(place, answer)
        return ordered.merged()

    def _reading(self, recording: Recording, keep: bool) -> Callable[[Block], Array]:
        return partial(self._cache.block, recording.source) if keep else recording.source.read_block

    def read(self, recording: Recording, times: Sequence[int], job: Job | None = None) -> Iterator[tuple[int, Array]]:
        """See `Engine.read`."""
        job = job or Job(f"read {recording.name}")
        with job.running():
            for n, t in enumerate(times, 1):
                job.check()
                yield t, recording.read_volume(t)
                job.advance(n / len(times))

    def open(self, uri: str, **options: Any) -> Source:
        """See `Engine.open`."""
        return open_source(uri, **options)

    def list_folder(self, folder: str = "", job: Job | None = None) -> Listing:
        """See `Engine.list_folder`."""
        return list_folder(folder)

    def read_file(self, path: str, job: Job | None = None) -> bytes:
        """See `Engine.read_file`."""
        return read_file(path)

    def cache_use(self) -> CacheUse:
        """See `Engine.cache_use`."""
        return CacheUse(self._cache.used_bytes, self._cache.max_bytes)

    def check(self) -> None:
        """Threads are always there, until they are closed."""
        if self._closed:
            raise EngineError("This engine was closed. Connect again: napari_thunder.connect('threads').")

    def close(self) -> None:
        """Drop the cached blocks."""
        self._closed = True
        self._cache.close()

    def _map(
        self,
        function: BlockFunction,
        read: Callable[[Block], Array],
        blocks: Sequence[Block],
        job: Job,
        held: Callable[[], int] = int,
    ) -> Iterator[tuple[int, Block, Answer]]:
        """Answers with their blocks and the blocks' places in the list; `held`: how many wait for an earlier one."""

        def work(place: int) -> tuple[int, Block, Answer]:
            block = blocks[place]
            return place, block, function(read(block), block)

        with job.running():
            for done, answer in enumerate(self._each(work, range(len(blocks)), job, held), 1):
                yield answer
                job.advance(done / len(blocks))

    def _each(
        self, work: Callable[[Item], Out], items: Sequence[Item], job: Job, held: Callable[[], int]
    ) -> Iterator[Out]:
        """Yield answers as they are done, with only a few under way, so that cancelling is quick and memory bounded."""
        if self._closed:
            raise EngineError("This engine was closed. Connect again: napari_thunder.connect('threads').")
        with ExitStack() as stack:
            stack.enter_context(ONE_BLAS_THREAD)
            pool = DaemonPool(self.n_threads, "thunder-block")
            stack.callback(pool.shutdown)
            waiting = iter(items)
            running: set[Future[Out]] = set()
            while True:
                for item in _take(waiting, 2 * self.n_threads - len(running) - held()):
                    running.add(pool.submit(work, item))
                if not running:
                    return
                done, running = wait(running, timeout=0.1, return_when=FIRST_COMPLETED)
                job.check()
                yield from (future.result() for future in done)


def _take(items: Iterator[Item], n: int) -> Iterator[Item]:
    for _, item in zip(range(n), items, strict=False):
        yield item


class _InOrder:
    """Merges numbered answers as if they had come in order, holding on to those that came early."""

    def __init__(self, merge: Merge) -> None:
        self._merge = merge
        self._early: dict[int, Answer] = {}
        self._so_far: Answer | None = None
        self._next = 0

    @property
    def n_early(self) -> int:
        """Answers that wait for an earlier one."""
        return len(self._early)

    def add(self, index: int, answer: Answer) -> None:
        self._early[index] = answer
        while self._next in self._early:
            answer = self._early.pop(self._next)
            self._so_far = answer if self._so_far is None else self._merge(self._so_far, answer)
            self._next += 1

    def merged(self) -> Answer:
        if self._so_far is None or self._early:
            raise EngineError("There are no blocks to merge.")
        return self._so_far

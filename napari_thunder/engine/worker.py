"""What runs on a worker: blocks in, answers out. Imports no more than a worker has: numpy and pyarrow."""

from __future__ import annotations

import itertools
import json
import os
import platform
import shutil
import socket
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

import napari_thunder
from napari_thunder.blocks import Block
from napari_thunder.engine.answers import SCHEMA, Failure, answer_batches, failure_batch
from napari_thunder.engine.cache import BlockCache, choose_bound, choose_place
from napari_thunder.engine.own_folder import user_folder
from napari_thunder.engine.protocol import Answer, Array, BlockFunction, Merge
from napari_thunder.io.elsewhere import describe_source
from napari_thunder.io.folders import list_folder, listing_to_json
from napari_thunder.io.registry import open_source
from napari_thunder.io.source import Metadata, Source

Batches = Iterator[pa.RecordBatch]

_BEAT = 0.3
"""Seconds between a worker's signs of life, however long or short its single answers take."""

FORGOTTEN = 24 * 3600
"""Seconds after which a session that never said goodbye no longer keeps a node's blocks."""


class Answering(Protocol):
    """Something that answers references, some or all of them at once."""

    def answers(self, references: Iterator[int]) -> Iterator[tuple[int, Answer]]:
        """Answers, each with the reference it is to."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker does with a partition of references: answers as rows, or a row that says what went wrong.

    Parameters
    ----------
    what
        Gives the answers.
    query
        Name of the query, unique for all time, so that it does not look like an earlier one to Spark, which would else
        answer it from its cache.
    """

    what: Answering
    query: str

    def __call__(self, batches: Batches) -> Batches:
        places = _Places(batches)
        answers = self.what.answers(places)
        pool = ThreadPoolExecutor(1, "thunder-work")
        due = time.monotonic() + _BEAT
        try:
            with one_blas_thread():
                while True:
                    coming = pool.submit(next, answers, None)
                    while not wait([coming], max(0.0, due - time.monotonic())).done:
                        yield from signs_of_life()
                        due = time.monotonic() + _BEAT
                    found = coming.result()
                    if found is None:
                        return
                    yield from answer_batches(*found)
        except (OSError, MemoryError):
            raise  # the node's fault perhaps: Spark tries again elsewhere
        except Exception as error:
            yield failure_batch(places.current, Failure(type(error).__name__, str(error), traceback.format_exc()))
        finally:
            pool.shutdown(wait=False)


def signs_of_life() -> Batches:
    """Enough empty batches to get through Spark's buffer.

    A task that was interrupted ends when it next reads from its worker, and the worker with it. From a worker that
    computes and says nothing Spark reads nothing, and looks only every two seconds whether it should be ended.
    """
    empty = pa.RecordBatch.from_pylist([], schema=SCHEMA)
    buffer = int(os.environ.get("SPARK_BUFFER_SIZE", 65536))
    return itertools.repeat(empty, buffer // empty.serialize().size + 2)


@dataclass(frozen=True, slots=True)
class MapBlocks:
    """Answers to block references, one answer for each.

    Parameters
    ----------
    function
        Of the voxels and the block.
    source, fingerprint
        The movie, and what its fingerprint was when the job began.
    blocks
        By reference; a reference without one is for nobody, and gets no answer.
    session
        Whose blocks these are in the node's cache.
    keep
        Whether the blocks are kept there.
    """

    function: BlockFunction
    source: Source
    fingerprint: str
    blocks: Mapping[int, Block]
    session: str
    keep: bool = True

    def answers(self, references: Iterator[int]) -> Iterator[tuple[int, Answer]]:
        """See `Answering.answers`."""
        read = self._cached(node_cache(self.session)) if self.keep else self.source.read_block
        for reference in references:
            block = self.blocks.get(reference)
            if block is not None:
                yield reference, self.function(read(block), block)

    def _cached(self, cache: BlockCache) -> Callable[[Block], Array]:
        return lambda block: cache.block(self.source, block, fingerprint=self.fingerprint)


@dataclass(frozen=True, slots=True)
class ReduceBlocks:
    """The merged answer to all references of a partition, under the last of them.

    Parameters
    ----------
    each
        Answers one reference.
    merge
        Of two answers.
    """

    each: MapBlocks
    merge: Merge

    def answers(self, references: Iterator[int]) -> Iterator[tuple[int, Answer]]:
        """See `Answering.answers`."""
        merged: Answer | None = None
        last = -1
        for last, answer in self.each.answers(references):  # noqa: B007 - used after the loop
            merged = answer if merged is None else self.merge(merged, answer)
        if merged is not None:
            yield last, merged


@dataclass(frozen=True, slots=True)
class ReadVolumes:
    """Volumes of a movie; a reference is a place in `times`."""

    source: Source
    times: Sequence[int]

    def answers(self, references: Iterator[int]) -> Iterator[tuple[int, Answer]]:
        """See `Answering.answers`."""
        for reference in references:
            yield reference, {"volume": self.source.read_volume(self.times[reference])}


@dataclass(frozen=True, slots=True)
class OpenMovie:
    """What a worker sees of a movie by its path: `describe_source` as bytes."""

    uri: str
    options: dict[str, Any]

    def answers(self, references: Iterator[int]) -> Iterator[tuple[int, Answer]]:
        """See `Answering.answers`."""
        for reference in references:
            seen = describe_source(open_source(self.uri, **self.options))
            yield reference, {"source": np.frombuffer(seen.encode(), np.uint8)}


@dataclass(frozen=True, slots=True)
class Say:
    """What a function says on a worker, as bytes.

    Parameters
    ----------
    function
        Picklable; takes nothing.
    """

    function: Callable[[], bytes]

    def answers(self, references: Iterator[int]) -> Iterator[tuple[int, Answer]]:
        """See `Answering.answers`."""
        for reference in references:
            yield reference, {"said": np.frombuffer(bytearray(self.function()), np.uint8)}


def listing_said(folder: str) -> bytes:
    """What this worker sees in a folder, as `listing_to_json`."""
    return listing_to_json(list_folder(folder)).encode()


@dataclass(frozen=True, slots=True)
class ShippedArray:
    """A movie that was in the desk's memory and came to the workers as a `.npy` file.

    Parameters
    ----------
    find
        Where the file is on this worker.
    digest
        Of its voxels.
    shape, dtype
        As of the movie.
    """

    find: Callable[[], Path]
    digest: str
    shape: tuple[int, int, int, int]
    dtype: np.dtype[np.generic]
    format: str = "array from the desk"

    @property
    def uri(self) -> str:
        return f"memory:{self.digest}"

    @property
    def chunks(self) -> tuple[int, int, int, int]:
        return self.shape[0], 1, 1, 1

    @property
    def metadata(self) -> Metadata:
        return Metadata()

    def read_volume(self, t: int) -> Array:
        return np.array(self._array()[t], dtype=self.dtype)

    def read_block(self, block: Block) -> Array:
        return np.array(self._array()[(block.time, *block.padded)], dtype=self.dtype)

    def fingerprint(self) -> str:
        return self.digest

    def _array(self) -> Array:
        array: Array = np.load(self.find(), mmap_mode="r", allow_pickle=False)
        return array


def shipped_file(name: str) -> Path:
    """Where a file that the session brought to this worker is."""
    from pyspark import SparkFiles

    return Path(SparkFiles.get(name))


def describe(batches: Batches) -> Batches:
    """What this worker is: its Python, numpy, our package, host and memory, as one JSON row."""
    rows = sum(batch.num_rows for batch in batches)
    facts = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "napari_thunder": str(napari_thunder.__file__),
        "host": socket.gethostname(),
        "memory": _memory_bytes(),
        "missing": _missing("scipy", "pandas"),
        "references": rows,
    }
    yield pa.RecordBatch.from_pydict({"facts": [json.dumps(facts)]})


def describe_cache(batches: Batches) -> Batches:
    """How full the cache of this worker's node is, as one JSON row."""
    for _ in batches:
        pass
    folder = node_folder()
    used = BlockCache(folder, 0).used_bytes
    facts = {"host": socket.gethostname(), "used": used, "bound": choose_bound(folder, used)}
    yield pa.RecordBatch.from_pydict({"facts": [json.dumps(facts)]})


@dataclass(frozen=True, slots=True)
class LeaveNode:
    """Removes a session's mark from the nodes, and their blocks with the last one."""

    session: str

    def __call__(self, batches: Batches) -> Batches:
        folder = node_folder()
        (folder / "sessions" / self.session).unlink(missing_ok=True)
        if folder.exists() and not _sessions(folder):
            shutil.rmtree(folder, ignore_errors=True)
        yield from _done(batches)


def node_cache(session: str) -> BlockCache:
    """The cache of decoded blocks that all workers of this user on this node share."""
    folder = node_folder()
    found = _open_cache(folder, os.getpid())
    (folder / "sessions").mkdir(parents=True, exist_ok=True, mode=0o700)  # another session may have removed it
    mark = folder / "sessions" / session
    mark.touch(mode=0o600)
    return found


@cache
def _open_cache(folder: Path, process: int) -> BlockCache:
    if folder.exists() and not _sessions(folder):
        for left in folder.glob("*.block"):
            with suppress(OSError):
                left.unlink()
    opened = BlockCache(folder, 0)
    opened.max_bytes = choose_bound(folder, opened.used_bytes)
    return opened


@cache
def node_folder() -> Path:
    """The folder that this user's workers on this node share."""
    return user_folder(choose_place(), "napari-thunder-blocks")


def _sessions(folder: Path) -> list[str]:
    """Sessions that still use this node, after forgetting those that never said goodbye."""
    now = time.time()
    living = []
    for mark in (folder / "sessions").glob("*"):
        with suppress(FileNotFoundError):
            if now - mark.stat().st_mtime < FORGOTTEN:
                living.append(mark.name)
            else:
                mark.unlink()
    return living


class _Places:
    """The references of a partition one by one, and which of them is being worked on."""

    def __init__(self, batches: Batches) -> None:
        self.current = -1
        self._left = (reference for batch in batches for reference in batch.column(0).to_pylist())

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        self.current = next(self._left)
        return self.current


def _done(batches: Batches) -> Batches:
    for _ in batches:
        pass
    yield pa.RecordBatch.from_pydict({"facts": [""]})


def one_blas_thread() -> AbstractContextManager[object]:
    """As many tasks run at once as there are cores, so that more threads in each would only get in the way."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits


def _memory_bytes() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _missing(*modules: str) -> list[str]:
    return [module for module in modules if find_spec(module) is None]

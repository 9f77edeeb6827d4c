"""The Spark engine: the rows that Spark moves are references to blocks; voxels stay where the workers are."""

from __future__ import annotations

import itertools
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_thunder.blocks import Block, plan_blocks, plan_stretches
from napari_thunder.engine.answers import Assembler, Failure
from napari_thunder.engine.job import Job
from napari_thunder.engine.protocol import Answer, Array, BlockFunction, CacheUse, EngineFacts, Merge
from napari_thunder.engine.spark.failures import ForgottenError, LostError, check_versions, raised_by_worker
from napari_thunder.engine.spark.frames import Frames, waves, whole_plan
from napari_thunder.engine.spark.queries import BlockQuery, OpenQuery, Query, SayQuery, VolumeQuery
from napari_thunder.engine.spark.server import OwnServer, RemoteServer, SparkServer
from napari_thunder.engine.spark.session import SparkConnection
from napari_thunder.engine.worker import LeaveNode, ShippedArray, describe, describe_cache, listing_said, shipped_file
from napari_thunder.errors import EngineError
from napari_thunder.io.array import ArraySource
from napari_thunder.io.elsewhere import described_source
from napari_thunder.io.folders import Listing, list_folder, listing_from_json, read_file
from napari_thunder.io.registry import open_source
from napari_thunder.io.source import Source, recorded

if TYPE_CHECKING:
    from napari_thunder.recording import Recording

BLOCK_BYTES = 32 * 2**20
"""A block's size where the recording is large."""

STRETCH_BYTES = 16 * 2**20
QUERY_BYTES = 256 * 2**20
"""Volumes come in tasks and queries of these sizes, so that the server never holds many."""

LARGEST_ARRAY = 2**30
"""Bytes of an array in memory that are brought to the workers through the connection."""


class SparkEngine:
    """Runs blocks on Spark's workers, on this computer or on a cluster.

    Parameters
    ----------
    server
        Where Spark is.
    job
        Shows how far starting and connecting are.

    Raises
    ------
    EngineError
        If Spark cannot be started or reached, or its workers cannot do our work.
    """

    def __init__(self, server: SparkServer, job: Job | None = None) -> None:
        self._server = server
        self._lock = RLock()
        self._connection: SparkConnection | None = None
        self._frames = Frames()
        self._shipped: dict[str, Source] = {}
        self._workers: list[dict[str, Any]] = []
        self._starting: Job | None = None
        self._closed = False
        job = job or Job(f"connect to {self.name}")
        with job.running():
            try:
                self._connect(job)
            except BaseException:
                self._server.stop()
                raise

    @classmethod
    def embedded(cls, job: Job | None = None) -> Self:
        """Start Spark on this computer; it ends with the engine, or with this process."""
        return cls(OwnServer(), job)

    @classmethod
    def remote(cls, url: str, job: Job | None = None) -> Self:
        """Connect to a Spark Connect server at `sc://host:port`."""
        return cls(RemoteServer(url), job)

    @property
    def name(self) -> str:
        """See `Engine.name`."""
        return self._server.name

    @property
    def cores(self) -> int:
        """How many tasks run at once."""
        return max(1, len(self._workers))

    def facts(self) -> EngineFacts:
        """See `Engine.facts`."""
        hosts = {worker["host"]: worker["memory"] for worker in self._workers}
        known = [memory for memory in hosts.values() if memory is not None]
        one = self._workers[0]
        versions = {"python": one["python"], "numpy": one["numpy"], "spark": str(one["spark"])}
        far = "1 computer" if len(hosts) == 1 else f"{len(hosts)} computers"
        computers = "this computer" if isinstance(self._server, OwnServer) else far
        return EngineFacts(self.name, self.cores, sum(known) if known else None, versions, computers)

    def plan(self, recording: Recording, *, halo: tuple[int, int, int] = (0, 0, 0)) -> list[Block]:
        """See `Engine.plan`."""
        return plan_blocks(
            recording.shape,
            recording.dtype.itemsize,
            chunks=recording.source.chunks,
            target_bytes=BLOCK_BYTES,
            at_least=self.cores * 4,
            halo=halo,
        )

    def stretches(self, recording: Recording) -> list[Block]:
        """See `Engine.stretches`."""
        return plan_stretches(
            recording.shape,
            recording.dtype.itemsize,
            chunk=recording.source.chunks[0],
            target_bytes=BLOCK_BYTES,
            at_least=self.cores * 4,
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
        """See `Engine.map`; answers come a task at a time, in the order of the blocks."""
        job = job or Job(f"map over {recording.name}")
        with job.running():
            done = itertools.count(1)
            plan = whole_plan(blocks, self.plan(recording))
            for wave in waves(plan, blocks, recording.dtype.itemsize, self.cores):
                query = BlockQuery(recording.source, function, None, plan, wave, keep)
                for reference, answer in self._answers(query, job):
                    yield wave.blocks[reference], answer
                    job.advance(next(done) / len(blocks))

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
        """See `Engine.reduce`; merged within each task on its worker, then here, always in the order of the blocks."""
        job = job or Job(f"reduce {recording.name}")
        merged: Answer | None = None
        with job.running():
            plan = whole_plan(blocks, self.plan(recording))
            for wave in waves(plan, blocks, recording.dtype.itemsize, self.cores):
                few = replace(wave, tasks=min(wave.tasks, 2 * self.cores))
                query = BlockQuery(recording.source, function, merge, plan, few, keep)
                for reference, answer in self._answers(query, job):
                    merged = answer if merged is None else merge(merged, answer)
                    job.advance((reference + 1) / len(plan))
            if merged is None:
                raise EngineError("There are no blocks to merge.")
        return merged

    def read(self, recording: Recording, times: Sequence[int], job: Job | None = None) -> Iterator[tuple[int, Array]]:
        """See `Engine.read`; a recording that is in this computer's memory is read here."""
        job = job or Job(f"read {recording.name}")
        frames = [range(recording.shape[0])[t] for t in times]
        here = isinstance(recorded(recording.source), ArraySource)
        with job.running():
            volumes = map(recording.read_volume, frames) if here else self._volumes(recording, frames, job)
            for done, (t, volume) in enumerate(zip(times, volumes, strict=True), 1):
                job.check()
                yield t, volume
                job.advance(done / len(frames))

    def open(self, uri: str, **options: Any) -> Source:
        """See `Engine.open`; the source is read by the workers only."""
        if isinstance(self._server, OwnServer):
            return open_source(uri, **options)
        job = Job(f"open {uri}")
        with job.running():
            ((_, answer),) = self._answers(OpenQuery(uri, options), job)
        return described_source(answer["source"].tobytes().decode())

    def list_folder(self, folder: str = "", job: Job | None = None) -> Listing:
        """See `Engine.list_folder`."""
        if isinstance(self._server, OwnServer):
            return list_folder(folder)
        return listing_from_json(self._said(partial(listing_said, folder), job or Job(f"list {folder}")).decode())

    def read_file(self, path: str, job: Job | None = None) -> bytes:
        """See `Engine.read_file`."""
        if isinstance(self._server, OwnServer):
            return read_file(path)
        return self._said(partial(read_file, path), job or Job(f"read {path}"))

    def cache_use(self) -> CacheUse:
        """See `Engine.cache_use`; asks every worker."""
        job = Job("look at the caches")
        with job.running():
            connection = self._connected(job)
            try:
                said = [json.loads(facts) for facts in connection.on_every_core(describe_cache, job)]
            except LostError:
                self._drop(connection)
                raise
        nodes = {node["host"]: node for node in said}.values()
        return CacheUse(sum(node["used"] for node in nodes), sum(node["bound"] for node in nodes))

    def check(self) -> None:
        """See `Engine.check`; a connection that was lost is made anew."""
        connection = self._connection
        if connection is None:
            connection = self._connected(Job(f"connect to {self.name}"))
        connection.check()

    def close(self) -> None:
        """Leave the cluster clean, and stop Spark if we started it. Safe to call twice."""
        self._closed = True
        starting = self._starting
        if starting is not None:
            starting.cancel()  # else the lock is held until Spark is there
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            if self._server.shared_folder is None:
                leave_nodes(connection)
            connection.close()
        self._server.stop()

    def _said(self, function: Callable[[], bytes], job: Job) -> bytes:
        with job.running():
            ((_, answer),) = self._answers(SayQuery(function), job)
        return answer["said"].tobytes()

    def _volumes(self, recording: Recording, frames: Sequence[int], job: Job) -> Iterator[Array]:
        volume_bytes = math.prod(recording.shape[1:]) * recording.dtype.itemsize
        per_query = max(1, QUERY_BYTES // volume_bytes)
        per_task = max(1, STRETCH_BYTES // volume_bytes)
        for start in range(0, len(frames), per_query):
            wanted = frames[start : start + per_query]
            query = VolumeQuery(recording.source, wanted, math.ceil(len(wanted) / per_task))
            for _, answer in self._answers(query, job):
                yield answer["volume"]

    def _answers(self, query: Query, job: Job) -> Iterator[tuple[int, Answer]]:
        """A query's answers; one that fails because the server forgot an idle session is asked once more."""
        came = False
        try:
            for answer in self._ask(query, job):
                came = True
                yield answer
        except ForgottenError:
            if came:
                raise
            yield from self._ask(query, job)

    def _ask(self, query: Query, job: Job) -> Iterator[tuple[int, Answer]]:
        connection = self._connected(job)
        assembler = Assembler()
        try:
            ask = query.prepared(connection.id, partial(self._source, connection), self._frames)
            for row in connection.rows(ask, job):
                whole = assembler.add(row)
                if whole is None:
                    continue
                reference, answer = whole
                if isinstance(answer, Failure):
                    raise raised_by_worker(answer, query.block(reference))
                yield reference, answer
        except LostError:
            self._drop(connection)
            raise

    def _connected(self, job: Job) -> SparkConnection:
        with self._lock:
            if self._closed:
                raise EngineError(f"This engine was closed. Connect again: napari_thunder.connect({self.name!r}).")
            if self._connection is not None:
                return self._connection
            job.advance(job.fraction, f"connecting to {self.name} again")
            self._starting = starting = Job(f"connect to {self.name}")
            with job.on_cancel(starting.cancel):
                return self._connect(starting)

    def _connect(self, job: Job) -> SparkConnection:
        address = self._server.address(job)
        job.advance(0.6, f"connecting to {self.name}")
        connection = SparkConnection(address, self.name, outlives_us=self._server.outlives_us)
        job.advance(0.7, "warming the workers")
        try:
            self._workers = _meet_workers(connection, job)
        except BaseException:
            connection.close()
            raise
        self._connection, self._frames, self._shipped = connection, Frames(), {}
        return connection

    def _drop(self, connection: SparkConnection) -> None:
        with self._lock:
            if self._connection is connection:
                self._connection = None
        Thread(target=connection.close, name="thunder-close", daemon=True).start()

    def _source(self, connection: SparkConnection, source: Source) -> Source:
        """The movie as workers can read it; one that is derived from another, of that one as they can read it."""
        below = getattr(source, "source", None)
        if below is not None:
            reached = self._source(connection, below)
            return source if reached is below else replace(source, source=reached)  # type: ignore[type-var]
        if not isinstance(source, ArraySource):
            return source
        digest = source.fingerprint()
        with self._lock:
            if digest not in self._shipped:
                find = _to_workers(source, digest, connection, self._server.shared_folder)
                self._shipped[digest] = ShippedArray(find, digest, source.shape, source.dtype)
            return self._shipped[digest]


def _meet_workers(connection: SparkConnection, job: Job) -> list[dict[str, Any]]:
    """Start a worker on every core, and see that they can do our work.

    Raises
    ------
    EngineError
        If they cannot.
    """
    workers = [json.loads(facts) for facts in connection.on_every_core(describe, job)]
    for worker in workers:
        check_versions(worker, connection.server)
    return [worker | {"spark": connection.spark.version} for worker in workers]


def leave_nodes(connection: SparkConnection, patience: float = 5.0) -> None:
    """Have the nodes drop this session's blocks, unless other sessions use them or it takes too long."""
    job = Job("clean up")

    def clean() -> None:
        with suppress(Exception):
            list(connection.on_every_core(LeaveNode(connection.id), job))

    cleaning = Thread(target=clean, name="thunder-clean-up", daemon=True)
    cleaning.start()
    cleaning.join(patience)
    job.cancel()


def _to_workers(
    source: ArraySource, digest: str, connection: SparkConnection, shared: Path | None
) -> Callable[[], Path]:
    """Put an array where workers find it.

    Raises
    ------
    EngineError
        If it is too large for the way it has to go, or the disk is full.
    """
    name = f"array-{digest}.npy"
    try:
        if shared is not None:
            _save(shared / name, source)
            return partial(Path, shared / name)
        if source.array.nbytes > LARGEST_ARRAY:
            raise EngineError(
                f"{source.name}: an array of {source.array.nbytes / 1e9:.1f} GB in this computer's memory is too large "
                f"to send to {connection.server}. Save it and open it from storage that all workers see."
            )
        with tempfile.TemporaryDirectory(prefix="napari-thunder-") as folder:
            _save(Path(folder) / name, source)
            connection.ship(Path(folder) / name)
        return partial(shipped_file, name)
    except OSError as error:
        raise EngineError(f"{source.name}: could not be written for the workers: {error}.") from error


def _save(path: Path, source: ArraySource) -> None:
    """Whole or not at all, so that half of it does not keep the disk full."""
    try:
        np.save(path, source.array, allow_pickle=False)
    except BaseException:
        path.unlink(missing_ok=True)
        raise

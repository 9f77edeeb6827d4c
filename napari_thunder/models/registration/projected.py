"""Mean and maximum over time of a recording before and after registration, computed by the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import plan_blocks
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.io.sampled import SampledSource, spread
from napari_thunder.models.data.connection import Connection
from napari_thunder.models.registration.pair import Pair
from napari_thunder.recording import Recording
from napari_thunder.registration.projection import projections

Array = NDArray[Any]

_FRAMES = 400
_BLOCK_BYTES = 32 * 2**20
_BLOCKS = 16


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Volumes (z, y, x), raw and registered.

    Parameters
    ----------
    mean, maximum
        Raw first.
    frames
        Over how many frames, spread evenly over those that are not excluded.
    """

    mean: tuple[Array, Array] = field(repr=False)
    maximum: tuple[Array, Array] = field(repr=False)
    frames: int


@contextmanager
def engine_for(pair: Pair, connection: Connection, job: Job) -> Iterator[Engine]:
    """The engine that is connected; for a movie that this computer sees, threads of its own if there is none."""
    engine = connection.wait_for_engine(job) if pair.is_elsewhere else connection.engine
    if engine is not None:
        yield engine
        return
    here: Engine = connect("threads")
    try:
        yield here
    finally:
        here.close()


def projected(pair: Pair, engine: Engine, job: Job) -> Projected:
    """Mean and maximum over up to 400 frames, spread over the recording; blocks.

    Raises
    ------
    JobCancelled
        Soon after `job.cancel()`.
    """
    frames = spread(tuple(int(t) for t in np.flatnonzero(pair.raw.keep)), _FRAMES)
    with job.stage(0.0, 0.4):
        raw = _projected(pair.raw, frames, engine, job)
    with job.stage(0.4, 1.0):
        registered = _projected(pair.registered, frames, engine, job)
    return Projected((raw["mean"], registered["mean"]), (raw["max"], registered["max"]), len(frames))


def _projected(recording: Recording, frames: tuple[int, ...], engine: Engine, job: Job) -> dict[str, Array]:
    sampled = Recording(SampledSource(recording.source, frames))
    blocks = plan_blocks(
        sampled.shape,
        sampled.dtype.itemsize,
        chunks=sampled.source.chunks,
        target_bytes=_BLOCK_BYTES,
        at_least=_BLOCKS,
    )
    found = {name: np.full(recording.shape[1:], np.nan, np.float32) for name in ("mean", "max")}
    for block, answer in engine.map(projections, sampled, blocks, job, keep=False):
        for name, volume in found.items():
            volume[block.box] = answer[name]
    return found

"""Frames of block references, kept by Spark so that each block stays on the executor that has it in its cache."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from napari_thunder.blocks import Block

TASK_BYTES = 256 * 2**20
"""What one task reads at most, where there are more blocks than tasks: tasks stay around a second."""

TASKS_PER_CORE = 4
WAVE_BYTES = 32 * 2**30
WAVE_TASKS_PER_CORE = 8
_KEPT_FRAMES = 32


def waves(blocks: Sequence[Block], itemsize: int, cores: int) -> Iterator[tuple[range, int]]:
    """Cut a list of blocks into queries, so that the answers waiting on the server are bounded.

    Parameters
    ----------
    blocks
        In the order of the plan.
    itemsize
        Bytes of a voxel.
    cores
        How many tasks run at once.

    Returns
    -------
    iterator of (range, int)
        Places in `blocks`, and into how many tasks to cut them.
    """
    n_bytes = sum(math.prod(block.shape) for block in blocks) * itemsize
    tasks = min(len(blocks), max(cores * TASKS_PER_CORE, math.ceil(n_bytes / TASK_BYTES)))
    at_once = max(2 * cores, min(cores * WAVE_TASKS_PER_CORE, math.ceil(WAVE_BYTES * tasks / max(1, n_bytes))))
    n_waves = math.ceil(tasks / at_once)
    for wave in range(n_waves):
        places = range(len(blocks) * wave // n_waves, len(blocks) * (wave + 1) // n_waves)
        yield places, min(len(places), math.ceil(tasks / n_waves))


class Frames:
    """The reference frames of a session, the least recently used given up first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = Lock()

    def get(self, spark: Any, recording: str, blocks: Sequence[Block], places: range, tasks: int) -> Any:
        """The frame of `places` in `blocks`, cut into `tasks`; the same one each time."""
        key = (recording, _digest(blocks), places, tasks)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = spark.range(places.start, places.stop, 1, tasks).persist()
            self._kept.move_to_end(key)
            frame = self._kept[key]
            given_up = self._kept.popitem(last=False)[1] if len(self._kept) > _KEPT_FRAMES else None
        if given_up is not None:
            with suppress(Exception):
                given_up.unpersist()
        return frame


def _digest(blocks: Sequence[Block]) -> str:
    return hashlib.sha256(repr([(b.times, b.start, b.stop) for b in blocks]).encode()).hexdigest()

"""Frames of block references, kept by Spark so that each block stays on the executor that has it in its cache."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock
from typing import Any

from napari_thunder.blocks import Block

TASK_BYTES = 256 * 2**20
"""What one task reads at most, where there are more blocks than tasks: tasks stay around a second."""

TASKS_PER_CORE = 4
WAVE_BYTES = 32 * 2**30
WAVE_TASKS_PER_CORE = 8
_KEPT_FRAMES = 32


@dataclass(frozen=True, slots=True)
class Wave:
    """A stretch of a plan that is asked for at once.

    Parameters
    ----------
    places
        Of the stretch, in the plan.
    tasks
        Into how many it is cut.
    blocks
        Those that are wanted of it, by place.
    together
        Into how few tasks it may be put together where little is wanted of it: a task costs 40 to 90 ms, empty or not.
        Spark groups them by node, where their blocks are cached.
    """

    places: range
    tasks: int
    blocks: Mapping[int, Block]
    together: int


def waves(plan: Sequence[Block], wanted: Sequence[Block], itemsize: int, cores: int) -> Iterator[Wave]:
    """Cut a plan into queries, so that the answers waiting on the server are bounded.

    The cuts do not depend on what is wanted: each block is always in the same frame, and stays where it is cached.

    Parameters
    ----------
    plan
        All blocks of a recording.
    wanted
        All of them, or some, in the same order.
    itemsize
        Bytes of a voxel.
    cores
        How many tasks run at once.
    """
    n_bytes = sum(math.prod(block.shape) for block in plan) * itemsize
    tasks = min(len(plan), max(cores * TASKS_PER_CORE, math.ceil(n_bytes / TASK_BYTES)))
    at_once = max(2 * cores, min(cores * WAVE_TASKS_PER_CORE, math.ceil(WAVE_BYTES * tasks / max(1, n_bytes))))
    n_waves = math.ceil(tasks / at_once)
    places = range(len(plan)) if len(wanted) == len(plan) else [block.index for block in wanted]
    for wave in range(n_waves):
        start, stop = len(plan) * wave // n_waves, len(plan) * (wave + 1) // n_waves
        inside = slice(bisect_left(places, start), bisect_left(places, stop))
        blocks = dict(zip(places[inside], wanted[inside], strict=True))
        if blocks:
            cut = min(stop - start, math.ceil(tasks / n_waves))
            yield Wave(range(start, stop), cut, blocks, max(cores, len(blocks)))


def whole_plan(blocks: Sequence[Block], plan: Sequence[Block]) -> Sequence[Block]:
    """The plan that these blocks are some of, in order; they themselves if they are of no such plan."""
    rising = all(a.index < b.index for a, b in pairwise(blocks))
    of_plan = rising and all(block.index < len(plan) and _same_voxels(block, plan[block.index]) for block in blocks)
    return plan if of_plan else blocks


class Frames:
    """The reference frames of a session, the least recently used given up first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = Lock()

    def get(self, spark: Any, recording: str, plan: Sequence[Block], wave: Wave) -> Any:
        """The frame of a wave of a plan, whatever is wanted of it; the same one each time."""
        places, tasks = wave.places, wave.tasks
        key = (recording, _digest(plan), places, tasks)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = spark.range(places.start, places.stop, 1, tasks).persist()
            self._kept.move_to_end(key)
            frame = self._kept[key]
            given_up = self._kept.popitem(last=False)[1] if len(self._kept) > _KEPT_FRAMES else None
        if given_up is not None:
            with suppress(Exception):
                given_up.unpersist()
        return frame.coalesce(wave.together) if wave.together < tasks else frame


def _same_voxels(one: Block, other: Block) -> bool:
    return (one.times, one.start, one.stop) == (other.times, other.start, other.stop)


def _digest(blocks: Sequence[Block]) -> str:
    return hashlib.sha256(repr([(b.times, b.start, b.stop) for b in blocks]).encode()).hexdigest()

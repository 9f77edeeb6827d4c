"""How long a run will take, from the pace at which the engine goes over a few of its blocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from napari_thunder.analysis.protocol import Analysis, Answer, Step
from napari_thunder.blocks import Block, Box
from napari_thunder.engine import Engine, EngineFacts, Job
from napari_thunder.engine.protocol import BlockFunction, Merge
from napari_thunder.masks import MaskLike, RegionsLike
from napari_thunder.pipeline import default_engine, run
from napari_thunder.preview.view import scattered
from napari_thunder.recording import Recording

Found = TypeVar("Found")

_ROUNDS = 2
"""Blocks for each core whose time is taken, after one for each to warm up."""

_QUICK = 0.5
"""Seconds from which on a block for each core tells enough in this process, what is loaded at first included."""

_LEAST = 0.3
"""Share of what a pass takes that is of its blocks at least."""


@dataclass(frozen=True, slots=True)
class Duration:
    """About how long a run takes.

    Parameters
    ----------
    seconds
        From beginning to end.
    at_least
        Whether measuring was ended before the analysis came to its end, so that it takes longer than this.
    """

    seconds: float
    at_least: bool = False


def measure(
    analysis: Analysis,
    recording: Recording,
    *,
    engine: Engine | None = None,
    preprocess: Sequence[Step | str] = (),
    mask: MaskLike | None = None,
    regions: RegionsLike = (),
    seconds: float = 4.0,
    job: Job | None = None,
) -> Duration:
    """About how long a run takes: the same analysis over few blocks, each of its passes scaled to all of them.

    Of quick passes the first blocks do not count, as what is loaded and compiled then is paid only once. An analysis
    that goes over the brain until nothing changes is taken to need as many passes as those blocks alone.

    Parameters
    ----------
    analysis, recording, engine, preprocess, mask, regions, job
        As in `run`.
    seconds
        No further pass is begun after this time.

    Raises
    ------
    ThunderError
        As in `run`.
    """
    engine = engine or default_engine()
    job = job or Job(f"how long {type(analysis).title} of {recording.name} takes")
    timed, begun = _TimedBlocks(engine, seconds, job), time.monotonic()
    given: dict[str, Any] = {"preprocess": preprocess, "mask": mask, "regions": regions, "job": job}
    try:
        run(analysis, recording, engine=cast("Engine", timed), **given)
    except _EnoughError:
        return Duration(timed.expected, at_least=True)
    at_desk = time.monotonic() - begun - timed.spent
    return Duration(timed.expected + at_desk)


class _EnoughError(Exception):
    """The time for measuring is over."""


class _TimedBlocks:
    """An engine that goes over the same few blocks in every pass, and adds up what all of them would take.

    It is ended between passes only: the workers of a cluster do not survive being interrupted.

    Attributes
    ----------
    expected
        Seconds that the passes so far would take over all blocks.
    spent
        Seconds that they took here.
    """

    def __init__(self, engine: Engine, seconds: float, job: Job) -> None:
        self.name = engine.name
        self.expected = self.spent = 0.0
        self._engine, self._job = engine, job
        self._cores = max(1, engine.facts().cores)
        self._is_here = engine.facts().name == "threads"
        self._seconds = seconds
        self._fixed: dict[str, float] = {}

    def facts(self) -> EngineFacts:
        """See `Engine.facts`."""
        return self._engine.facts()

    def plan(self, recording: Recording, *, halo: Box = (0, 0, 0)) -> list[Block]:
        """All blocks, in an order in which the first few lie all over the brain."""
        return scattered(self._engine.plan(recording, halo=halo))

    def map(
        self, function: BlockFunction, recording: Recording, blocks: Sequence[Block], job: Job
    ) -> Iterator[tuple[Block, Answer]]:
        """See `Engine.map`; over few blocks."""
        alone = Job(job.title)
        yield from self._timed(function, blocks, lambda few: list(self._engine.map(function, recording, few, alone)))

    def reduce(
        self, function: BlockFunction, merge: Merge, recording: Recording, blocks: Sequence[Block], job: Job
    ) -> Answer:
        """See `Engine.reduce`; over few blocks."""
        alone = Job(job.title)
        return self._timed(function, blocks, lambda few: self._engine.reduce(function, merge, recording, few, alone))

    def _timed(
        self, function: BlockFunction, blocks: Sequence[Block], work: Callable[[Sequence[Block]], Found]
    ) -> Found:
        self._job.check()
        if self.spent > self._seconds:
            raise _EnoughError
        begun, kind = time.monotonic(), _kind_of(function)
        few = blocks[: self._cores]
        took, found = _took(work, few)
        if (took < _QUICK or not self._is_here) and len(blocks) > self._cores:
            few = blocks[self._cores :][: _ROUNDS * self._cores]
            took, found = _took(work, few)
            if kind not in self._fixed:
                self._fixed[kind] = self._beside_blocks(work, blocks, took)
        fixed = self._fixed.get(kind, 0.0)
        share = sum(block.n_voxels for block in few) / sum(block.n_voxels for block in blocks)
        self.expected += fixed + max(took - fixed, _LEAST * took) / share
        self.spent += time.monotonic() - begun
        return found

    def _beside_blocks(self, work: Callable[[Sequence[Block]], object], blocks: Sequence[Block], took: float) -> float:
        """Seconds that a pass takes beside its blocks, such as to reach a cluster; none for work in this process.

        As one round of blocks takes them too, and `took` of two rounds has them once.
        """
        if self._is_here:
            return 0.0
        once, _ = _took(work, blocks[: self._cores])
        return min(max(0.0, _ROUNDS * once - took), once, took)


def _took(work: Callable[[Sequence[Block]], Found], blocks: Sequence[Block]) -> tuple[float, Found]:
    start = time.monotonic()
    found = work(blocks)
    return time.monotonic() - start, found


def _kind_of(function: BlockFunction) -> str:
    """Passes of a kind have run before: what they load is loaded."""
    reduce = getattr(function, "reduce", None)
    return f"{type(function).__name__} {getattr(reduce, 'title', '')}"

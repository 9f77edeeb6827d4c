"""What is asked for in a first look."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from napari_thunder.analysis.protocol import Analysis, Context, Step
from napari_thunder.blocks import Block
from napari_thunder.engine import Engine, Job
from napari_thunder.recording import Recording
from napari_thunder.regions import Region

PATIENCE = 1.2
"""After so many times the time given, a batch that is not done is left where it is."""


@dataclass(frozen=True, slots=True)
class View:
    """An analysis of a recording that is to be looked at.

    Parameters
    ----------
    analysis, recording, engine, steps, job
        As of `run`, the steps parsed.
    mask
        The voxels that count; None for all.
    context
        What is known of the recording before the steps.
    seconds
        How long to read.
    seed
        Of what is chosen at random.
    """

    analysis: Analysis
    recording: Recording
    engine: Engine
    steps: tuple[Step, ...]
    mask: Region | None
    context: Context
    seconds: float
    seed: int
    job: Job


def in_time(blocks: Sequence[Block], size: int, seconds: float) -> Iterator[Sequence[Block]]:
    """Batches of blocks, as long as one more will likely be done in time.

    Always the same ones, so that an engine finds each block where it kept it; and rather ended between two batches than
    cancelled in one, as Spark's workers do not survive that.
    """
    start, longest = time.monotonic(), 0.0
    for first in range(0, len(blocks), size):
        begun = time.monotonic()
        yield blocks[first : first + size]
        now = time.monotonic()
        longest = max(longest, now - begun)
        if now - start + longest > PATIENCE * seconds:
            return


def scattered(blocks: Sequence[Block]) -> list[Block]:
    """Blocks in an order in which the first few lie all over the volume: bits of their places interleaved, reversed."""
    places = [_ranks([block.start[axis] for block in blocks]) for axis in range(3)]
    bits = max(1, max(max(along) for along in places).bit_length()) if blocks else 1

    def backwards(place: tuple[int, ...]) -> int:
        return sum(
            (n >> bit & 1) << ((bits - 1 - bit) * 3 + axis) for axis, n in enumerate(place) for bit in range(bits)
        )

    order = sorted(range(len(blocks)), key=lambda i: backwards(tuple(along[i] for along in places)))
    return [blocks[i] for i in order]


def thousands(count: int) -> str:
    """`12 345`, with narrow gaps that do not break."""
    return f"{count:,}".replace(",", " ")


def _ranks(values: list[int]) -> list[int]:
    """Of each value its place among the different ones."""
    rank = {value: i for i, value in enumerate(sorted(set(values)))}
    return [rank[value] for value in values]

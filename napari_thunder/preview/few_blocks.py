"""A first look at whole blocks scattered over the brain, for what needs neighbours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import cast

import xarray as xr

from napari_thunder.analysis.groups import DrawnGroups, MeansWork
from napari_thunder.analysis.protocol import Answer
from napari_thunder.blocks import Block, Box
from napari_thunder.engine import Engine, EngineFacts, Job
from napari_thunder.engine.protocol import BlockFunction, Merge
from napari_thunder.pipeline import run
from napari_thunder.preview.view import View, in_time, scattered, thousands
from napari_thunder.recording import Recording

_SPACE = ("z", "y", "x")


def by_few_blocks(view: View) -> xr.Dataset:
    """A full run over as many blocks as come in time; the rest of the brain is NaN."""
    engine = FewBlocks(view.engine, view.seconds)
    result = run(
        view.analysis,
        view.recording,
        engine=cast("Engine", engine),
        preprocess=view.steps,
        mask=view.mask,
        regions=view.context.regions,
        job=view.job,
    )
    done = sum(_counted(block, view) for block in engine.done)
    total = math.prod(view.recording.shape[1:]) if view.mask is None else view.mask.n_voxels
    result.attrs = {name: value for name, value in result.attrs.items() if name != "provenance"}
    said = f"{thousands(done)} of {thousands(total)} voxels"
    result.attrs |= {"title": f"{result.attrs['title']} (preview)", "n_voxels_used": done, "preview": said}
    result.attrs["preview_estimates"] = []
    for axis, size in zip(_SPACE, view.recording.voxel_size or (1.0, 1.0, 1.0), strict=True):
        result[axis].attrs["step"] = size
    return result


class FewBlocks:
    """An engine that goes over only some of the blocks: those that its first pass finds time for.

    Parameters
    ----------
    engine
        That does the work.
    seconds
        For the first pass.
    """

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.name = engine.name
        self._engine = engine
        self._seconds = seconds
        self._done: dict[int, Block] | None = None

    @property
    def done(self) -> list[Block]:
        """The blocks of the first pass."""
        return list((self._done or {}).values())

    def facts(self) -> EngineFacts:
        """See `Engine.facts`."""
        return self._engine.facts()

    def plan(self, recording: Recording, *, halo: Box = (0, 0, 0)) -> list[Block]:
        """All blocks, in an order in which the first few lie all over the brain."""
        return scattered(self._engine.plan(recording, halo=halo))

    def map(
        self, function: BlockFunction, recording: Recording, blocks: Sequence[Block], job: Job
    ) -> Iterator[tuple[Block, Answer]]:
        """See `Engine.map`; over the blocks of the first pass."""
        for batch in self._batches(blocks):
            yield from self._engine.map(function, recording, batch, job)

    def reduce(
        self, function: BlockFunction, merge: Merge, recording: Recording, blocks: Sequence[Block], job: Job
    ) -> Answer:
        """See `Engine.reduce`; over the blocks of the first pass, but over all for the means of regions."""
        if isinstance(function, MeansWork) and isinstance(function.groups, DrawnGroups):
            return self._engine.reduce(function, merge, recording, blocks, job)
        merged: Answer | None = None
        for batch in self._batches(blocks):
            answer = self._engine.reduce(function, merge, recording, batch, job)
            merged = answer if merged is None else merge(merged, answer)
        assert merged is not None
        return merged

    def _batches(self, blocks: Sequence[Block]) -> Iterator[Sequence[Block]]:
        size = self._engine.facts().cores
        if self._done is not None:
            again = [block for block in blocks if block.index in self._done] or list(blocks[:size])
            yield again
            return
        done: dict[int, Block] = {}
        for batch in in_time(blocks, size, self._seconds):
            yield batch
            done |= {block.index: block for block in batch}
        self._done = done


def _counted(block: Block, view: View) -> int:
    """Voxels of a block that are in the mask."""
    if view.mask is None:
        return block.n_voxels
    low = [max(a, b) for a, b in zip(block.start, view.mask.corner, strict=True)]
    ends = [c + n for c, n in zip(view.mask.corner, view.mask.mask.shape, strict=True)]
    high = [min(a, b) for a, b in zip(block.stop, ends, strict=True)]
    part = tuple(slice(a - c, max(a, b) - c) for a, b, c in zip(low, high, view.mask.corner, strict=True))
    return int(view.mask.mask[part].sum())

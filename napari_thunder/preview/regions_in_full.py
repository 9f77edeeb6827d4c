"""The means of regions are those of all their voxels, also where the rest of the brain is only sampled."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from napari_thunder.analysis.grid import Grid
from napari_thunder.analysis.groups import DrawnGroups, MeansWork
from napari_thunder.analysis.protocol import Answer
from napari_thunder.blocks import Block, Box, plan_blocks
from napari_thunder.engine import Engine, EngineFacts, Job
from napari_thunder.engine.protocol import BlockFunction, Merge
from napari_thunder.masks import cut
from napari_thunder.preview.view import View
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, region_of_mask


def coarse_regions(regions: Sequence[Region], grid: Grid) -> tuple[Region, ...]:
    """Regions on a grid: the cells that they touch, so that none is lost."""
    return tuple(_coarse(region, grid) for region in regions)


def _coarse(region: Region, grid: Grid) -> Region:
    places = np.nonzero(region.mask)
    cells = tuple((p + c) // step for p, c, step in zip(places, region.corner, grid.steps, strict=True))
    touched = np.zeros(grid.shape, bool)
    touched[cells] = True
    return region_of_mask(touched, region.name, region.color)


class RegionsInFull:
    """An engine for a coarse recording that goes to the whole one for the means of regions.

    Parameters
    ----------
    engine
        For the coarse recording.
    view
        Of the whole one.
    coarse
        The regions of the view on the grid, in the same order.
    """

    def __init__(self, engine: Engine, view: View, coarse: Sequence[Region]) -> None:
        self.name = engine.name
        self._engine = engine
        self._view = view
        self._whole = {_key(DrawnGroups.of((a,)), 0): b for a, b in zip(coarse, view.context.regions, strict=True)}

    def facts(self) -> EngineFacts:
        """See `Engine.facts`."""
        return self._engine.facts()

    def plan(self, recording: Recording, *, halo: Box = (0, 0, 0)) -> list[Block]:
        """A block for each core: there is little to do."""
        cores = self._engine.facts().cores
        return plan_blocks(recording.shape, recording.dtype.itemsize, at_least=cores, halo=halo)

    def map(
        self, function: BlockFunction, recording: Recording, blocks: Sequence[Block], job: Job
    ) -> Iterator[tuple[Block, Answer]]:
        """See `Engine.map`."""
        return self._engine.map(function, recording, blocks, job, keep=False)

    def reduce(
        self, function: BlockFunction, merge: Merge, recording: Recording, blocks: Sequence[Block], job: Job
    ) -> Answer:
        """See `Engine.reduce`."""
        if isinstance(function, MeansWork) and isinstance(function.groups, DrawnGroups):
            return self._in_full(function, function.groups, merge, job)
        return self._engine.reduce(function, merge, recording, blocks, job, keep=False)

    def _in_full(self, function: MeansWork, coarse: DrawnGroups, merge: Merge, job: Job) -> Answer:
        view = self._view
        groups = DrawnGroups.of(tuple(self._whole[_key(coarse, i)] for i in range(coarse.n_groups)))
        blocks, series = view.engine.plan(view.recording), function.series
        if view.mask is not None:
            blocks, within = cut(view.mask, blocks)
            series = dataclasses.replace(series, within=within)
        blocks = [block for block in blocks if len(groups.members(block)[0])]
        work = MeansWork(series, groups, function.n_frames)
        if not blocks:
            return {"total": np.zeros((groups.n_groups, function.n_frames)), "count": np.zeros(groups.n_groups)}
        return view.engine.reduce(work, merge, view.recording, blocks, job)


def _key(groups: DrawnGroups, i: int) -> tuple[object, ...]:
    return groups.names[i], groups.boxes[i], groups.packed[i]

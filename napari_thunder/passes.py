"""What an analysis and the steps before it ask of the whole brain, and its answers by an engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from napari_thunder.analysis.blockwise import ReduceWork, SampleWork
from napari_thunder.analysis.groups import MeansWork, add
from napari_thunder.analysis.protocol import Answer, Context, Means, Reduce, Request, Sample, Step
from napari_thunder.analysis.slabs import SeriesOf, Spatial
from napari_thunder.analysis.statistics import varies
from napari_thunder.blocks import Block, Box
from napari_thunder.engine import Engine, Job
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.masks import cut
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, region_of_mask

MOST_SAMPLE_BYTES = 64 * 2**20
"""Series of a sample that would take more are not read."""

_FRESH = (0, 0, 0)


@dataclass
class Passes:
    """A recording, its preprocessing as far as it is bound, and an engine to go over it.

    Parameters
    ----------
    recording, engine, job
        As of `run`.
    mask
        The voxels that take part; None for all.
    context
        What is known of the series after the steps that are bound.
    """

    recording: Recording
    engine: Engine
    job: Job
    mask: Region | None
    context: Context
    series: SeriesOf = field(init=False)

    def __post_init__(self) -> None:
        keep = self.recording.keep
        self.series = SeriesOf(None if keep.all() else np.flatnonzero(keep), ())

    def bind(self, steps: Sequence[Step]) -> None:
        """Put steps behind those that are bound; a step may ask for passes over what is before it.

        Raises
        ------
        ThunderError
            If a step cannot be done with what the recording has.
        """
        for step in steps:
            function = self.answered(step.bind(self.context))
            halo = getattr(step, "halo", None)
            bound = function if halo is None else Spatial(function, halo(self.context))
            self.series = dataclasses.replace(self.series, steps=(*self.series.steps, bound))
            self.context = getattr(step, "after", _same)(self.context)

    def answered(self, plan: Any) -> Any:
        """What a generator of requests returns in the end, each of them answered; anything else as it is."""
        if not isinstance(plan, Generator):
            return plan
        with ONE_BLAS_THREAD:
            return self._led_through(plan)

    def _led_through(self, plan: Generator[Request, Answer, Any]) -> Any:
        answer: Answer | None = None
        while True:
            try:
                wanted = plan.send(cast("Answer", answer))  # the first send must be None
            except StopIteration as end:
                return end.value
            answer = None  # the plan keeps what it still needs of it
            with self.job.stage(self.job.fraction, (1 + self.job.fraction) / 2, wanted.title):
                answer = self._answer(wanted)

    def blocks(self, halo: Box | None = None) -> tuple[list[Block], SeriesOf]:
        """The blocks that take part, with such a halo beside that of the preprocessing, and their series."""
        return self._blocks(self.mask, halo or _FRESH)

    def _blocks(self, mask: Region | None, halo: Box = _FRESH) -> tuple[list[Block], SeriesOf]:
        z, y, x = (a + b for a, b in zip(halo, self.series.halo, strict=True))
        blocks = (
            self.engine.plan(self.recording, halo=(z, y, x))
            if (z, y, x) != _FRESH
            else self.engine.plan(self.recording)
        )
        if mask is None:
            return blocks, self.series
        blocks, within = cut(mask, blocks)
        return blocks, dataclasses.replace(self.series, within=within)

    def _answer(self, wanted: Request) -> Answer:
        if isinstance(wanted, Reduce):
            blocks, series = self.blocks()
            work = ReduceWork(series, wanted)
            return self.engine.reduce(work, wanted.merge, self.recording, blocks, self.job)
        return self._sample(wanted) if isinstance(wanted, Sample) else self._means(wanted)

    def _sample(self, wanted: Sample) -> Answer:
        space = self.recording.shape[1:]
        inside = np.arange(np.prod(space)) if self.mask is None else _numbers(self.mask)
        rng = np.random.default_rng(wanted.seed)
        kind, n_rows = (np.float64, self.context.n_kept) if wanted.kept is None else (np.float32, wanted.n_rows)
        count = min(wanted.n_voxels, len(inside), max(1, MOST_SAMPLE_BYTES // (np.dtype(kind).itemsize * n_rows)))
        numbers = np.sort(inside[rng.choice(len(inside), count, replace=False, shuffle=False)])
        chosen = np.zeros(space, bool)
        chosen.flat[numbers] = True
        blocks, series = self._blocks(region_of_mask(chosen, "sample", "#ffffff"))
        found = np.full((n_rows, count), np.nan, kind)  # of blocks that a first look leaves out
        for _, answer in self.engine.map(SampleWork(series, space, wanted.kept), self.recording, blocks, self.job):
            found[:, np.searchsorted(numbers, answer["voxels"])] = answer["series"]
        usable = varies(found) if wanted.kept is None else np.isfinite(found).all(axis=0)
        return {"series": found if usable.all() else found[:, usable], "voxels": numbers[usable]}

    def _means(self, wanted: Means) -> Answer:
        blocks, series = self.blocks()
        blocks = [block for block in blocks if len(wanted.groups.members(block)[0])]
        n_groups, n_frames = wanted.groups.n_groups, self.context.n_kept
        summed: Answer = {"total": np.zeros((n_groups, n_frames)), "count": np.zeros(n_groups)}
        if blocks:
            work = MeansWork(series, wanted.groups, n_frames)
            summed = self.engine.reduce(work, add, self.recording, blocks, self.job)
        with np.errstate(all="ignore"):
            mean = summed["total"].T / np.where(summed["count"] > 0, summed["count"], np.nan)
        return {"series": mean, "n_voxels": summed["count"].astype(np.intp)}


def _same(context: Context) -> Context:
    return context


def _numbers(mask: Region) -> np.ndarray[Any, np.dtype[np.intp]]:
    full = np.zeros(mask.volume, bool)
    full[mask.box] = mask.mask
    return np.flatnonzero(full)

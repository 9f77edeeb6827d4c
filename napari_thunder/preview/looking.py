"""How a first look is had: by few voxels where they do, by few blocks where voxels need their neighbours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import xarray as xr

from napari_thunder.analysis.protocol import Analysis, Context, MapStep, Step
from napari_thunder.analysis.registry import parse_step
from napari_thunder.chaining import said_of_features
from napari_thunder.engine import Engine, Job
from napari_thunder.masks import MaskLike, RegionsLike, mask_for, regions_of
from napari_thunder.pipeline import Partial, context_of, default_engine, with_tables_read
from napari_thunder.preview.few_blocks import by_few_blocks
from napari_thunder.preview.few_voxels import by_few_voxels
from napari_thunder.preview.view import View
from napari_thunder.recording import Recording


def preview(
    analysis: Analysis,
    recording: Recording,
    *,
    engine: Engine | None = None,
    preprocess: Sequence[Step | str] = (),
    mask: MaskLike | None = None,
    regions: RegionsLike = (),
    seconds: float = 1.5,
    seed: int = 0,
    job: Job | None = None,
) -> xr.Dataset:
    """Run an analysis on few voxels, chosen at random all over the brain, as many of them as come in time.

    The brain is cut into cells of a coarse grid, and each is stood for by one of its voxels, chosen at random. The
    voxels' series come from blocks scattered over the brain, through the engine; the analysis runs here. What sums over
    the brain (principal components, adjusted p, the global signal) takes these voxels for the brain. The mean series of
    regions are those of all their voxels, as in a full run. An analysis or a step that needs neighbours runs on whole
    blocks scattered over the brain instead.

    Parameters
    ----------
    analysis, recording, engine, preprocess, mask, regions, job
        As in `run`.
    seconds
        How long to gather series. One block is waited for in any case, and the series of regions.
    seed
        Which voxels are chosen.

    Returns
    -------
    xarray.Dataset
        As of `run`, with maps on the coarse grid: coordinates z, y, x are the middles of its cells; or, of whole
        blocks, on the grid of voxels. NaN where a series did not come in time. `attrs["preview"]` says how many voxels
        of how many it is made of, and `attrs["preview_estimates"]` what they tell of the whole brain, with intervals of
        95 % (only where voxels are chosen at random, one by one). It has no provenance and cannot be saved.

    Raises
    ------
    ThunderError
        As in `run`.
    """
    steps = tuple(parse_step(step) for step in preprocess)
    region = mask_for(mask, recording)
    drawn = regions_of(regions, recording.shape[1:])
    job = job or Job(f"preview of {type(analysis).title} of {recording.name}")
    context = context_of(recording, drawn)
    view = View(analysis, recording, engine or default_engine(), steps, region, context, seconds, seed, job)
    with job.running(), said_of_features(recording):
        needs_neighbours = _check(view)
        found = None if needs_neighbours else by_few_voxels(view)
        return by_few_blocks(view) if found is None else found


def look(analysis: Analysis, recording: Recording, **given: Any) -> Iterator[Partial]:
    """The same as a stream of one partial result, the finished one."""
    yield Partial(preview(analysis, recording, **given), 1, 1, done=True)


def _check(view: View) -> bool:
    """Whether neighbours are needed, as far as that is known before anything is read.

    Raises
    ------
    ThunderError
        If something cannot be done.
    """
    context: Context = view.context
    for step in view.steps:
        step.bind(context)
        after = getattr(step, "after", None)
        context = context if after is None else after(context)
    plan = with_tables_read(view.analysis, context.n_frames).plan(dataclasses.replace(context))
    spatial = any(hasattr(step, "halo") for step in view.steps)
    return spatial or (isinstance(plan, MapStep) and plan.halo is not None)

"""Recording + preprocessing + analysis + engine → result."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from napari_thunder.analysis.blockwise import MapWork
from napari_thunder.analysis.groups import painted
from napari_thunder.analysis.protocol import Analysis, Answer, Context, LastStep, MapStep, PaintStep, Step
from napari_thunder.analysis.registry import parse_step
from napari_thunder.analysis.slabs import SeriesOf
from napari_thunder.blocks import Block
from napari_thunder.chaining import said_of_features, with_features
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.errors import AnalysisError
from napari_thunder.events import read_design
from napari_thunder.io.features import SPACE
from napari_thunder.masks import MaskLike, RegionsLike, mask_for, regions_of
from napari_thunder.parameters import parameters, snake_case
from napari_thunder.passes import Passes
from napari_thunder.provenance import Places, provenance_of
from napari_thunder.recording import Recording
from napari_thunder.regions import Region

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Partial:
    """A result on its way.

    Parameters
    ----------
    dataset
        The maps, NaN where not computed yet. The same object every time, filled in place until `done`.
    blocks_done, n_blocks
        How far it is.
    box
        Where (z, y, x) the maps changed since the last one, or None at the start and the end.
    done
        Whether this is the finished result.
    """

    dataset: xr.Dataset
    blocks_done: int
    n_blocks: int
    box: tuple[slice, slice, slice] | None = None
    done: bool = False


def run(
    analysis: Analysis,
    recording: Recording,
    *,
    engine: Engine | None = None,
    preprocess: Sequence[Step | str] = (),
    mask: MaskLike | None = None,
    regions: RegionsLike = (),
    job: Job | None = None,
) -> xr.Dataset:
    """Run an analysis over a whole recording.

    Parameters
    ----------
    analysis
        Such as `Regression(events_by=("direction",))`.
    recording
        From `open`, `simulate` or `Recording.from_array`.
    engine
        From `connect`; threads of this process when left out.
    preprocess
        Steps in order, such as `DeltaFOverF(percentile=20)` or the text `"delta_f_over_f percentile=20"`.
    mask
        Look at these voxels only: a `Region`, an array (z, y, x) that is not 0 there, or the path of a file of regions
        or labels. The others are not computed and are NaN; they count neither in sums over the brain nor in adjusted
        p. Blocks without any are not read.
    regions
        Regions whose activity the analysis asks for: several `Region`, or the path of a file of regions or labels.
    job
        To watch and to cancel it.

    Returns
    -------
    xarray.Dataset
        Maps (…, z, y, x) float32, NaN where they cannot be estimated, and curves; with provenance in its attributes.

    Raises
    ------
    ThunderError
        With a message that says what to do.
    """
    *_, last = stream(analysis, recording, engine=engine, preprocess=preprocess, mask=mask, regions=regions, job=job)
    return last.dataset


def stream(
    analysis: Analysis,
    recording: Recording,
    *,
    engine: Engine | None = None,
    preprocess: Sequence[Step | str] = (),
    mask: MaskLike | None = None,
    regions: RegionsLike = (),
    job: Job | None = None,
) -> Iterator[Partial]:
    """Run an analysis and yield its result as it fills in; parameters as in `run`.

    Yields
    ------
    Partial
        First the empty maps, then one for each block, then the finished result.
    """
    engine = engine or default_engine()
    job = job or Job(f"{type(analysis).title} of {recording.name}")
    steps = tuple(parse_step(step) for step in preprocess)
    with job.running(), said_of_features(recording):
        region = mask_for(mask, recording)
        drawn = regions_of(regions, recording.shape[1:])
        passes = Passes(recording, engine, job, region, context_of(recording, drawn))
        passes.bind(steps)
        analysis = with_tables_read(analysis, passes.context.n_frames)
        final: LastStep = passes.answered(analysis.plan(passes.context))
        yield from filled_in(final, analysis, steps, passes)


def filled_in(final: LastStep, analysis: Analysis, steps: Sequence[Step], passes: Passes) -> Iterator[Partial]:
    """Carry out the last step of a plan, and yield the result as it fills in."""
    recording, job, region = passes.recording, passes.job, passes.mask
    blocks, series = passes.blocks(final.halo if isinstance(final, MapStep) else None)
    dataset = _empty(final, recording, passes.context)
    dataset.attrs |= {"analysis": snake_case(type(analysis).__name__), "title": type(analysis).title}
    if region is not None:
        dataset.attrs |= {"mask": region.name, "n_voxels_used": region.n_voxels}
    yield Partial(_named(dataset, passes), 0, len(blocks))
    with job.stage(job.fraction, 1.0, "computing maps"):
        for done, (block, answer) in enumerate(_answers(final, series, passes, blocks), 1):
            _fill(dataset, final, block, answer)
            yield Partial(_named(dataset, passes), done, len(blocks), block.box)
    if final.finish is not None:
        dataset = final.finish(dataset)
    for variable in dataset.data_vars.values():
        if variable.dims[-3:] == SPACE:
            variable.attrs.setdefault("n_frames_used", passes.context.n_kept)
    dataset = _named(dataset, passes)
    places = Places(region, passes.context.regions)
    dataset.attrs["provenance"] = provenance_of(analysis, recording, steps, places, passes.engine, job)
    yield Partial(dataset, len(blocks), len(blocks), done=True)


def _named(dataset: xr.Dataset, passes: Passes) -> xr.Dataset:
    context = passes.context
    return with_features(dataset, passes.recording, np.flatnonzero(context.keep), context.n_frames)


def _answers(
    final: LastStep, series: SeriesOf, passes: Passes, blocks: Sequence[Block]
) -> Iterator[tuple[Block, Answer]]:
    if isinstance(final, MapStep):
        work = MapWork(series, final.compute, final.halo)
        return passes.engine.map(work, passes.recording, blocks, passes.job)
    return ((block, _painted(final, block)) for block in blocks)


def _painted(final: PaintStep, block: Block) -> Answer:
    return {name: painted(final.groups, values, block) for name, values in final.values.items()}


@cache
def default_engine() -> Engine:
    """The threads engine that is used when none is given; one for the process."""
    return connect("threads")


def context_of(recording: Recording, regions: tuple[Region, ...] = ()) -> Context:
    """What an analysis may know of a recording beside its voxels."""
    return Context(
        n_frames=recording.shape[0],
        keep=recording.keep,
        frame_times=recording.frame_times,
        events=recording.events,
        signals=recording.signals,
        voxel_size=recording.voxel_size,
        motion=None if recording.shifts is None else recording.shifts.mean,
        space=recording.shape[1:],
        regions=regions,
        name=recording.name,
    )


def with_tables_read(analysis: Made, n_frames: int) -> Made:
    """The analysis with its tables in hand, so that its provenance holds them and not the paths of files."""
    tables = [p.name for p in parameters(type(analysis)) if p.kind == "table"]
    given = {name: getattr(analysis, name) for name in tables}
    read = {
        name: read_design(v, n_frames) for name, v in given.items() if v is not None and not isinstance(v, pd.DataFrame)
    }
    return dataclasses.replace(analysis, **read) if read else analysis  # type: ignore[type-var]


def _empty(step: LastStep, recording: Recording, context: Context) -> xr.Dataset:
    space = recording.shape[1:]
    coords = {**space_coords(recording), **step.coords}
    dataset = xr.Dataset(coords=coords)
    for output in step.outputs:
        sizes = tuple(len(step.coords[dim]) for dim in output.dims)
        empty = np.full((*sizes, *space), np.nan, np.float32)
        attrs: dict[str, Any] = {"long_name": output.long_name, "units": output.units, "role": str(output.role)}
        attrs["n_frames_used"] = context.n_kept
        attrs |= output.attrs
        dataset[output.name] = ((*output.dims, "z", "y", "x"), empty, attrs)
    for name, (dims, values, attrs) in step.curves.items():
        if "frame" in dims and "frame" not in dataset.coords:
            dataset = dataset.assign_coords(_frame_coords(context))
        dataset[name] = (dims, values, attrs)
    dataset.attrs["n_frames_used"] = context.n_kept
    return dataset


def space_coords(recording: Recording) -> Mapping[str, Any]:
    """Coordinates z, y, x of a map: µm from the first voxel, or voxel numbers if the voxel size is not known."""
    step = recording.voxel_size or (1.0, 1.0, 1.0)
    units = "um" if recording.voxel_size else "pixel"
    return {
        axis: (axis, np.arange(n) * size, {"units": units})
        for axis, n, size in zip("zyx", recording.shape[1:], step, strict=True)
    }


def _frame_coords(context: Context) -> Mapping[str, Any]:
    kept = np.flatnonzero(context.keep)
    coords: dict[str, Any] = {"frame": ("frame", kept)}
    if context.frame_times is not None:
        coords["time"] = ("frame", context.frame_times[kept], {"units": "s"})
    return coords


def _fill(dataset: xr.Dataset, step: LastStep, block: Block, answer: Answer) -> None:
    for output in step.outputs:
        if output.name not in answer:
            raise AnalysisError(f"The analysis promised a map {output.name!r} but did not compute it.")
        dataset[output.name].values[(..., *block.box)] = answer[output.name]

"""Recording + preprocessing + analysis + engine → result."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.blockwise import MapWork, ReduceWork, SeriesOf
from napari_thunder.analysis.protocol import Analysis, Answer, Context, MapStep, Step
from napari_thunder.analysis.registry import parse_step
from napari_thunder.blocks import Block
from napari_thunder.engine import Engine, Job, connect
from napari_thunder.errors import AnalysisError
from napari_thunder.events import read_design
from napari_thunder.masks import MaskLike, cut, mask_for
from napari_thunder.parameters import parameters, snake_case
from napari_thunder.provenance import provenance_of
from napari_thunder.recording import Recording

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
    *_, last = stream(analysis, recording, engine=engine, preprocess=preprocess, mask=mask, job=job)
    return last.dataset


def stream(
    analysis: Analysis,
    recording: Recording,
    *,
    engine: Engine | None = None,
    preprocess: Sequence[Step | str] = (),
    mask: MaskLike | None = None,
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
    analysis = _with_tables_read(analysis, recording.shape[0])
    steps = tuple(parse_step(step) for step in preprocess)
    context = context_of(recording)
    bound = tuple(step.bind(context) for step in steps)
    with job.running():
        region = mask_for(mask, recording)
        blocks, within = engine.plan(recording), None
        if region is not None:
            blocks, within = cut(region, blocks)
        series = SeriesOf(None if recording.keep.all() else np.flatnonzero(recording.keep), bound, within)
        final = _gather(analysis, context, series, engine, recording, blocks, job)
        dataset = _empty(final, recording)
        dataset.attrs |= {"analysis": snake_case(type(analysis).__name__), "title": type(analysis).title}
        if region is not None:
            dataset.attrs |= {"mask": region.name, "n_voxels_used": region.n_voxels}
        yield Partial(dataset, 0, len(blocks))
        with job.stage(job.fraction, 1.0, "computing maps"):
            answers = engine.map(MapWork(series, final.compute), recording, blocks, job)
            for done, (block, answer) in enumerate(answers, 1):
                _fill(dataset, final, block, answer)
                yield Partial(dataset, done, len(blocks), block.box)
        if final.finish is not None:
            dataset = final.finish(dataset)
        dataset.attrs["provenance"] = provenance_of(analysis, recording, steps, region, engine, job)
        yield Partial(dataset, len(blocks), len(blocks), done=True)


@cache
def default_engine() -> Engine:
    """The threads engine that is used when none is given; one for the process."""
    return connect("threads")


def context_of(recording: Recording) -> Context:
    """What an analysis may know of a recording beside its voxels."""
    return Context(
        n_frames=recording.shape[0],
        keep=recording.keep,
        frame_times=recording.frame_times,
        events=recording.events,
        signals=recording.signals,
        voxel_size=recording.voxel_size,
        motion=None if recording.shifts is None else recording.shifts.mean,
        name=recording.name,
    )


def _gather(
    analysis: Analysis,
    context: Context,
    series: SeriesOf,
    engine: Engine,
    recording: Recording,
    blocks: Sequence[Block],
    job: Job,
) -> MapStep:
    """Do the passes over the brain that a plan asks for, and return its last step."""
    plan = analysis.plan(context)
    if not isinstance(plan, Generator):
        return plan
    answer: Answer | None = None
    while True:
        try:
            wanted = plan.send(answer)  # type: ignore[arg-type]  # the first send must be None
        except StopIteration as end:
            final: MapStep = end.value
            return final
        with job.stage(job.fraction, (1 + job.fraction) / 2, wanted.title):
            answer = engine.reduce(ReduceWork(series, wanted), wanted.merge, recording, blocks, job)


def _with_tables_read(analysis: Made, n_frames: int) -> Made:
    """The analysis with its tables in hand, so that its provenance holds them and not the paths of files."""
    tables = [p.name for p in parameters(type(analysis)) if p.kind == "table"]
    given = {name: getattr(analysis, name) for name in tables}
    read = {
        name: read_design(v, n_frames) for name, v in given.items() if v is not None and not isinstance(v, pd.DataFrame)
    }
    return dataclasses.replace(analysis, **read) if read else analysis  # type: ignore[type-var]


def _empty(step: MapStep, recording: Recording) -> xr.Dataset:
    space = recording.shape[1:]
    coords = {**space_coords(recording), **step.coords}
    dataset = xr.Dataset(coords=coords)
    for output in step.outputs:
        sizes = tuple(len(step.coords[dim]) for dim in output.dims)
        empty = np.full((*sizes, *space), np.nan, np.float32)
        attrs = {"long_name": output.long_name, "units": output.units, "role": str(output.role)}
        dataset[output.name] = ((*output.dims, "z", "y", "x"), empty, attrs)
    kept = np.flatnonzero(recording.keep)
    for name, (dims, values, attrs) in step.curves.items():
        if "frame" in dims and "frame" not in dataset.coords:
            dataset = dataset.assign_coords(_frame_coords(recording, kept))
        dataset[name] = (dims, values, attrs)
    dataset.attrs["n_frames_used"] = len(kept)
    return dataset


def space_coords(recording: Recording) -> Mapping[str, Any]:
    """Coordinates z, y, x of a map: µm from the first voxel, or voxel numbers if the voxel size is not known."""
    step = recording.voxel_size or (1.0, 1.0, 1.0)
    units = "um" if recording.voxel_size else "pixel"
    return {
        axis: (axis, np.arange(n) * size, {"units": units})
        for axis, n, size in zip("zyx", recording.shape[1:], step, strict=True)
    }


def _frame_coords(recording: Recording, kept: NDArray[np.intp]) -> Mapping[str, Any]:
    coords: dict[str, Any] = {"frame": ("frame", kept)}
    if recording.frame_times is not None:
        coords["time"] = ("frame", recording.frame_times[kept], {"units": "s"})
    return coords


def _fill(dataset: xr.Dataset, step: MapStep, block: Block, answer: Answer) -> None:
    for output in step.outputs:
        if output.name not in answer:
            raise AnalysisError(f"The analysis promised a map {output.name!r} but did not compute it.")
        dataset[output.name].values[(..., *block.box)] = answer[output.name]

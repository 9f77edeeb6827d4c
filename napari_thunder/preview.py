"""A first look within two seconds: the analysis of few voxels on a coarse grid."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.grid import GatherSeries, Grid
from napari_thunder.analysis.protocol import Analysis, Array, Step
from napari_thunder.blocks import Block, Box
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import AnalysisError, JobCancelled
from napari_thunder.masks import MaskLike, RegionsLike, cut, mask_for, regions_of
from napari_thunder.pipeline import Partial, context_of, default_engine, run, space_coords
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, region_of_mask

MOST_VOXELS = 4000
MOST_BYTES = 128 * 2**20

_SPARED = 4
"""Planes are left out only where they lie closer than this share of the distance between voxels of a plane."""

_SPACE = ("z", "y", "x")

_BATCH = 4
"""Blocks for each core that are asked for together."""

_PATIENCE = 1.2
"""After so many times the time given, a batch that is not done is left where it is."""


def preview(
    analysis: Analysis,
    recording: Recording,
    *,
    engine: Engine | None = None,
    preprocess: Sequence[Step | str] = (),
    mask: MaskLike | None = None,
    regions: RegionsLike = (),
    seconds: float = 1.5,
    job: Job | None = None,
) -> xr.Dataset:
    """Run an analysis on voxels of a coarse grid, as many of them as come in time.

    The voxels' series come from blocks scattered over the brain, through the engine; the analysis runs here.
    What sums over the brain (principal components, adjusted p) takes the voxels of the grid for the brain.

    Parameters
    ----------
    analysis, recording, engine, preprocess, mask, regions, job
        As in `run`.
    seconds
        How long to gather series. One block is waited for in any case.

    Returns
    -------
    xarray.Dataset
        As of `run`, with maps on the coarse grid: coordinates z, y, x are the middles of its cells, NaN where a series
        did not come in time. `attrs["preview"]` says how many voxels of how many it is made of. It has no provenance
        and cannot be saved.

    Raises
    ------
    ThunderError
        As in `run`.
    """
    engine = engine or default_engine()
    job = job or Job(f"preview of {type(analysis).title} of {recording.name}")
    drawn = regions_of(regions, recording.shape[1:])
    analysis.plan(context_of(recording, drawn))  # what cannot be done is said before anything is read
    with job.running():
        region = mask_for(mask, recording)
        grid = grid_of(recording, region)
        with job.stage(0.0, 0.7, "looking at few voxels"):
            series, cells = _gather(recording, engine, grid, region, seconds, job)
        with job.stage(0.7, 1.0, "computing maps"):
            few = [_few(region, grid, cells) for region in drawn]
            result = run(analysis, _recording_of(series, recording), preprocess=preprocess, regions=few, job=job)
        return _laid_out(result, grid, cells, recording, region)


def look(analysis: Analysis, recording: Recording, **given: Any) -> Iterator[Partial]:
    """The same as a stream of one partial result, the finished one."""
    yield Partial(preview(analysis, recording, **given), 1, 1, done=True)


def grid_of(recording: Recording, mask: Region | None = None) -> Grid:
    """The finest grid of about equal distances in µm whose voxels (those in the mask) are few enough."""
    volume, size = recording.shape[1:], recording.voxel_size or (1.0, 1.0, 1.0)
    most = max(1, min(MOST_VOXELS, MOST_BYTES // (recording.shape[0] * recording.dtype.itemsize)))
    distance = 1.0
    while True:
        grid = Grid(volume, _steps(distance * min(size[1:]), size, volume))
        if _count(grid, mask) <= most or grid.shape == (1, 1, 1):
            return grid
        distance = max(distance + 1, math.floor(1.1 * distance))


def scattered(blocks: Sequence[Block]) -> list[Block]:
    """Blocks in an order in which the first few lie all over the volume: bits of their places interleaved, reversed."""
    places = [_ranks([block.start[axis] for block in blocks]) for axis in range(3)]
    bits = max(1, max(max(along) for along in places).bit_length())

    def backwards(place: tuple[int, ...]) -> int:
        return sum(
            (n >> bit & 1) << ((bits - 1 - bit) * 3 + axis) for axis, n in enumerate(place) for bit in range(bits)
        )

    order = sorted(range(len(blocks)), key=lambda i: backwards(tuple(along[i] for along in places)))
    return [blocks[i] for i in order]


def _steps(distance: float, size: tuple[float, float, float], volume: Box) -> Box:
    """Size (z, y, x) of a cell in voxels for a distance in µm."""
    wanted = (distance / (_SPARED * size[0]), distance / size[1], distance / size[2])
    z, y, x = (min(n, max(1, round(step))) for step, n in zip(wanted, volume, strict=True))
    return z, y, x


def _count(grid: Grid, mask: Region | None) -> int:
    if mask is None:
        return math.prod(grid.shape)
    inside = []
    for axis, (low, n) in enumerate(zip(mask.corner, mask.mask.shape, strict=True)):
        voxels = grid.voxels(axis) - low
        inside.append(voxels[(voxels >= 0) & (voxels < n)])
    return int(np.count_nonzero(mask.mask[np.ix_(*inside)]))


def _gather(
    recording: Recording, engine: Engine, grid: Grid, region: Region | None, seconds: float, job: Job
) -> tuple[Array, NDArray[np.intp]]:
    """Series (t, n) that came in time, and the cells they stand for."""
    blocks, within = engine.plan(recording), None
    if region is not None:
        blocks, within = cut(region, blocks)
    blocks = scattered([block for block in blocks if len(grid.within(block)[0])])
    found: list[dict[str, Array]] = []
    with suppress(JobCancelled), _deadline(_PATIENCE * seconds, job) as gathering:
        for batch in _batches(blocks, _BATCH * engine.facts().cores, seconds):
            for _, answer in engine.map(GatherSeries(grid, within), recording, batch, gathering):
                found.append(answer)
                gathering.enough |= len(answer["cells"]) > 0
                job.advance(len(found) / len(blocks))
    job.check()
    if not gathering.enough:
        raise AnalysisError(
            f"{recording.name}: no voxel of the coarse grid lies in this mask. Run the analysis in full instead."
        )
    series = np.concatenate([answer["series"] for answer in found], axis=1)
    return series, np.concatenate([answer["cells"] for answer in found])


def _batches(blocks: Sequence[Block], size: int, seconds: float) -> Iterator[Sequence[Block]]:
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
        if now - start + longest > _PATIENCE * seconds:
            return


class _Gathering(Job):
    """A job that is cancelled when the time is over, unless nothing came yet."""

    enough = False

    def stop(self) -> None:
        if self.enough:
            self.cancel()


@contextmanager
def _deadline(seconds: float, job: Job) -> Iterator[_Gathering]:
    gathering = _Gathering(job.title)
    timer = Timer(seconds, gathering.stop)
    timer.daemon = True
    timer.name = "thunder-deadline"
    timer.start()
    try:
        with job.on_cancel(gathering.cancel), gathering.running():
            yield gathering
    finally:
        timer.cancel()


def _recording_of(series: Array, recording: Recording) -> Recording:
    """The recording with these series (t, n) for its voxels."""
    return Recording.from_array(
        series[:, None, None, :],
        name=recording.name,
        voxel_size=recording.voxel_size,
        frame_times=recording.frame_times,
        events=recording.events,
        signals=recording.signals,
        exclude_frames=recording.left_out,
    )


def _few(region: Region, grid: Grid, cells: NDArray[np.intp]) -> Region:
    """A region among the voxels that came, which lie in a row."""
    at = np.unravel_index(cells, grid.shape)
    places = [grid.voxels(axis)[cell] - low for axis, (cell, low) in enumerate(zip(at, region.corner, strict=True))]
    bounds = zip(places, region.mask.shape, strict=True)
    near = np.logical_and.reduce([(place >= 0) & (place < n) for place, n in bounds])
    inside = np.zeros(len(cells), bool)
    inside[near] = region.mask[tuple(place[near] for place in places)]
    if not inside.any():
        raise AnalysisError(f"{region.name}: too small for a preview, which looks at few voxels. Run it in full.")
    return region_of_mask(inside[None, None], region.name, region.color)


def _laid_out(
    result: xr.Dataset, grid: Grid, cells: NDArray[np.intp], recording: Recording, region: Region | None
) -> xr.Dataset:
    """Maps (…, 1, 1, n) on their places of the grid."""
    maps = {str(name): v for name, v in result.data_vars.items() if v.dims[-3:] == _SPACE}
    laid = result.drop_vars([*maps, *_SPACE]).assign_coords(_coords(grid, recording))
    for name, variable in maps.items():
        values = np.full((*variable.shape[:-3], math.prod(grid.shape)), np.nan, np.float32)
        values[..., cells] = variable.values[..., 0, 0, :]
        laid[name] = (variable.dims, values.reshape(*variable.shape[:-3], *grid.shape), variable.attrs)
    n_voxels = math.prod(recording.shape[1:]) if region is None else region.n_voxels
    laid.attrs = {name: value for name, value in result.attrs.items() if name != "provenance"}
    laid.attrs |= {"title": f"{result.attrs['title']} (preview)", "n_voxels_used": len(cells)}
    laid.attrs |= {"preview": f"{len(cells):,} of {n_voxels:,} voxels".replace(",", " ")}
    return laid if region is None else laid.assign_attrs(mask=region.name)


def _coords(grid: Grid, recording: Recording) -> dict[str, Any]:
    coords: dict[str, Any] = {}
    for axis, (name, (_, _, attrs)) in enumerate(space_coords(recording).items()):
        size = (recording.voxel_size or (1.0, 1.0, 1.0))[axis]
        coords[name] = (name, grid.middles(axis) * size, attrs | {"step": grid.steps[axis] * size})
    return coords


def _ranks(values: list[int]) -> list[int]:
    """Of each value its place among the different ones."""
    rank = {value: i for i, value in enumerate(sorted(set(values)))}
    return [rank[value] for value in values]

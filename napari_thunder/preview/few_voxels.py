"""A first look at few voxels, chosen at random all over the brain."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.grid import GatherSeries, Grid
from napari_thunder.analysis.protocol import Array, LastStep, MapStep
from napari_thunder.chaining import with_features
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import AnalysisError, JobCancelled
from napari_thunder.masks import cut
from napari_thunder.passes import Passes
from napari_thunder.pipeline import default_engine, filled_in, space_coords, with_tables_read
from napari_thunder.preview.estimates import GROUPS, estimates_of, explained
from napari_thunder.preview.regions_in_full import RegionsInFull, coarse_regions
from napari_thunder.preview.view import PATIENCE, View, in_time, scattered, thousands
from napari_thunder.recording import Recording
from napari_thunder.regions import Region

__all__ = ["MOST_VOXELS", "by_few_voxels", "grid_of", "scattered"]

MOST_VOXELS = 4000
MOST_BYTES = 128 * 2**20

_SPARED = 4
"""Planes are left out only where they lie closer than this share of the distance between voxels of a plane."""

_BATCH = 4
"""Blocks for each core that are asked for together."""

_TIME_FOR_INTERVALS = 0.7
"""In s, that an interval by analysing again may take."""

_LEAST_VOXELS = 100
"""For an interval by leaving some out."""


def by_few_voxels(view: View) -> xr.Dataset | None:
    """The analysis of a coarse recording, each of whose voxels is one of a cell, chosen at random.

    None if it turns out to need neighbours.
    """
    grid = grid_of(view.recording, view.mask, view.seed)
    with view.job.stage(0.0, 0.7, "looking at few voxels"):
        series, cells = _gathered(view, grid)
    with view.job.stage(0.7, 1.0, "computing maps"):
        start = time.monotonic()
        result = _analysed(view, grid, series, cells, view.job)
        if result is None:
            return None
        again = GROUPS * (time.monotonic() - start) < _TIME_FOR_INTERVALS
        return _described(result, view, grid, series, cells, again)


def grid_of(recording: Recording, mask: Region | None = None, seed: int = 0) -> Grid:
    """The finest grid of about equal distances in µm whose voxels (those in the mask) are few enough."""
    volume, size = recording.shape[1:], recording.voxel_size or (1.0, 1.0, 1.0)
    most = max(1, min(MOST_VOXELS, MOST_BYTES // (recording.shape[0] * recording.dtype.itemsize)))
    distance = 1.0
    while True:
        grid = Grid(volume, _steps(distance * min(size[1:]), size, volume), seed)
        if _count(grid, mask, most) <= most or grid.shape == (1, 1, 1):
            return grid
        distance = max(distance + 1, math.floor(1.1 * distance))


def _steps(distance: float, size: tuple[float, float, float], volume: tuple[int, int, int]) -> tuple[int, int, int]:
    """Size (z, y, x) of a cell in voxels for a distance in µm."""
    wanted = (distance / (_SPARED * size[0]), distance / size[1], distance / size[2])
    z, y, x = (min(n, max(1, round(step))) for step, n in zip(wanted, volume, strict=True))
    return z, y, x


def _count(grid: Grid, mask: Region | None, most: int) -> int:
    """Voxels of a grid in a mask; about, where they are far too many to choose them one by one."""
    if mask is None:
        return math.prod(grid.shape)
    expected = mask.n_voxels / math.prod(grid.steps)
    if expected > 2 * most:
        return int(expected)
    _, (z, y, x) = grid.inside(mask.corner, mask.mask.shape)
    return int(np.count_nonzero(mask.mask[z, y, x]))


def _gathered(view: View, grid: Grid) -> tuple[Array, NDArray[np.intp]]:
    """Series (t, n) that came in time, and the cells they stand for."""
    blocks, within = view.engine.plan(view.recording), None
    if view.mask is not None:
        blocks, within = cut(view.mask, blocks)
    blocks = scattered([block for block in blocks if len(grid.within(block)[0])])
    found: list[dict[str, Array]] = []
    with suppress(JobCancelled), _deadline(PATIENCE * view.seconds, view.job) as gathering:
        for batch in in_time(blocks, _BATCH * view.engine.facts().cores, view.seconds):
            for _, answer in view.engine.map(GatherSeries(grid, within), view.recording, batch, gathering):
                found.append(answer)
                gathering.enough |= len(answer["cells"]) > 0
                view.job.advance(len(found) / len(blocks))
    view.job.check()
    if not gathering.enough:
        raise AnalysisError(
            f"{view.recording.name}: no voxel of the coarse grid lies in this mask. Run the analysis in full instead."
        )
    series = np.concatenate([answer["series"] for answer in found], axis=1)
    return series, np.concatenate([answer["cells"] for answer in found])


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


def _analysed(view: View, grid: Grid, series: Array, cells: NDArray[np.intp], job: Job) -> xr.Dataset | None:
    """The result of the coarse recording, or None if it needs neighbours."""
    coarse = _coarse_recording(view.recording, grid, series, cells)
    regions = coarse_regions(view.context.regions, grid)
    context = dataclasses.replace(view.context, space=grid.shape, voxel_size=coarse.voxel_size, regions=regions)
    engine = RegionsInFull(default_engine(), view, regions)
    passes = Passes(coarse, cast("Engine", engine), job, None, context)
    passes.bind(view.steps)
    analysis = with_tables_read(view.analysis, passes.context.n_frames)
    final: LastStep = passes.answered(analysis.plan(passes.context))
    if isinstance(final, MapStep) and final.halo is not None:
        return None
    *_, last = filled_in(final, analysis, view.steps, passes)
    kept, n_frames = np.flatnonzero(passes.context.keep), passes.context.n_frames
    return with_features(last.dataset, view.recording, kept, n_frames)


def _coarse_recording(recording: Recording, grid: Grid, series: Array, cells: NDArray[np.intp]) -> Recording:
    """Cells for voxels; NaN where a series did not come."""
    kind = series.dtype if np.issubdtype(series.dtype, np.floating) else np.float32
    movie = np.full((len(series), math.prod(grid.shape)), np.nan, kind)
    movie[:, cells] = series
    z, y, x = (step * size for step, size in zip(grid.steps, recording.voxel_size or (1.0, 1.0, 1.0), strict=True))
    return Recording.from_array(
        movie.reshape(-1, *grid.shape),
        name=recording.name,
        voxel_size=(z, y, x),
        frame_times=recording.frame_times,
        events=recording.events,
        signals=recording.signals,
        exclude_frames=recording.left_out,
    )


def _described(
    result: xr.Dataset, view: View, grid: Grid, series: Array, cells: NDArray[np.intp], again: bool
) -> xr.Dataset:
    """With its place in the brain, what it is made of, and what it tells of the whole brain."""
    n_voxels = math.prod(view.recording.shape[1:]) if view.mask is None else view.mask.n_voxels
    result = result.assign_coords(_coords(grid, view.recording))
    result.attrs = {name: value for name, value in result.attrs.items() if name != "provenance"}
    result.attrs |= {"title": f"{result.attrs['title']} (preview)", "n_voxels_used": len(cells)}
    result.attrs |= {"preview": f"{thousands(len(cells))} of {thousands(n_voxels)} voxels"}
    estimates = estimates_of(result, len(cells) / n_voxels)
    if again and "explained_variance_ratio" in result and len(cells) >= _LEAST_VOXELS:
        order = np.random.default_rng(view.seed).permutation(len(cells)) % GROUPS

        def without(group: int) -> xr.Dataset:
            left = order != group
            found = _analysed(view, grid, series[:, left], cells[left], Job("interval"))
            assert found is not None
            return found

        with suppress(AnalysisError):  # fewer voxels may have fewer components than were asked for
            estimates.insert(0, explained(result, without))
    result.attrs["preview_estimates"] = estimates
    return result if view.mask is None else result.assign_attrs(mask=view.mask.name)


def _coords(grid: Grid, recording: Recording) -> dict[str, Any]:
    coords: dict[str, Any] = {}
    for axis, (name, (_, _, attrs)) in enumerate(space_coords(recording).items()):
        size = (recording.voxel_size or (1.0, 1.0, 1.0))[axis]
        coords[name] = (name, grid.middles(axis) * size, attrs | {"step": grid.steps[axis] * size})
    return coords

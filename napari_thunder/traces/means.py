"""The mean series of regions, from only those blocks that hold some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegionError
from napari_thunder.regions import Region
from napari_thunder.traces.parts import cut
from napari_thunder.traces.sums import SumParts

if TYPE_CHECKING:
    from napari_thunder.engine import Engine, Job
    from napari_thunder.recording import Recording

Values = NDArray[np.float64]
Voxel = tuple[int, int, int]


def region_of_voxel(voxel: Voxel, volume: Voxel, name: str = "voxel") -> Region:
    """A region of one voxel (z, y, x).

    Raises
    ------
    RegionError
        If it lies outside the volume.
    """
    if not all(0 <= place < n for place, n in zip(voxel, volume, strict=True)):
        raise RegionError(f"{name}: the voxel (z, y, x) {voxel} lies outside the volume of {volume} voxels.")
    return Region(name, "#bbbbbb", volume, voxel, np.ones((1, 1, 1), bool))


def mean_series(regions: Sequence[Region], recording: Recording, engine: Engine, job: Job | None = None) -> Values:
    """The mean over exactly the voxels of each region, at every frame.

    Parameters
    ----------
    regions
        Of the recording's volume.
    recording
        Excluded frames are read like all others.
    engine
        Whose blocks are read: those an analysis has read before are in its cache.
    job
        To watch and to cancel it.

    Returns
    -------
    array
        (regions, t) float64, in units of the movie.

    Raises
    ------
    RegionError
        If a region is not of this volume.
    JobCancelled
        Soon after `job.cancel()`.
    """
    means = np.empty((len(regions), recording.shape[0]))
    for number, series in stream_means(regions, recording, engine, job):
        means[number] = series
    return means


def stream_means(
    regions: Sequence[Region], recording: Recording, engine: Engine, job: Job | None = None
) -> Iterator[tuple[int, Values]]:
    """Yield each region's number and mean series (t,) as soon as its last block is done; as `mean_series`.

    A block that several regions share is read once.
    """
    for region in regions:
        _check(region, recording)
    blocks = engine.plan(recording)
    parts = cut(regions, blocks)
    touched = [block for block in blocks if block.index in parts]
    totals = [_Total() for _ in regions]
    for index, found in parts.items():
        for part in found:
            totals[part.region].expect(index)
    for block, answer in engine.map(SumParts(parts), recording, touched, job):
        for name, share in answer.items():
            number = int(name)
            total = totals[number].add(block.index, share)
            if total is not None:
                yield number, total / regions[number].n_voxels


def _check(region: Region, recording: Recording) -> None:
    if region.volume != recording.shape[1:]:
        raise RegionError(
            f"{region.name}: was drawn in a volume (z, y, x) of {region.volume} voxels, but {recording.name} has "
            f"{recording.shape[1:]}. Draw it on this recording."
        )


class _Total:
    """Adds up a region's shares always in the order of the plan, so that rounding is the same in every run."""

    def __init__(self) -> None:
        self._order: list[int] = []
        self._early: dict[int, Values] = {}
        self._next = 0
        self._so_far: Values | None = None

    def expect(self, index: int) -> None:
        self._order.append(index)

    def add(self, index: int, share: Values) -> Values | None:
        """The total, once nothing is missing."""
        self._early[index] = share
        while self._next < len(self._order) and self._order[self._next] in self._early:
            share = self._early.pop(self._order[self._next])
            self._so_far = share if self._so_far is None else self._so_far + share
            self._next += 1
        return self._so_far if self._next == len(self._order) else None

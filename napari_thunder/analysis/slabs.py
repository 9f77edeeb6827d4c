"""A block's series after preprocessing, in slabs or boxes that fit a processor's cache.

Workers on a cluster import this, so it needs no more than numpy.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Array, Series, SeriesFunction
from napari_thunder.analysis.separable import chunks
from napari_thunder.blocks import Block, Box

_SLAB_BYTES = 2 * 2**20
_BOX_BYTES = 32 * 2**20


Columns = slice | NDArray[np.intp]
"""Voxels of a block, numbered in C order of its box."""

Slices = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class Within:
    """The voxels of each block that take part.

    Parameters
    ----------
    packed
        By the block's index: one bit for each voxel of its box, compressed. A block that is not in it takes part as a
        whole.
    """

    packed: Mapping[int, bytes]

    def voxels(self, block: Block) -> NDArray[np.intp] | None:
        """Those of a block, in C order of its box; None for all."""
        if block.index not in self.packed:
            return None
        bits = np.frombuffer(zlib.decompress(self.packed[block.index]), np.uint8)
        return np.flatnonzero(np.unpackbits(bits, count=block.n_voxels))


@runtime_checkable
class Framewise(Protocol):
    """What a step that needs neighbours does, if it does the same to each frame."""

    def __call__(self, series: Array) -> Array:
        """Boxes of series (t, z, y, x) → boxes of series, which it may change in place."""

    def prepared(self, valid: NDArray[np.bool_], inner: Slices) -> Callable[[Array], Array]:
        """Few frames (t, z, y, x) float64, which it may change → what lies at `inner` of them.

        `valid` (z, y, x): False for voxels with NaN in any frame.
        """


@dataclass(frozen=True, slots=True)
class Spatial:
    """A step that needs neighbours.

    Parameters
    ----------
    function
        Of a box of series (t, z, y, x). If it is a `Framewise` one and the first of the steps, a few frames of a large
        box are worked on at a time, as large boxes have few neighbours beside what is wanted.
    halo
        Voxels (z, y, x) at the edges of the box whose answers need not be right.
    """

    function: Callable[[Array], Array] | Framewise
    halo: Box


@dataclass(frozen=True, slots=True)
class BoxOfSeries:
    """Series of a part of a block with their neighbours.

    Parameters
    ----------
    series
        (t, z, y, x) float64.
    inner
        Where the part lies in it, without neighbours.
    place
        Where the part lies in the block's box.
    """

    series: Series
    inner: Slices
    place: Slices


@dataclass(frozen=True, slots=True)
class SeriesOf:
    """Cuts a block (t, z, y, x) into slabs of preprocessed series (t, voxels) that fit a processor's cache.

    Parameters
    ----------
    frames
        The frames that are kept; None for all.
    steps
        The preprocessing, in order.
    within
        The voxels that take part; None for all.
    """

    frames: NDArray[np.intp] | None
    steps: tuple[SeriesFunction | Spatial, ...]
    within: Within | None = None

    @property
    def halo(self) -> Box:
        """Neighbours (z, y, x) that the preprocessing needs around a block."""
        z, y, x = (sum(step.halo[axis] for step in self.steps if isinstance(step, Spatial)) for axis in range(3))
        return z, y, x

    def slabs(
        self, voxels: Array, block: Block, least: int = 1, only: NDArray[np.intp] | None = None
    ) -> Iterator[tuple[Columns, Series]]:
        """Yield which of the block's voxels a slab has, and their series; of these voxels only, if any are given."""
        chosen = self._chosen(block, only)
        if any(isinstance(step, Spatial) for step in self.steps):
            yield from self._slabs_of_boxes(voxels, block, least, chosen)
            return
        flat = voxels[(slice(None), *block.inner)].reshape(voxels.shape[0], -1)
        count = flat.shape[1] if chosen is None else len(chosen)
        width = max(least, _SLAB_BYTES // (8 * voxels.shape[0]))
        for start in range(0, count, width):
            span = slice(start, min(start + width, count))
            columns = span if chosen is None else chosen[span]
            slab = flat[:, columns] if self.frames is None else flat[:, columns][self.frames]
            series = slab.astype(np.float64)
            for step in self.steps:
                assert not isinstance(step, Spatial)
                series = step(series)
            yield columns, series

    def boxes(self, voxels: Array, block: Block, halo: Box = (0, 0, 0)) -> Iterator[BoxOfSeries]:
        """Yield parts of the block with so many further neighbours, as far as they were read."""
        most = max(1, _BOX_BYTES // (8 * voxels.shape[0]))
        for place in _parts(block.box_shape, most):
            part = tuple(slice(s.start + i.start, s.stop + i.start) for s, i in zip(place, block.inner, strict=True))
            wanted = _wider(part, halo, voxels.shape[1:])
            z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, wanted, strict=True))
            yield BoxOfSeries(self._preprocessed(voxels, wanted), (z, y, x), place)

    def _chosen(self, block: Block, only: NDArray[np.intp] | None) -> NDArray[np.intp] | None:
        chosen = None if self.within is None else self.within.voxels(block)
        if chosen is None or only is None:
            return only if chosen is None else chosen
        return np.intersect1d(chosen, only, assume_unique=True)

    def _preprocessed(self, voxels: Array, wanted: Slices) -> Series:
        """Series of a box of what was read, after all steps; those that need neighbours see them."""
        read = _wider(wanted, self.halo, voxels.shape[1:])
        z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(wanted, read, strict=True))
        part = voxels[(slice(None), *read)]
        if self._begins_framewise():
            return self._in_order(self._by_frames(part, (z, y, x)), self.steps[1:])
        kept = part if self.frames is None else part[self.frames]
        return self._in_order(kept.astype(np.float64), self.steps)[:, z, y, x]

    def _begins_framewise(self) -> bool:
        """Whether the first step works on each frame alone, and is the only one that needs neighbours."""
        spatial = [isinstance(step, Spatial) for step in self.steps]
        first = self.steps[0] if self.steps else None
        return isinstance(first, Spatial) and isinstance(first.function, Framewise) and sum(spatial) == 1

    def _by_frames(self, part: Array, inner: Slices) -> Series:
        """What the first step makes of kept frames, at `inner`; few frames at a time."""
        first = self.steps[0]
        assert isinstance(first, Spatial)
        assert isinstance(first.function, Framewise)
        frames = np.arange(len(part)) if self.frames is None else self.frames
        function = first.function.prepared(_finite(part, frames), inner)
        series = np.empty((len(frames), *(s.stop - s.start for s in inner)))
        for few in chunks(len(frames), math.prod(part.shape[1:])):
            series[few] = function(part[frames[few]].astype(np.float64))
        return series

    def _in_order(self, series: Series, steps: Sequence[SeriesFunction | Spatial]) -> Series:
        space = series.shape[1:]
        for step in steps:
            if isinstance(step, Spatial):
                series = step.function(series)
            else:
                series = step(series.reshape(len(series), -1)).reshape(-1, *space)
        return series

    def _slabs_of_boxes(
        self, voxels: Array, block: Block, least: int, chosen: NDArray[np.intp] | None
    ) -> Iterator[tuple[Columns, Series]]:
        wanted = np.ones(block.n_voxels, bool) if chosen is None else np.zeros(block.n_voxels, bool)
        wanted[chosen] = True
        numbers = np.arange(block.n_voxels).reshape(block.box_shape)
        for part in self.boxes(voxels, block):
            columns = numbers[part.place].ravel()
            here = np.flatnonzero(wanted[columns])
            flat = part.series[(slice(None), *part.inner)].reshape(len(part.series), -1)
            width = max(least, _SLAB_BYTES // (8 * len(flat)))
            for start in range(0, len(here), width):
                span = here[start : start + width]
                yield columns[span], flat[:, span]


def _finite(part: Array, frames: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(z, y, x) True for voxels that are finite in all these frames."""
    if not np.issubdtype(part.dtype, np.inexact):
        return np.ones(part.shape[1:], bool)
    finite = np.ones(part.shape[1:], bool)
    for frame in frames:
        finite &= np.isfinite(part[frame])
    return finite


def _wider(box: tuple[slice, ...], halo: Box, shape: tuple[int, ...]) -> Slices:
    """A box with so many voxels around it, as far as there are."""
    z, y, x = (slice(max(0, s.start - h), min(n, s.stop + h)) for s, h, n in zip(box, halo, shape, strict=True))
    return z, y, x


def _parts(shape: Box, most: int) -> Iterator[Slices]:
    """Cut a box into nearly cubic parts of at most so many voxels."""
    cuts = [1, 1, 1]
    while math.prod(edge := [-(-n // c) for n, c in zip(shape, cuts, strict=True)]) > most:
        cuts[edge.index(max(edge))] += 1
    edges = [np.linspace(0, n, c + 1).astype(int).tolist() for n, c in zip(shape, cuts, strict=True)]
    for z, y, x in itertools.product(*(itertools.pairwise(e) for e in edges)):
        yield slice(*z), slice(*y), slice(*x)

"""One pass over a movie: everything that is a sum over its frames, of all stages at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.registration.apply import REACH, Interpolation, warped
from napari_thunder.registration.quality.grid import Grid
from napari_thunder.registration.quality.stages import REGISTERED, STAGES
from napari_thunder.registration.shifts import Shifts, Space

Answer = dict[str, NDArray[Any]]
Values = NDArray[np.float64]

_BYTES_AT_ONCE = 8 * 2**20
FIRST_EVEN, FIRST_ODD, SECOND_EVEN, SECOND_ODD = range(4)
"""The quarters of the frames of which sums are kept apart: halves of the recording, even and odd frames."""
QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Movies:
    """How to get the frames of each stage from the recorded ones.

    Parameters
    ----------
    control, registered
        Shifts of all frames.
    interpolation
        Of both.
    """

    control: Shifts
    registered: Shifts
    interpolation: Interpolation

    @property
    def halo(self) -> Space:
        """Voxels (z, y, x) around a box that its registered voxels may come from."""
        largest = np.maximum(self.control.largest, self.registered.largest)
        z, y, x = (math.ceil(n) + REACH[self.interpolation] for n in largest)
        return z, y, x

    def frame(self, stage: int, voxels: NDArray[Any], block: Block, t: int) -> NDArray[Any]:
        """The box (z, y, x) of frame `t` (of the whole recording) of a stage, from a block's voxels with their halo."""
        part = voxels[t - block.times[0]]
        if STAGES[stage] == "raw":
            return np.asarray(part[block.inner])
        shifts = self.registered if stage == REGISTERED else self.control
        z, y, x = (s.start for s in block.padded)
        return warped(
            part,
            shifts.values[t],
            shifts.centers,
            origin=(z, y, x),
            box=(block.start, block.stop),
            space=shifts.space,
            interpolation=self.interpolation,
        )


@dataclass(frozen=True, slots=True)
class Segments:
    """The voxels of a box that lie in the region, sorted so that each plane of each block lies together.

    Parameters
    ----------
    order
        (n,) places of the voxels in the box, in C order.
    starts
        (segments,) where each segment begins.
    members
        (segments, planes + blocks) 1 where a segment is part of a plane or block of the whole volume.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    members: Values

    def sums(self, values: NDArray[Any]) -> Values:
        """Sums (…, planes + blocks) of values (…, n)."""
        if len(self.order) == 0:
            return np.zeros((*values.shape[:-1], self.members.shape[1]))
        return np.asarray(np.add.reduceat(values, self.starts, axis=-1) @ self.members)


def segments_of(region: NDArray[np.bool_], block: Block, grid: Grid) -> Segments:
    """The segments of a block's box, where `region` (z, y, x) is of the whole volume."""
    n_planes, n_blocks = region.shape[0], math.prod(grid.shape)
    space: Space = (region.shape[0], region.shape[1], region.shape[2])
    planes = np.broadcast_to(np.arange(n_planes)[:, None, None], space)[block.box].ravel()
    blocks = grid.labels(space)[block.box].ravel()
    inside = np.flatnonzero(region[block.box])
    label = blocks[inside] * n_planes + planes[inside]
    sorting = np.argsort(label, kind="stable")
    names, starts = np.unique(label[sorting], return_index=True)
    members = np.zeros((len(names), n_planes + n_blocks))
    members[np.arange(len(names)), names % n_planes] = 1
    members[np.arange(len(names)), n_planes + names // n_planes] = 1
    return Segments(inside[sorting], starts, members)


@dataclass(frozen=True, slots=True)
class TemplateSums:
    """What a worker does with a frame for the templates: each stage's frame, as a share of a sum."""

    movies: Movies
    order: NDArray[np.intp]

    def __call__(self, voxels: NDArray[Any], block: Block) -> Answer:
        total = np.zeros((len(STAGES), len(self.order)))
        for t in range(*block.times):
            for stage in range(len(STAGES)):
                total[stage] += self.movies.frame(stage, voxels, block, t).ravel()[self.order]
        return {"total": total}


@dataclass(frozen=True, slots=True)
class MovieSums:
    """What a worker does with a stretch of frames of a box.

    Blocks that do not start at frame 0 have the frame before as their first, for the difference to it.

    Parameters
    ----------
    movies
        The stages.
    segments
        The voxels of the box that count.
    template
        (stage, n) of these voxels; frames are looked at as their difference to it.
    weights
        (t, quarters + traces) of all frames: 1 in the frame's quarter, and the centred shift traces; 0 for frames
        that do not count.
    """

    movies: Movies
    segments: Segments
    template: Values
    weights: Values

    def __call__(self, voxels: NDArray[Any], block: Block) -> Answer:
        parts = [self._stage(stage, voxels, block) for stage in range(len(STAGES))]
        answer: Answer = {name: np.stack([part[name] for part in parts]) for name in parts[0] if name != "coverage"}
        first = block.times[0] + (block.times[0] > 0)
        frames = {f"{name}_{first}": answer.pop(name) for name in ("moments", "changes")}
        return answer | frames | {"coverage": parts[REGISTERED]["coverage"]}

    def _stage(self, stage: int, voxels: NDArray[Any], block: Block) -> Answer:
        template = self.template[stage]
        fixed = self.segments.sums(np.stack([np.ones_like(template), template, template**2]))
        sums: Answer = {
            "sums": np.zeros((self.weights.shape[1], len(template))),
            "squares": np.zeros(len(template)),
            "coverage": np.zeros(block.n_voxels, np.uint32),
        }
        moments, changes, last = [], [], None
        for start, stop in self._chunks(block):
            d, seen = self._differences(stage, voxels, block, start, stop)
            own = slice(1, None) if start == block.times[0] > 0 else slice(None)
            changes.append(_changes(d, last)[own])
            last = d[-1:]
            self._add(sums, d[own], seen[own], range(start, stop)[own])
            moments.append(self._moments(d[own], template, fixed))
        return {**sums, "moments": np.concatenate(moments), "changes": np.concatenate(changes)}

    def _chunks(self, block: Block) -> Iterator[tuple[int, int]]:
        length = max(2, _BYTES_AT_ONCE // (8 * max(1, block.n_voxels)))
        return ((a, min(a + length, block.times[1])) for a in range(*block.times, length))

    def _differences(
        self, stage: int, voxels: NDArray[Any], block: Block, start: int, stop: int
    ) -> tuple[Values, NDArray[np.bool_]]:
        """Frames less the template (t, n), NaN where not sampled, and which voxels of the box are sampled."""
        d = np.empty((stop - start, len(self.segments.order)))
        seen = np.ones((stop - start, block.n_voxels), bool)
        for i, t in enumerate(range(start, stop)):
            flat = self.movies.frame(stage, voxels, block, t).ravel()
            np.subtract(flat[self.segments.order], self.template[stage], out=d[i])
            if stage == REGISTERED:
                np.isfinite(flat, out=seen[i])
        return d, seen

    def _add(self, sums: Answer, d: Values, seen: NDArray[np.bool_], frames: range) -> None:
        weights = self.weights[frames.start : frames.stop]
        used = weights[:, :QUARTERS].any(axis=1)
        if not used.all():
            d, seen, weights = d[used], seen[used], weights[used]
        if np.isnan(d).any():
            d = np.nan_to_num(d)
        sums["sums"] += weights.T @ d
        sums["squares"] += np.einsum("tv,tv->v", d, d)
        sums["coverage"] += seen.sum(axis=0, dtype=np.uint32)

    def _moments(self, d: Values, template: Values, fixed: Values) -> Values:
        """(t, planes + blocks, 6) as `correlation` wants them."""
        lost = np.isnan(d)
        n, t, tt = (np.broadcast_to(f, (len(d), f.shape[-1])) for f in fixed)
        if lost.any():
            d = np.where(lost, 0.0, d)
            n, t, tt = (self.segments.sums(np.where(lost, 0.0, v)) for v in (1.0, template, template**2))
        of_d = (self.segments.sums(v) for v in (d, d * d, d * template))
        return np.stack([n, *of_d, t, tt], axis=-1)


def _changes(d: Values, last: Values | None) -> Values:
    """(t, 2) sum of squared differences to the frame before, and the number of voxels; 0 where there is none before."""
    before = np.concatenate([np.full((1, d.shape[1]), np.nan) if last is None else last, d[:-1]])
    step = d - before
    known = np.isfinite(step)
    step[~known] = 0.0
    return np.stack([np.einsum("tv,tv->t", step, step), known.sum(axis=1)], axis=1)


def merge_sums(one: Answer, other: Answer) -> Answer:
    """Sums added up; what is of single frames side by side."""
    merged = dict(one)
    for name, value in other.items():
        of_frames = name.startswith(("moments_", "changes_"))
        merged[name] = value if of_frames or name not in one else one[name] + value
    return merged

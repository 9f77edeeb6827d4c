"""How a movie is cut into blocks: a stretch of time by a box of space, with a halo of neighbours if asked for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

Box = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time by a box of space of a movie of shape (t, z, y, x).

    Parameters
    ----------
    index
        Its place in the plan; also its name in answers.
    times
        First frame and the frame after the last.
    start, stop
        Corners (z, y, x) of the box in voxels, half open.
    before, after
        Voxels (z, y, x) of halo on the low and the high side, already clipped to the volume.
    """

    index: int
    times: tuple[int, int]
    start: Box
    stop: Box
    before: Box = (0, 0, 0)
    after: Box = (0, 0, 0)

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where its answer belongs in a (z, y, x) map."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def padded(self) -> tuple[slice, slice, slice]:
        """What has to be read in (z, y, x): the box and its halo."""
        z, y, x = (
            slice(a - low, b + high)
            for a, b, low, high in zip(self.start, self.stop, self.before, self.after, strict=True)
        )
        return z, y, x

    @property
    def time(self) -> slice:
        """Its frames."""
        return slice(*self.times)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape (t, z, y, x) of what is read, halo included."""
        z, y, x = (s.stop - s.start for s in self.padded)
        return self.times[1] - self.times[0], z, y, x

    @property
    def inner(self) -> tuple[slice, slice, slice]:
        """The box inside what was read, without the halo."""
        z, y, x = (slice(low, low + b - a) for a, b, low in zip(self.start, self.stop, self.before, strict=True))
        return z, y, x

    @property
    def box_shape(self) -> Box:
        """Shape (z, y, x) of its answer."""
        z, y, x = (b - a for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    @property
    def n_voxels(self) -> int:
        """Voxels of its answer, without the halo."""
        return math.prod(self.box_shape)


def plan_blocks(
    shape: tuple[int, int, int, int],
    itemsize: int,
    *,
    chunks: tuple[int, int, int, int] | None = None,
    target_bytes: int = 32 * 2**20,
    at_least: int = 1,
    halo: Box = (0, 0, 0),
) -> list[Block]:
    """Cut a movie into blocks of all time and a box of space.

    Parameters
    ----------
    shape
        Shape (t, z, y, x) of the movie in frames and voxels.
    itemsize
        Bytes of one voxel.
    chunks
        How the movie lies on disk (t, z, y, x); boxes end on chunk borders where they can.
    target_bytes
        A block is not larger than this where the chunks allow it.
    at_least
        Cut into this many blocks at least, so that every worker has some (as far as there are voxels).
    halo
        Voxels (z, y, x) of neighbours wanted around each box, clipped at the volume's border.

    Returns
    -------
    list of Block
        In C order of space, without gaps or overlap, numbered from 0.
    """
    voxel_bytes = max(1, shape[0] * itemsize)
    space: Box = shape[1], shape[2], shape[3]
    wanted = max(1, min(target_bytes // voxel_bytes, math.prod(space) // max(1, at_least)))
    edge = _edge(space, chunks[1:] if chunks else (1, 1, 1), wanted)
    boxes = itertools.product(*(_cuts(n, e) for n, e in zip(space, edge, strict=True)))
    blocks = (Block(i, (0, shape[0]), (z[0], y[0], x[0]), (z[1], y[1], x[1])) for i, (z, y, x) in enumerate(boxes))
    return [_with_halo(block, space, halo) for block in blocks]


def plan_stretches(
    shape: tuple[int, int, int, int],
    itemsize: int,
    *,
    chunk: int = 1,
    target_bytes: int = 32 * 2**20,
    at_least: int = 1,
) -> list[Block]:
    """Cut a movie into stretches of time over the whole volume, for what is done volume by volume.

    Parameters
    ----------
    shape, itemsize, target_bytes, at_least
        As in `plan_blocks`.
    chunk
        Frames that lie together on disk; stretches end on their borders, unless that made them far too large.
    """
    t, *space = shape
    volume_bytes = max(1, math.prod(space) * itemsize)
    length = max(1, min(target_bytes // volume_bytes, t // max(1, at_least)))
    if chunk * volume_bytes <= 2 * target_bytes:
        length = max(chunk, length // chunk * chunk)
    return [Block(i, span, (0, 0, 0), (space[0], space[1], space[2])) for i, span in enumerate(_cuts(t, length))]


def _edge(space: Box, chunks: tuple[int, ...], wanted: int) -> Box:
    """Grow a box of whole chunks (x first, then y, then z) until it holds about `wanted` voxels.

    A chunk that is itself too large is cut: along y first, so that rows stay whole, then z, then x.
    """
    edge = [min(c, n) for c, n in zip(chunks, space, strict=True)]
    for axis in (1, 0, 2):
        excess = math.prod(edge) / wanted
        if excess > 1:
            edge[axis] = max(1, math.floor(edge[axis] / excess))
    for axis in (2, 1, 0):
        room = wanted // math.prod(edge)
        if room > 1:
            edge[axis] = min(space[axis], edge[axis] * room)
    return edge[0], edge[1], edge[2]


def _cuts(n: int, length: int) -> Iterator[tuple[int, int]]:
    return ((a, min(a + length, n)) for a in range(0, n, length))


def _with_halo(block: Block, space: Box, halo: Box) -> Block:
    if halo == (0, 0, 0):
        return block
    before = tuple(min(h, a) for h, a in zip(halo, block.start, strict=True))
    after = tuple(min(h, n - b) for h, b, n in zip(halo, block.stop, space, strict=True))
    return replace(block, before=(before[0], before[1], before[2]), after=(after[0], after[1], after[2]))

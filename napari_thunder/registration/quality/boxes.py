"""How a movie is cut so that what is kept of a box of it fits into memory."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.registration.shifts import Space

_FEWEST = 2**19
_BYTES_PER_VOXEL = 200
"""That are kept of a box's voxels for every piece of work under way, of which each core has two."""
_SHARE = 0.25


def affordable_voxels(memory_bytes: int | None, cores: int) -> int:
    """Voxels that a box may have, so that a quarter of the memory of an engine's computers suffices.

    The larger the better: along z, neighbouring boxes read the planes between them twice.
    """
    if memory_bytes is None:
        return _FEWEST
    return max(_FEWEST, int(_SHARE * memory_bytes / (2 * _BYTES_PER_VOXEL * max(1, cores))))


def boxes_of(space: Space, halo: Space, voxels: int) -> list[Block]:
    """Boxes (of no time yet) of whole planes, or of rows of one, that cover a volume, with a halo around each."""
    nz, ny, nx = space
    rows = max(1, min(ny, voxels // nx))
    planes = max(1, min(nz, voxels // (ny * nx))) if rows == ny else 1
    corners = [(z, y) for z in range(0, nz, planes) for y in range(0, ny, rows)]
    return [_box((z, y, 0), (min(z + planes, nz), min(y + rows, ny), nx), space, halo) for z, y in corners]


def in_time(box: Block, stretches: list[tuple[int, int]]) -> list[Block]:
    """A box in each of some stretches of time."""
    return [Block(i, times, box.start, box.stop, box.before, box.after) for i, times in enumerate(stretches)]


def stretches_of(box: Block, volume: Space, n_frames: int, frames_at_once: int) -> list[tuple[int, int]]:
    """Stretches of time that overlap by the frame before, as long as suits an engine.

    Parameters
    ----------
    frames_at_once
        Whole volumes the engine would take at a time; of a smaller box it can take more.
    """
    share = math.prod(volume) / max(1, math.prod(box.shape[1:]))
    length = max(2, int(frames_at_once * share))
    return [(max(0, a - 1), min(a + length, n_frames)) for a in range(0, n_frames, length)]


def single_frames(frames: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Each of these frames as a stretch of its own."""
    return [(int(t), int(t) + 1) for t in frames]


def _box(start: Space, stop: Space, space: Space, halo: Space) -> Block:
    before = tuple(min(h, a) for h, a in zip(halo, start, strict=True))
    after = tuple(min(h, n - b) for h, b, n in zip(halo, stop, space, strict=True))
    return Block(0, (0, 0), start, stop, (before[0], before[1], before[2]), (after[0], after[1], after[2]))

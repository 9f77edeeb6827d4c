"""What a worker does with a block to get its share of the regions' series. Needs no more than numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.traces.parts import Part

Values = NDArray[np.float64]

_GATHERED_BYTES = 2**18


@dataclass(frozen=True, slots=True, eq=False)
class SumParts:
    """Sums a block over the parts of regions in it.

    Parameters
    ----------
    parts
        By the block's index, of all blocks that will be asked for.
    """

    parts: Mapping[int, tuple[Part, ...]]

    def __call__(self, voxels: NDArray[Any], block: Block) -> dict[str, NDArray[Any]]:
        """The sum (t,) over each part, by the region's number in words."""
        inner = voxels[(slice(None), *block.inner)]
        return {str(part.region): sum_over(inner, part) for part in self.parts[block.index]}


def sum_over(voxels: NDArray[Any], part: Part) -> Values:
    """The sum over a part's voxels at each frame.

    Parameters
    ----------
    voxels
        (t, z, y, x), often mapped from a file.
    part
        Which of them.

    Returns
    -------
    array
        (t,) float64.
    """
    mask = part.mask
    inside = voxels[(slice(None), *part.box)]
    if mask.size == 1:
        return inside[:, 0, 0, 0].astype(np.float64)
    chosen = np.flatnonzero(mask)
    n_frames = len(voxels)
    total = np.empty(n_frames)
    step = max(1, _GATHERED_BYTES // (voxels.dtype.itemsize * mask.size))
    for start in range(0, n_frames, step):
        stretch = inside[start : start + step]
        flat = stretch.reshape(len(stretch), -1)
        gathered = flat if len(chosen) == mask.size else flat.take(chosen, axis=1)
        total[start : start + step] = gathered.sum(axis=1, dtype=np.float64)
    return total

"""What a worker does with a block to get its share of the regions' series. Needs no more than numpy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.traces.parts import Part

if TYPE_CHECKING:
    from napari_thunder.regions import Mask

Values = NDArray[np.float64]

_STRETCH_BYTES = 2**18
"""What is summed at a time: it stays in a processor's cache."""


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
    total = np.empty(len(voxels))
    step = max(1, _STRETCH_BYTES // (voxels.dtype.itemsize * mask.size))
    sum_of = _weighed(mask) if _is_dense(mask, voxels.dtype) else _gathered(mask)
    for start in range(0, len(voxels), step):
        stretch = inside[start : start + step]
        total[start : start + step] = sum_of(stretch.reshape(len(stretch), -1))
    return total


def _is_dense(mask: Mask, dtype: np.dtype[Any]) -> bool:
    """Whether it is faster to weigh all voxels than to gather some.

    Only whole numbers are weighed, whose sums are exact in any order; a NaN beside the part would spoil the others.
    """
    return dtype.kind in "iu" and 4 * int(np.count_nonzero(mask)) > mask.size


def _weighed(mask: Mask) -> Callable[[NDArray[Any]], Values]:
    weights = mask.ravel().astype(np.float64)
    return lambda flat: flat.astype(np.float64) @ weights


def _gathered(mask: Mask) -> Callable[[NDArray[Any]], Values]:
    chosen = np.flatnonzero(mask)
    return lambda flat: flat.take(chosen, axis=1).sum(axis=1, dtype=np.float64)

"""What of each region lies in which block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block

if TYPE_CHECKING:
    from napari_thunder.regions import Box, Mask, Region


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The voxels of a region within a block, a bit each, so that little of it crosses a wire.

    Parameters
    ----------
    region
        Number of the region.
    start
        Lowest (z, y, x) of its bounding box in the block, halo not counted.
    shape
        (z, y, x) of its bounding box, which is tight.
    bits
        The mask of the bounding box, as `numpy.packbits` has it.
    """

    region: int
    start: Box
    shape: Box
    bits: bytes

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """Where its mask lies in the block."""
        z, y, x = (slice(a, a + n) for a, n in zip(self.start, self.shape, strict=True))
        return z, y, x

    @property
    def mask(self) -> Mask:
        """(z, y, x) bool of its bounding box."""
        count = int(np.prod(self.shape))
        return np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count).astype(bool).reshape(self.shape)


def cut(regions: Sequence[Region], blocks: Sequence[Block]) -> Mapping[int, tuple[Part, ...]]:
    """Cut regions along the borders of blocks.

    Parameters
    ----------
    regions
        Of one volume.
    blocks
        A plan of that volume.

    Returns
    -------
    mapping of int to tuple of Part
        The parts within each block, by the block's `index`, in the order of the plan; blocks without any are left out.
    """
    starts = np.array([block.start for block in blocks])
    stops = np.array([block.stop for block in blocks])
    parts: dict[int, list[Part]] = {}
    for number, region in enumerate(regions):
        low = np.array(region.corner)
        high = low + region.mask.shape
        for place in np.flatnonzero(((starts < high) & (stops > low)).all(axis=1)).tolist():
            part = _part(number, region, starts[place], stops[place])
            if part is not None:
                parts.setdefault(place, []).append(part)
    return {blocks[place].index: tuple(parts[place]) for place in sorted(parts)}


def _part(number: int, region: Region, start: NDArray[Any], stop: NDArray[Any]) -> Part | None:
    corner = np.array(region.corner)
    low, high = np.maximum(start, corner), np.minimum(stop, corner + region.mask.shape)
    mask = region.mask[_box(low - corner, high - corner)]
    found = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if not len(found[0]):
        return None
    first, last = np.array([f[0] for f in found]), np.array([f[-1] for f in found])
    tight = mask[_box(first, last + 1)]
    z, y, x = (low + first - start).tolist()
    return Part(number, (z, y, x), tight.shape, np.packbits(tight).tobytes())


def _box(low: NDArray[Any], high: NDArray[Any]) -> tuple[slice, ...]:
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))

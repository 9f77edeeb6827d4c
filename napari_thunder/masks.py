"""Which blocks of a recording a mask leaves to read, and which voxels of each."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from napari_thunder.analysis.slabs import Within
from napari_thunder.blocks import Block
from napari_thunder.io.regions.mask import MaskLike, RegionsLike, mask_of, regions_of
from napari_thunder.recording import Recording
from napari_thunder.regions import Mask, Region

__all__ = ["MaskLike", "RegionsLike", "cut", "mask_for", "mask_of", "regions_of"]


def mask_for(given: MaskLike | None, recording: Recording) -> Region | None:
    """What an analysis is restricted to: the mask it is given, else the recording's own, else nothing."""
    return recording.mask if given is None else mask_of(given, recording.shape[1:])


def cut(mask: Region, blocks: Sequence[Block]) -> tuple[list[Block], Within]:
    """The blocks that have voxels of a mask, and which voxels of each."""
    parts = {block.index: part for block in blocks if (part := _part(mask, block)).any()}
    packed = {index: zlib.compress(np.packbits(part).tobytes()) for index, part in parts.items() if not part.all()}
    return [block for block in blocks if block.index in parts], Within(packed)


def _part(mask: Region, block: Block) -> Mask:
    """The mask inside a block (z, y, x)."""
    part = np.zeros(block.box_shape, bool)
    low = [max(a, b) for a, b in zip(block.start, mask.corner, strict=True)]
    high = [min(a, b + n) for a, b, n in zip(block.stop, mask.corner, mask.mask.shape, strict=True)]
    if all(a < b for a, b in zip(low, high, strict=True)):
        inside, of_mask = (
            tuple(slice(a - c, b - c) for a, b, c in zip(low, high, corner, strict=True))
            for corner in (block.start, mask.corner)
        )
        part[inside] = mask.mask[of_mask]
    return part

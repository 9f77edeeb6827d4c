"""What a worker does with a frame of the sample."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.registration.quality.sample import Sample, binned
from napari_thunder.registration.quality.sums import Answer, Movies


@dataclass(frozen=True, slots=True)
class SampledFrame:
    """What a worker does with a sampled frame of a stage: cut it to the region's box, and bin it.

    Parameters
    ----------
    inside
        The region (z, y, x) in the box, one bit for each voxel, compressed.
    """

    movies: Movies
    stage: int
    sample: Sample
    inside: bytes

    def __call__(self, voxels: NDArray[Any], block: Block) -> Answer:
        bits = np.frombuffer(zlib.decompress(self.inside), np.uint8)
        inside = np.unpackbits(bits, count=block.n_voxels).view(bool).reshape(block.box_shape)
        frame = self.movies.frame(self.stage, voxels, block, block.times[0])
        return {"frame": binned(frame, inside, self.sample)}


def packed(inside: NDArray[np.bool_]) -> bytes:
    """A region in a box, as `SampledFrame` wants it."""
    return zlib.compress(np.packbits(inside).tobytes())

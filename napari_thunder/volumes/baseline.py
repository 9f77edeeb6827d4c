"""The baseline volume of a recording, computed by an engine from frames spread over it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.baseline import Baseline
from napari_thunder.blocks import plan_blocks
from napari_thunder.engine import Engine
from napari_thunder.engine.job import Job
from napari_thunder.io.sampled import SampledSource, spread
from napari_thunder.recording import Recording

Array = NDArray[Any]

_FRAMES = 60
_BLOCK_BYTES = 64 * 2**20
_BLOCKS = 4


def baseline_volume(
    recording: Recording, engine: Engine, percentile: float | None = 20.0, *, job: Job | None = None
) -> Array:
    """F0 of each voxel: a percentile over up to 60 frames spread over the recording, or their mean.

    Blocks; only the one volume comes back from the engine.

    Parameters
    ----------
    recording
        Its excluded frames are left out.
    percentile
        0 to 100, interpolated; None for the mean.

    Returns
    -------
    array of float32 (z, y, x)

    Raises
    ------
    JobCancelled
        Soon after `job.cancel()`.
    """
    frames = spread(tuple(int(t) for t in np.flatnonzero(recording.keep)), _FRAMES)
    sampled = Recording(SampledSource(recording.source, frames))
    blocks = plan_blocks(
        sampled.shape,
        sampled.dtype.itemsize,
        chunks=sampled.source.chunks,
        target_bytes=_BLOCK_BYTES,
        at_least=_BLOCKS,
    )
    found = np.full(recording.shape[1:], np.nan, np.float32)
    job = job or Job(f"Baseline of {recording.name}")
    for block, answer in engine.map(Baseline(percentile), sampled, blocks, job):
        found[block.box] = answer["baseline"]
    return found

"""Contrast limits from a few volumes of a recording."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine.job import Job
from napari_thunder.errors import ThunderError
from napari_thunder.recording import Recording
from napari_thunder.regions import Region
from napari_thunder.volumes.reader import DirectReader, VolumeReader

Array = NDArray[Any]

_VOXELS = 200_000
_VALUES = 1_000_000


def contrast_limits(
    recording: Recording,
    *,
    reader: VolumeReader | None = None,
    n_volumes: int = 5,
    percentiles: tuple[float, float] = (1.0, 99.8),
    job: Job | None = None,
) -> tuple[float, float]:
    """Percentiles of a sample of voxels from a few frames spread over the recording.

    Blocks while it reads, so call it from a worker.

    Parameters
    ----------
    recording
        Its excluded frames are left out, and what lies outside its mask.
    reader
        Where the volumes come from; straight from the files when left out.
    n_volumes
        Frames to read.
    percentiles
        Lower and upper, of the finite voxels.
    job
        To cancel it.

    Returns
    -------
    low, high : float
        `low < high`, also for a constant recording or one without a finite voxel.

    Raises
    ------
    RecordingError
        If none of the frames can be read.
    """
    frames = _spread(np.flatnonzero(recording.keep), n_volumes)
    reader = reader or DirectReader(recording)
    samples = _samples(reader, frames, recording.mask, job or Job(f"Contrast of {recording.name}"))
    return limits_of(np.concatenate(samples), percentiles)


def limits_of(values: Array, percentiles: tuple[float, float] = (1.0, 99.8)) -> tuple[float, float]:
    """Percentiles of the finite values (a sample of them when there are many) as `low < high`; (0, 1) without any."""
    sample = _thinned(values, _VALUES)
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(p) for p in np.percentile(finite.astype(np.float64), percentiles))
    if low < high:
        return low, high
    low, high = float(finite.min()), float(finite.max())
    return (low, high) if low < high else (low, low + max(1.0, abs(low) * 1e-3))


def _spread(frames: NDArray[np.intp], n: int) -> list[int]:
    at = (np.arange(n) + 0.5) / n * len(frames)
    return sorted({int(frames[int(i)]) for i in at})


def _samples(reader: VolumeReader, frames: list[int], mask: Region | None, job: Job) -> list[Array]:
    """Voxels of each frame that can be read; one bad frame does not hide the others."""
    samples: list[Array] = []
    trouble: ThunderError | None = None
    for t in frames:
        job.check()
        try:
            inside = (_inside(volume, mask) for _, volume in reader.read([t], job))
            samples += [_thinned(values, _VOXELS // len(frames)) for values in inside]
        except ThunderError as error:
            job.check()
            trouble = error
    if trouble is not None and not samples:
        raise trouble
    return samples


def _inside(volume: Array, mask: Region | None) -> Array:
    if mask is None or mask.volume != volume.shape:
        return volume
    values: Array = volume[mask.box][mask.mask]
    return values


def _thinned(values: Array, wanted: int) -> Array:
    """At least `wanted` values: every k-th, with k odd so that it does not keep step with the rows."""
    step = max(1, values.size // wanted - 1) | 1
    return values.reshape(-1)[::step].copy()

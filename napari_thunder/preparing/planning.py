"""Finding out what preparing a recording will make, and what it needs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import RecordingError
from napari_thunder.io.regions.mask import MaskLike
from napari_thunder.io.remote.address import is_address
from napari_thunder.io.storing.conversion import Conversion
from napari_thunder.io.storing.errands import Look
from napari_thunder.io.storing.kept import Kept
from napari_thunder.io.storing.layout import StoreLayout, plan_layout
from napari_thunder.io.storing.samples import MeasureSize
from napari_thunder.preparing.asking import ask
from napari_thunder.preparing.cropping import Crop
from napari_thunder.preparing.inside import masks_of, mean_image
from napari_thunder.preparing.memory import memory_for
from napari_thunder.preparing.plan import PreparationPlan
from napari_thunder.preparing.settings import Preparation
from napari_thunder.recording import Recording

_FRAMES_FOR_SIZE = 16
_BYTES_FOR_SIZE = 128 * 2**20
_COARSE_LEVELS_WORSE = 1.15


def plan_preparation(
    recording: Recording,
    path: str | Path,
    settings: Preparation | None = None,
    *,
    mask: MaskLike | None = None,
    engine: Engine,
    job: Job,
    share: float = 1.0,
) -> PreparationPlan:
    """See `napari_thunder.plan_preparation`; `share` is that of this in the work of the job."""
    settings = settings or Preparation()
    place = place_of(path)
    recording = _with_frames_excluded(recording, settings)
    crop = Crop.of(settings, recording)
    needed = settings.brain == "automatic" or settings.background_percentile is not None
    with job.stage(0.0, 0.7 * share, "looking at some frames"):
        mean = mean_image(recording, crop, engine, job) if needed else None
    conversion = Conversion(crop.bin, _background(settings, mean), _dtype(settings, recording).name)
    masks, within = masks_of(recording, settings, mask, crop, mean, conversion)
    memory = memory_for(settings, recording, crop, conversion, engine.facts())
    space = conversion.space((crop.shape[1], crop.shape[2], crop.shape[3]))
    layout = plan_layout(
        (crop.n_frames, *space),
        np.dtype(conversion.dtype),
        crop.voxel_size(recording),
        compressor=settings.compressor,
        most_frames=memory.frames,
        shard_bytes=memory.shard_bytes,
    )
    kept = Kept.of(layout, np.logical_and.reduce([masks[name] for name in within]) if within else None)
    with job.stage(0.7 * share, share, "measuring how small it becomes"):
        ratios = _ratios(recording, crop, layout, conversion, kept, engine, job)
        free = ask(engine, recording, Look(place), job)["free"]
    expected, most = _bytes(layout, kept, ratios)
    memory = replace(memory, needed=memory.of_unit(layout))
    return PreparationPlan(place, layout, crop, conversion, masks, within, kept, memory, expected, most, free)


def place_of(path: str | Path) -> str:
    """Where a store shall be, as an absolute path.

    Raises
    ------
    RecordingError
        If it is the address of object storage, where nothing can be written bit by bit and then named.
    """
    if is_address(str(path)):
        raise RecordingError(f"{path}: stores are made on disks only. Make it on one, and copy it there.")
    return str(Path(path).expanduser().absolute())


def _with_frames_excluded(recording: Recording, settings: Preparation) -> Recording:
    return recording.without_frames(int(f) for f in settings.exclude_frames)


def _background(settings: Preparation, mean: NDArray[np.float32] | None) -> float:
    if settings.background_percentile is None:
        return settings.background
    assert mean is not None
    return round(float(np.nanpercentile(mean, settings.background_percentile)), 3)


def _dtype(settings: Preparation, recording: Recording) -> np.dtype[Any]:
    found = recording.raw.dtype if settings.dtype == "recorded" else np.dtype(settings.dtype)
    return np.dtype(np.uint8) if found.kind == "b" else found.newbyteorder("=")


def _ratios(
    recording: Recording,
    crop: Crop,
    layout: StoreLayout,
    conversion: Conversion,
    kept: Kept,
    engine: Engine,
    job: Job,
) -> tuple[float, float]:
    """Bytes for each byte of the image and of the series, measured on a few frames in the middle."""
    volume_bytes = math.prod(crop.shape[1:]) * recording.dtype.itemsize
    n = max(1, min(_FRAMES_FOR_SIZE, _BYTES_FOR_SIZE // volume_bytes, crop.n_frames))
    first = (crop.n_frames - n) // 2
    bits = None if kept.mask is None else np.packbits(kept.mask)
    measure = MeasureSize(layout, conversion, bits)
    ((_, answer),) = engine.map(measure, recording, [crop.block(0, (first, first + n))], job, keep=False)
    return float(answer["image"]), float(answer["series"])


def _bytes(layout: StoreLayout, kept: Kept, ratios: tuple[float, float]) -> tuple[int, int]:
    raw = [kept.n_voxels(array) * array.shape[0] * layout.voxel_type.itemsize for array in layout.arrays]
    finest, *coarser, series = raw
    expected = finest * ratios[0] + sum(coarser) * min(1.0, ratios[0] * _COARSE_LEVELS_WORSE) + series * ratios[1]
    return int(expected), sum(raw)

"""What preparing a recording will take: the plan, how its place stands, and about how long it lasts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from napari_thunder.engine import Engine, Job
from napari_thunder.io.regions.mask import MaskLike
from napari_thunder.io.storing.samples import MeasureSize
from napari_thunder.models.data.facts import bytes_text, rounded_time_text
from napari_thunder.models.preparing.standing import Place, Standing, standing_of
from napari_thunder.preparing import Preparation, PreparationPlan, plan_preparation
from napari_thunder.recording import Recording

_PACE_SECONDS = 0.3
_PACE_BYTES = 64 * 2**20
_WORK_BESIDE_READING = 2.5
"""A frame is read and shrunk once to measure the pace; preparing writes it, bins it and cuts it for time series too."""


@dataclass(frozen=True)
class Forecast:
    """What is known before it runs.

    Parameters
    ----------
    plan
        What will be made; None where the place is taken, so that nothing can be.
    standing
        Of the place.
    seconds
        About how long it lasts.
    """

    plan: PreparationPlan | None
    standing: Standing
    seconds: float

    @property
    def has_room(self) -> bool:
        """Whether the disk has room for it."""
        return self.plan is None or self.plan.free_bytes >= self.plan.expected_bytes

    @property
    def line(self) -> str:
        """`Writes about 3.2 GB, 41 GB free, about 6 min.`"""
        plan = self.plan
        if plan is None:
            return ""
        size, free = bytes_text(plan.expected_bytes), bytes_text(plan.free_bytes)
        if not self.has_room:
            return f"⚠ It needs about {size}, but only {free} are free. Crop, bin, or choose another disk."
        return f"Writes about {size}, {free} free, about {rounded_time_text(self.seconds * (1 - self.standing.done))}."


def forecast(
    recording: Recording, path: str, settings: Preparation, mask: MaskLike | None, engine: Engine, job: Job
) -> Forecast:
    """Plan it and look at its place; a few frames are read.

    Raises
    ------
    ParameterError
        If settings do not fit the recording.
    RecordingError
        If the place cannot be written to, or the recording not be read.
    """
    with job.running():
        standing = standing_of(recording, path, settings, mask, engine, job)
        if standing.place is Place.TAKEN:
            return Forecast(None, standing, 0.0)
        plan = plan_preparation(recording, path, settings, mask=mask, engine=engine, job=job)
        return Forecast(plan, standing, _seconds(recording, plan, engine, job))


def _seconds(recording: Recording, plan: PreparationPlan, engine: Engine, job: Job) -> float:
    """From the pace at which frames are read and shrunk by all workers at once, once they are under way."""
    pace = _pace(recording, plan, engine, job, 1)
    volume_bytes = int(np.prod(recording.shape[1:])) * recording.dtype.itemsize
    most = max(1, _PACE_BYTES // volume_bytes)
    each = int(np.clip(_PACE_SECONDS / pace / max(1, engine.facts().cores), 1, most))
    return _pace(recording, plan, engine, job, each) * plan.crop.n_frames * _WORK_BESIDE_READING


def _pace(recording: Recording, plan: PreparationPlan, engine: Engine, job: Job, each: int) -> float:
    """Seconds for a frame, where each core reads so many."""
    n_frames, cores = plan.crop.n_frames, max(1, engine.facts().cores)
    each = min(each, n_frames)
    starts = np.linspace(0, n_frames - each, cores + 2).astype(int)[1:-1]
    blocks = [plan.crop.block(index, (int(start), int(start) + each)) for index, start in enumerate(starts)]
    bits = None if plan.kept.mask is None else np.packbits(plan.kept.mask)
    begun = time.monotonic()
    for _ in engine.map(MeasureSize(plan.layout, plan.conversion, bits), recording, blocks, job, keep=False):
        pass
    return max(1e-6, time.monotonic() - begun) / (each * cores)

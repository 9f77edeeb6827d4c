"""What the sampled frames of a stage tell: principal components, epochs, planes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine import Engine, Job
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.judging.case import Case
from napari_thunder.judging.passes import Maps, Values, sampled_frames
from napari_thunder.registration.quality.crispness import crispness, local_correlation
from napari_thunder.registration.quality.displacement import displacement
from napari_thunder.registration.quality.pc_shift import Components, components_of, mean_of, noise_floor, pc_shift
from napari_thunder.registration.quality.planes import plane_agreement, plane_shifts
from napari_thunder.registration.quality.sample import Sample
from napari_thunder.registration.quality.stages import RAW, STAGES

_FEWEST = 20
"""Frames below which components say nothing."""
_FEWEST_IN_EPOCH = 10
_PLANE_FRAMES = 200


@dataclass(frozen=True, slots=True, eq=False)
class StageFindings:
    """Of one stage; lengths in voxels of the recording.

    Parameters
    ----------
    components
        Their number may be smaller than asked for.
    displacement
        (component, 3).
    in_plane, block_mean, block_max
        (component,).
    floor
        Of `displacement`, from noise alone.
    correlation_crispness
        Crispness of the picture of local correlations.
    epochs
        (epoch, 3) where the mean of an epoch lies relative to that of the other frames.
    planes
        (z of the sample,) plane agreement; of the raw stage only.
    """

    components: Components
    displacement: Values
    in_plane: Values
    block_mean: Values
    block_max: Values
    floor: float
    correlation_crispness: float
    epochs: Values
    planes: Values | None


def stage_findings(
    case: Case, stage: int, sample: Sample, good: NDArray[np.bool_], engine: Engine, job: Job
) -> StageFindings:
    """Sample a stage and look at it; `good` (t,) are the frames that are no outliers."""
    kept = good[sample.frames]
    if kept.sum() < _FEWEST or 0 in sample.shape:
        return _nothing(case, sample)
    frames = sampled_frames(case, stage, sample, engine, job)[kept]
    numbers = sample.frames[kept]
    job.check()
    with ONE_BLAS_THREAD:
        return _looked_at(case, stage, sample, frames, numbers, job)


def _looked_at(
    case: Case, stage: int, sample: Sample, frames: Maps, numbers: NDArray[np.intp], job: Job
) -> StageFindings:
    factors = np.asarray(sample.factors, np.float64)
    scale = float(factors[1:].max())
    components = components_of(frames, case.settings.components)
    job.check()
    shift = pc_shift(components)
    job.check()
    return StageFindings(
        components,
        shift.displacement * factors,
        shift.in_plane * scale,
        shift.block_mean * scale,
        shift.block_max * scale,
        noise_floor(frames) * scale,
        crispness(local_correlation(frames)),
        _epochs(case, frames, numbers) * factors,
        _planes(frames) if STAGES[stage] == STAGES[RAW] else None,
    )


def _nothing(case: Case, sample: Sample) -> StageFindings:
    none, n = np.full(0, np.nan), float("nan")
    empty = np.full((0, *sample.shape), np.nan, np.float32)
    components = Components(np.zeros((0, 0)), none, empty, empty)
    return StageFindings(
        components, np.zeros((0, 3)), none, none, none, n, n, np.full((len(case.epochs), 3), np.nan), None
    )


def _epochs(case: Case, frames: Maps, numbers: NDArray[np.intp]) -> Values:
    found = np.full((len(case.epochs), 3), np.nan)
    for i, epoch in enumerate(case.epochs.values()):
        inside = epoch[numbers]
        if min(inside.sum(), (~inside).sum()) >= _FEWEST_IN_EPOCH:
            rest, mean = (mean_of(frames, np.flatnonzero(which)) for which in (~inside, inside))
            found[i] = displacement(rest, mean)
    return found


def _planes(frames: Maps) -> Values:
    step = max(1, len(frames) // _PLANE_FRAMES)
    return plane_agreement(plane_shifts(frames[::step]))

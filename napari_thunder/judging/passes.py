"""The passes over the movie that judging takes, on any engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Block
from napari_thunder.engine import Engine, Job
from napari_thunder.judging.case import Case
from napari_thunder.registration.quality.boxes import affordable_voxels, boxes_of, in_time, single_frames, stretches_of
from napari_thunder.registration.quality.motion_r2 import motion_r2
from napari_thunder.registration.quality.region import bounding_box
from napari_thunder.registration.quality.sample import Sample, plan_sample
from napari_thunder.registration.quality.sampled_frame import SampledFrame, packed
from napari_thunder.registration.quality.stages import STAGES
from napari_thunder.registration.quality.sums import (
    FIRST_EVEN,
    FIRST_ODD,
    QUARTERS,
    SECOND_EVEN,
    SECOND_ODD,
    Answer,
    MovieSums,
    Segments,
    TemplateSums,
    merge_sums,
    segments_of,
)

Maps = NDArray[np.float32]
Values = NDArray[np.float64]

_TEMPLATE_FRAMES = 100


@dataclass(slots=True, eq=False)
class Found:
    """What the pass over all frames found.

    Parameters
    ----------
    first, second, mean, tsnr, motion_r2
        (stage, z, y, x) float32, NaN outside the region; the first two are means of the halves of the recording.
    coverage
        (z, y, x) share of the usable frames in which a voxel of the registered movie was sampled.
    moments
        (stage, t, planes + blocks, 6) for the correlation with the template.
    changes
        (stage, t, 2) summed squared difference to the frame before, and of how many voxels.
    halves, parities
        (stage, 6) the same moments between the means of both halves, and of even and odd frames.
    template_share
        (t,) 1 / (n − 1) for the n frames that the templates are made of.
    """

    first: Maps
    second: Maps
    mean: Maps
    tsnr: Maps
    motion_r2: Maps
    coverage: Maps
    moments: Values
    changes: Values
    halves: Values
    parities: Values
    template_share: Values

    @classmethod
    def nothing(cls, case: Case) -> Found:
        """Before anything was looked at."""
        t, n_groups = case.shifts.n_frames, case.shifts.space[0] + int(np.prod(case.grid.shape))
        n = len(STAGES)
        first, second, mean, tsnr, r2 = (np.full((n, *case.shifts.space), np.nan, np.float32) for _ in range(5))
        coverage = np.zeros(case.shifts.space, np.float32)
        moments, changes = np.zeros((n, t, n_groups, 6)), np.zeros((n, t, 2))
        halves, parities, share = np.zeros((n, 6)), np.zeros((n, 6)), np.zeros(t)
        return cls(first, second, mean, tsnr, r2, coverage, moments, changes, halves, parities, share)


def look_at_all(case: Case, engine: Engine, job: Job, until: float) -> Found:
    """One pass over all frames, box by box of the volume; progress counts up to `until`."""
    found = Found.nothing(case)
    frames = _evenly(case.usable, _TEMPLATE_FRAMES)
    found.template_share[frames] = 1 / (len(frames) - 1) if len(frames) > 1 else 0.0
    weights = _weights(case)
    facts = engine.facts()
    boxes = boxes_of(case.shifts.space, case.movies.halo, affordable_voxels(facts.memory_bytes, facts.cores))
    for i, box in enumerate(boxes):
        segments = segments_of(case.region, box, case.grid)
        begun, end = until * i / len(boxes), until * (i + 1) / len(boxes)
        middle = begun + 0.1 * (end - begun)
        with job.stage(begun, middle, "averaging templates"):
            template = _template(case, box, segments, frames, engine, job)
        with job.stage(middle, end, "looking at all frames"):
            blocks = in_time(box, stretches_of(box, case.shifts.space, case.shifts.n_frames, _at_once(case, engine)))
            work = MovieSums(case.movies, segments, template, weights)
            sums = engine.reduce(work, merge_sums, case.recording, blocks, job, keep=False)
        _take(found, case, box, segments, template, sums, weights)
    return found


def sampled_frames(case: Case, stage: int, sample: Sample, engine: Engine, job: Job) -> Maps:
    """The sampled frames (n, z, y, x) of a stage, binned; NaN outside the region."""
    frames = np.empty((len(sample.frames), *sample.shape), np.float32)
    z, y, x = sample.box
    halo, space = case.movies.halo, case.shifts.space
    start, stop = (z.start, y.start, x.start), (z.stop, y.stop, x.stop)
    bz, by, bx = (min(h, a) for h, a in zip(halo, start, strict=True))
    az, ay, ax = (min(h, n - b) for h, b, n in zip(halo, stop, space, strict=True))
    box = Block(0, (0, 0), start, stop, (bz, by, bx), (az, ay, ax))
    work = SampledFrame(case.movies, stage, sample, packed(case.region[sample.box]))
    blocks = in_time(box, single_frames(sample.frames))
    for block, answer in engine.map(work, case.recording, blocks, job, keep=False):
        frames[block.index] = answer["frame"]
    return frames


def sample_of(case: Case, usable: NDArray[np.bool_]) -> Sample:
    """Which frames are sampled, and how they are binned."""
    return plan_sample(
        usable,
        bounding_box(case.region),
        most=case.settings.sample_frames,
        n_bytes=case.settings.memory * 2**20,
        voxel_size=case.recording.voxel_size,
    )


def _evenly(usable: NDArray[np.bool_], most: int) -> NDArray[np.intp]:
    candidates = np.flatnonzero(usable)
    n = min(most, len(candidates))
    return candidates[np.linspace(0, len(candidates) - 1, n).round().astype(np.intp)] if n else candidates


def _at_once(case: Case, engine: Engine) -> int:
    first = engine.stretches(case.recording)[0]
    return first.times[1] - first.times[0]


def _template(case: Case, box: Block, segments: Segments, frames: NDArray[np.intp], engine: Engine, job: Job) -> Values:
    """(stage, n) mean over some frames of the voxels that count."""
    if len(segments.order) == 0 or len(frames) == 0:
        return np.zeros((len(STAGES), len(segments.order)))
    work = TemplateSums(case.movies, segments.order)
    blocks = in_time(box, single_frames(frames))
    total = engine.reduce(work, merge_sums, case.recording, blocks, job, keep=False)["total"]
    return np.asarray(total / len(frames), np.float64)


def _weights(case: Case) -> Values:
    """(t, quarters + 3): in which quarter a frame counts, and the centred shift traces."""
    weights = np.zeros((case.shifts.n_frames, QUARTERS + 3))
    frames = np.flatnonzero(case.usable)
    order = np.arange(len(frames))
    quarter = 2 * (order >= (len(frames) + 1) // 2) + order % 2
    weights[frames, quarter] = 1
    shift = case.traces.shift[frames]
    if len(frames):
        weights[frames, QUARTERS:] = shift - shift.mean(axis=0)
    return weights


def _take(
    found: Found, case: Case, box: Block, segments: Segments, template: Values, sums: Answer, weights: Values
) -> None:
    """Put a box's sums where they belong."""
    n = max(1, int(case.usable.sum()))
    found.coverage[box.box] = (sums["coverage"] / n).reshape(box.box_shape)
    found.moments += _in_time(sums, "moments_")
    found.changes += _in_time(sums, "changes_")
    counts = weights[:, :QUARTERS].sum(axis=0)
    for stage in range(len(STAGES)):
        first, second, even, odd, whole = _means(sums["sums"][stage], counts)
        d_mean = sums["sums"][stage][:QUARTERS].sum(axis=0) / n
        variation = np.maximum(sums["squares"][stage] - n * d_mean**2, 0.0)
        base = template[stage]
        with np.errstate(divide="ignore", invalid="ignore"):
            tsnr = np.where(variation > 0, (base + whole) / np.sqrt(variation / n), np.nan)
        traces = weights[case.usable, QUARTERS:]
        explained = motion_r2(sums["sums"][stage][QUARTERS:], traces, variation)
        for name, values in (
            ("first", base + first), ("second", base + second), ("mean", base + whole), ("tsnr", tsnr),
            ("motion_r2", explained),
        ):  # fmt: skip
            _scatter(getattr(found, name)[stage], box, segments, values)
        found.halves[stage] += _moments(base + first, base + second)
        found.parities[stage] += _moments(base + even, base + odd)


def _means(sums: Values, counts: Values) -> tuple[Values, ...]:
    """Means of d over the first and second half, the even and odd frames, and all."""
    parts = ((FIRST_EVEN, FIRST_ODD), (SECOND_EVEN, SECOND_ODD), (FIRST_EVEN, SECOND_EVEN), (FIRST_ODD, SECOND_ODD))
    means = [sums[list(part)].sum(axis=0) / max(1.0, counts[list(part)].sum()) for part in parts]
    return (*means, sums[:QUARTERS].sum(axis=0) / max(1.0, counts.sum()))


def _moments(one: Values, other: Values) -> Values:
    """As `correlation` wants them, of two mean images."""
    d = other - one
    return np.asarray([len(one), d.sum(), d @ d, d @ one, one.sum(), one @ one])


def _in_time(sums: Answer, prefix: str) -> Values:
    """What came from stretches of frames, side by side."""
    names = sorted((name for name in sums if name.startswith(prefix)), key=lambda name: int(name.rsplit("_", 1)[1]))
    return np.concatenate([sums[name] for name in names], axis=1)


def _scatter(image: Maps, box: Block, segments: Segments, values: NDArray[np.floating]) -> None:
    part = np.full(box.n_voxels, np.nan, np.float32)
    part[segments.order] = values
    image[box.box] = part.reshape(box.box_shape)

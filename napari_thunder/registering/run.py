"""Registering a recording on an engine: a template, then the shift of every frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Analysis
from napari_thunder.engine import Engine, Job
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.errors import RegistrationError
from napari_thunder.masks import MaskLike, mask_for
from napari_thunder.pipeline import default_engine
from napari_thunder.provenance import Places, provenance_of, recording_to_plain
from napari_thunder.recording import Recording
from napari_thunder.regions import Region
from napari_thunder.registering.dataset import empty_dataset, fill
from napari_thunder.registering.template import TemplateLike, given_template, template_of
from napari_thunder.registering.work import CompareFrames, EstimateFrames, LikeTemplate
from napari_thunder.registration.apply import Interpolation
from napari_thunder.registration.estimator import Estimate, Estimator
from napari_thunder.registration.modes import estimator_of
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Shifts
from napari_thunder.registration.template import within
from napari_thunder.registration.windows import WindowMeans

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RegistrationProgress:
    """A registration on its way.

    Parameters
    ----------
    dataset
        As `register` returns it, NaN where nothing is known yet. The same object every time, filled in place.
    done, n
        Frames (or windows of time, where means are registered) that are estimated, of how many.
    finished
        Whether this is the whole of it.
    """

    dataset: xr.Dataset
    done: int
    n: int
    finished: bool = False


def register(
    recording: Recording,
    settings: Registration = Registration(),  # noqa: B008 - frozen
    *,
    template: TemplateLike | None = None,
    by: Recording | None = None,
    mask: MaskLike | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
) -> xr.Dataset:
    """Find how far each frame of a recording moved.

    Nothing is written and no voxel changed: `recording.registered(shifts_of(dataset))` undoes the motion as it is read.

    Parameters
    ----------
    recording
        What to register; shifts that it is read with already are not applied.
    settings
        How.
    template
        What to register to, in place of a template of the recording's own frames: an array (z, y, x), a recording (an
        anatomy stack, or one whose own template is made), or the path of one or of a registration.
    by
        The same frames in another channel, on which to estimate.
    mask
        Look at these voxels only, such as the brain; the recording's own mask if left out.
    engine
        From `connect`; threads of this process when left out. The numbers are the same on any.
    job
        To watch and to cancel it.

    Returns
    -------
    xarray.Dataset
        `shift` (frame, grid_z, grid_y, grid_x, axis) in voxels, ``registered[v] = frame[v + shift]``, with the middles
        of the blocks in voxels as coordinates; `confidence` (frame, grid_z, grid_y, grid_x), the peak of the
        correlation over its height elsewhere (near 1: nothing to go by); `frame_correlation` (frame), Pearson with the
        template after alignment; `template` (z, y, x). NaN where a frame could not be estimated.

    Raises
    ------
    ThunderError
        With a message that says what to do.
    """
    *_, last = stream_registration(recording, settings, template=template, by=by, mask=mask, engine=engine, job=job)
    return last.dataset


def stream_registration(
    recording: Recording,
    settings: Registration = Registration(),  # noqa: B008 - frozen
    *,
    template: TemplateLike | None = None,
    by: Recording | None = None,
    mask: MaskLike | None = None,
    engine: Engine | None = None,
    job: Job | None = None,
) -> Iterator[RegistrationProgress]:
    """Register a recording and yield the dataset as it fills in; parameters as in `register`.

    Yields
    ------
    RegistrationProgress
        First with the template alone, then with every stretch of time, then the whole.
    """
    engine = engine or default_engine()
    job = job or Job(f"{Registration.title} of {recording.name}")
    recording = recording.raw
    movie = _seen(recording, by)
    with job.running():
        region = mask_for(mask, recording)
        with job.stage(0.0, 0.3, "making the template"), ONE_BLAS_THREAD:
            made = (
                template_of(movie, settings, engine, job)
                if template is None
                else given_template(template, movie, settings, engine, job)
            )
        run = _Run(movie, settings, made, region)
        dataset = empty_dataset(recording, made, run.estimator.centers)
        if region is not None:
            dataset.attrs |= {"mask": region.name, "n_voxels_used": region.n_voxels}
        with job.stage(job.fraction, 1.0, "estimating shifts"):
            yield from run.stream(dataset, engine, job)
        about = {"template": _described(template), "by": None if by is None else recording_to_plain(by)}
        dataset.attrs["provenance"] = _provenance(settings, recording, region, engine, job, about)
        n = recording.shape[0]
        yield RegistrationProgress(dataset, n, n, finished=True)


@dataclass(frozen=True, eq=False)
class _Run:
    """What is estimated of which movie."""

    movie: Recording
    settings: Registration
    template: Floats
    region: Region | None

    def stream(self, dataset: xr.Dataset, engine: Engine, job: Job) -> Iterator[RegistrationProgress]:
        """Fill the dataset, and yield it as it fills."""
        windows = self.estimator.windows(self.movie.shape[0])
        if windows is None:
            yield from self._frames(dataset, engine, job)
        else:
            with job.stage(0.0, 0.6, "estimating shifts"):
                yield from self._windows(dataset, tuple(windows), engine, job)
        found = Estimate(dataset["shift"].values, dataset["confidence"].values)
        if windows is None:
            finished = self.estimator.finish(found, self.movie.shape[0])
            if finished is found:
                return
            fill(dataset, finished)
        with job.stage(0.6, 1.0, "comparing frames with the template"):
            self._compare(dataset, engine, job)

    @cached_property
    def estimator(self) -> Estimator:
        """What estimates the shifts."""
        return estimator_of(self.settings, self._looked_at, self.movie.voxel_size, self.movie.frame_rate)

    @property
    def _looked_at(self) -> Floats:
        return self.template if self.region is None else within(self.template, self.region.full_mask())

    def _frames(self, dataset: xr.Dataset, engine: Engine, job: Job) -> Iterator[RegistrationProgress]:
        blocks = engine.stretches(self.movie)
        work = EstimateFrames(self.estimator, self._likeness)
        done, n = 0, self.movie.shape[0]
        yield RegistrationProgress(dataset, 0, n)
        for block, answer in engine.map(work, self.movie, blocks, job, keep=False):
            fill(dataset, Estimate(answer["shift"], answer["confidence"]), block.time)
            dataset["frame_correlation"].values[block.time] = answer["frame_correlation"]
            done += block.times[1] - block.times[0]
            yield RegistrationProgress(dataset, done, n)

    def _windows(
        self, dataset: xr.Dataset, windows: tuple[tuple[int, int], ...], engine: Engine, job: Job
    ) -> Iterator[RegistrationProgress]:
        means = Recording(WindowMeans(self.movie.source, windows, self.movie.exclude_frames))
        grid = tuple(len(c) for c in self.estimator.centers)
        shifts = np.full((len(windows), *grid, 3), np.nan, np.float32)
        found = Estimate(shifts, np.full((len(windows), *grid), np.nan, np.float32))
        yield RegistrationProgress(dataset, 0, len(windows))
        answers = engine.map(EstimateFrames(self.estimator, None), means, engine.stretches(means), job, keep=False)
        for done, (block, answer) in enumerate(answers, 1):
            found.shifts[block.time], found.confidence[block.time] = answer["shift"], answer["confidence"]
            for k in range(*block.times):
                _show(dataset, found, k, windows[k])
            yield RegistrationProgress(dataset, done, len(windows))
        fill(dataset, self.estimator.finish(found, self.movie.shape[0]))

    def _compare(self, dataset: xr.Dataset, engine: Engine, job: Job) -> None:
        space = (self.movie.shape[1], self.movie.shape[2], self.movie.shape[3])
        shifts = Shifts(dataset["shift"].values, self.estimator.centers, space)
        blocks = engine.stretches(self.movie)
        for block, answer in engine.map(CompareFrames(shifts, self._likeness), self.movie, blocks, job, keep=False):
            dataset["frame_correlation"].values[block.time] = answer["frame_correlation"]

    @cached_property
    def _likeness(self) -> LikeTemplate:
        mask = None if self.region is None else self.region.full_mask()
        how = cast("Interpolation", self.settings.interpolation)
        return LikeTemplate(self.template, mask, self.estimator.centers, how)


def _show(dataset: xr.Dataset, found: Estimate, k: int, window: tuple[int, int]) -> None:
    """Show the shift of a window in its frames until all windows are known."""
    dataset["shift"].values[slice(*window)] = found.shifts[k]
    dataset["confidence"].values[slice(*window)] = found.confidence[k]


def _seen(recording: Recording, by: Recording | None) -> Recording:
    """The movie on which shifts are estimated."""
    if by is None:
        return recording
    if by.shape != recording.shape:
        one, other = (" × ".join(map(str, r.shape)) for r in (by, recording))
        raise RegistrationError(
            f"{by.name}: a channel of {one} (t, z, y, x) cannot tell the shifts of a recording of {other}."
        )
    return replace(
        by.raw,
        exclude_frames=tuple(sorted({*by.exclude_frames, *recording.exclude_frames})),
        voxel_size=recording.voxel_size or by.voxel_size,
    )


def _described(template: TemplateLike | None) -> dict[str, Any] | None:
    """Where a template came from, for the record; the dataset itself holds it."""
    if template is None:
        return None
    if isinstance(template, Recording):
        return {"kind": "recording", "uri": template.uri}
    return {"kind": "array"} if isinstance(template, np.ndarray) else {"kind": "path", "uri": str(template)}


def _provenance(
    settings: Registration, recording: Recording, region: Region | None, engine: Engine, job: Job, about: dict[str, Any]
) -> str:
    record = json.loads(provenance_of(cast("Analysis", settings), recording, (), Places(region), engine, job))
    return json.dumps(record | about, ensure_ascii=False, allow_nan=False)

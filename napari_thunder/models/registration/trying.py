"""A registration tried on the worst frames of a small box, for an answer within seconds; everything here blocks."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.blocks import Box
from napari_thunder.engine import Engine, Job
from napari_thunder.engine.blas import ONE_BLAS_THREAD
from napari_thunder.errors import RegistrationError
from napari_thunder.io.averaged import mean_of
from napari_thunder.models.registration.entry import RegistrationEntry, interpolation_of
from napari_thunder.models.registration.reference import Opens, Reference, ReferenceKind, template_in
from napari_thunder.models.registration.trial import Trial
from napari_thunder.models.registration.worst import MOST_FRAMES, badness_of, correlations, worst_of
from napari_thunder.recording import Recording
from napari_thunder.regions import Region
from napari_thunder.registering import shifts_of, stream_registration
from napari_thunder.registration.quality.stages import control_shifts
from napari_thunder.registration.settings import Registration
from napari_thunder.result import is_result

if TYPE_CHECKING:
    import xarray as xr

LOOKED_AT = 300
"""Frames among which the worst are looked for, where nothing is known of them yet."""

MOST_BENT = 50
"""Worst frames that are tried where frames are registered block by block, which takes longer."""

ORDINARY = 40
"""Others beside the worst ones, so that the template is not made of these alone."""

PATIENCE = 3.0
"""Seconds to look for the worst, and to register them."""

ENOUGH = 30
"""Frames that are registered however long it takes."""

MOST_VOXELS = 200_000
"""Of the box."""

MOST_ROUNDS = 4
"""Of refining the template."""

_ROOM = 16
"""Voxels around a region, for the brain to move."""

_BATCH = 16

Array = NDArray[Any]
Floats = NDArray[np.float64]
Corners = tuple[Box, Box]
Frames = dict[int, Array]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to try.

    Parameters
    ----------
    dataset
        Key of the recording.
    recording
        Without shifts.
    settings, reference
        How.
    known
        A registration of it from before, which tells which frames are the worst.
    region
        Where; the middle of the volume when None.
    frames
        First frame, and the one after the last, in place of the worst ones.
    """

    dataset: int
    recording: Recording
    settings: Registration
    reference: Reference
    known: RegistrationEntry | None = None
    region: Region | None = None
    frames: tuple[int, int] | None = None


def tried(wish: Wish, engine: Engine, open_recording: Opens, job: Job) -> Trial:
    """Gather the frames, register them in this process, and compare before and after.

    Raises
    ------
    ThunderError
        If there are too few frames, or the reference cannot be read or does not fit.
    """
    begun = time.monotonic()
    box = middle_box(wish.recording) if wish.region is None else box_around(wish.region, wish.recording)
    with ONE_BLAS_THREAD:
        with job.stage(0.0, 0.5, "looking for the worst frames"):
            found, worst = _gathered(wish, box, engine, job)
        with job.stage(0.5, 0.6, "reading the reference"):
            given = _reference(wish, sorted(found), box, engine, open_recording, job)
        with job.stage(0.6, 1.0, "registering"):
            recording = _recording_of(found, wish.recording)
            made = _registered(recording, wish.settings, given, job)
            estimated, frames = shifts_of(made).estimated, sorted(found)
            looked_at = [t for t in worst if estimated[frames.index(t)]] or worst
            before, after = _before_and_after(recording, made, [frames.index(t) for t in looked_at])
    took = time.monotonic() - begun
    return Trial(wish.dataset, tuple(looked_at), *box, recording, made, before, after, took)


def _registered(recording: Recording, settings: Registration, given: Mapping[str, Any], job: Job) -> xr.Dataset:
    """The frames that are registered when patience is over, and no fewer than an answer needs."""
    rounds = min(settings.template_rounds, MOST_ROUNDS)
    settings = replace(settings, chosen_frames=None, template_rounds=rounds)
    begun = time.monotonic()
    for progress in stream_registration(recording, settings, **given, job=job):
        if progress.done >= min(ENOUGH, progress.n) and time.monotonic() - begun > PATIENCE:
            break
    return progress.dataset


def _before_and_after(recording: Recording, registration: xr.Dataset, at: Sequence[int]) -> tuple[Floats, Floats]:
    """Correlation of some frames with the template, both through the interpolator, which alone makes them smoother."""
    shifts, how = shifts_of(registration), interpolation_of(registration)
    template = np.asarray(registration["template"].values)
    before = correlations(_movie(recording.registered(control_shifts(shifts), how), at), template)
    return before, correlations(_movie(recording.registered(shifts, how), at), template)


def middle_box(recording: Recording) -> Corners:
    """A box in the middle of the volume, of all planes, that is quickly read and registered."""
    z, y, x = recording.shape[1:]
    edge = max(32, int(np.sqrt(MOST_VOXELS / z)))
    height, width = min(y, edge), min(x, edge)
    low = (0, (y - height) // 2, (x - width) // 2)
    return low, (z, low[1] + height, low[2] + width)


def box_around(region: Region, recording: Recording) -> Corners:
    """The box of all planes around a region, with room beside it for the brain to move."""
    z, y, x = recording.shape[1:]
    low = [max(0, region.corner[axis] - _ROOM) for axis in (1, 2)]
    high = [min(n, region.corner[axis] + region.mask.shape[axis] + _ROOM) for axis, n in ((1, y), (2, x))]
    return (0, low[0], low[1]), (z, high[0], high[1])


def _gathered(wish: Wish, box: Corners, engine: Engine, job: Job) -> tuple[Frames, list[int]]:
    """Frames cut to the box by their numbers, and which of them are to be judged."""
    recording = wish.recording
    if wish.frames is not None:
        kept = [t for t in range(*wish.frames) if recording.keep[t]]
        return _enough(_cut(recording, kept, box, engine, job)), kept
    if wish.known is not None:
        badness = np.where(recording.keep, badness_of(wish.known), np.nan)
        worst = worst_of(badness, _most(wish))
        others = [t for t in _spread(recording, LOOKED_AT) if t not in set(worst)]
        beside = others[:: max(1, len(others) // ORDINARY)]
        return _enough(_cut(recording, sorted({*worst, *beside}), box, engine, job)), worst
    return _looked_for(recording, box, _most(wish), engine, job)


def _most(wish: Wish) -> int:
    return MOST_BENT if wish.settings.mode.startswith("piecewise") else MOST_FRAMES


def _looked_for(recording: Recording, box: Corners, most: int, engine: Engine, job: Job) -> tuple[Frames, list[int]]:
    """Those least like the others, among as many as come in time, and some of the others."""
    order = np.random.default_rng(0).permutation(_spread(recording, LOOKED_AT)).tolist()
    found: Frames = {}
    begun = time.monotonic()
    for first in range(0, len(order), _BATCH):
        found |= _cut(recording, sorted(order[first : first + _BATCH]), box, engine, job)
        job.advance(max(len(found) / len(order), (time.monotonic() - begun) / PATIENCE))
        if time.monotonic() - begun > PATIENCE:
            break
    frames = sorted(_enough(found))
    movie = np.stack([found[t] for t in frames])
    unlike = -correlations(movie, np.median(movie, axis=0))
    worst = worst_of(unlike, min(most, max(1, len(frames) * 2 // 3)))
    best = worst_of(-unlike, ORDINARY)
    kept = {frames[i] for i in (*worst, *best)}
    return {t: found[t] for t in frames if t in kept}, [frames[i] for i in worst]


def _enough(found: Frames) -> Frames:
    if len(found) < 2:
        raise RegistrationError("There are fewer than two frames to try this on that are not excluded. Choose others.")
    return found


def _spread(recording: Recording, n: int) -> list[int]:
    kept = np.flatnonzero(recording.keep)
    places = np.unique(np.linspace(0, len(kept) - 1, min(n, len(kept))).round().astype(int))
    return [int(t) for t in kept[places]]


def _cut(recording: Recording, frames: Sequence[int], box: Corners, engine: Engine, job: Job) -> Frames:
    inside = tuple(slice(a, b) for a, b in zip(*box, strict=True))
    return {t: np.array(volume[inside]) for t, volume in engine.read(recording, frames, job)}


def _reference(
    wish: Wish, frames: Sequence[int], box: Corners, engine: Engine, open_recording: Opens, job: Job
) -> dict[str, Any]:
    """What to register to, cut to the box, as `register` takes it."""
    kind, path = wish.reference.kind, wish.reference.path
    if why_not := wish.reference.why_not(wish.recording):
        raise RegistrationError(why_not)
    if kind is ReferenceKind.FRAMES:
        chosen = [t for t in range(*wish.reference.frames) if wish.recording.keep[t]]
        if not chosen:
            raise RegistrationError("All of the frames chosen as the reference are excluded. Choose others.")
        return {"template": mean_of(_cut(wish.recording, chosen, box, engine, job).values(), _size(box))}
    if kind is ReferenceKind.STACK and is_result(path):
        inside = tuple(slice(a, b) for a, b in zip(*box, strict=True))
        return {"template": template_in(path, wish.recording)[inside]}
    if kind is ReferenceKind.STACK:
        stack = _fitting(open_recording(path, job=job), wish.recording)
        return {"template": mean_of(_cut(stack, _spread(stack, 50), box, engine, job).values(), _size(box))}
    if kind is ReferenceKind.CHANNEL:
        other = _fitting(open_recording(path, job=job).raw, wish.recording, frames=True)
        return {"by": _recording_of(_cut(other, frames, box, engine, job), other)}
    return {}


def _fitting(other: Recording, recording: Recording, *, frames: bool = False) -> Recording:
    first = 0 if frames else 1
    if other.shape[first:] != recording.shape[first:]:
        what, axes = ("this recording", "(t, z, y, x)") if frames else ("its volumes", "(z, y, x)")
        raise RegistrationError(
            f"{other.name}: its shape is {other.shape[first:]}, but that of {what} is {recording.shape[first:]} "
            f"{axes}. Choose one that fits, voxel by voxel."
        )
    return other


def _size(box: Corners) -> tuple[int, ...]:
    return tuple(b - a for a, b in zip(*box, strict=True))


def _recording_of(found: Frames, like: Recording) -> Recording:
    frames = sorted(found)
    times = None if like.frame_times is None else like.frame_times[frames]
    movie = np.stack([found[t] for t in frames])
    return Recording.from_array(movie, name=like.name, voxel_size=like.voxel_size, frame_times=times)


def _movie(recording: Recording, at: Sequence[int]) -> Array:
    return np.stack([recording.read_volume(t) for t in at])

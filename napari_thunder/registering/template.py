"""Making the template of a recording on an engine: only sums and thumbnails come back from its workers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_thunder.blocks import Block
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import RegistrationError
from napari_thunder.recording import Recording, open
from napari_thunder.registering.work import SumAligned, Thumbnails, added
from napari_thunder.registration.estimator import Estimator
from napari_thunder.registration.modes import estimator_of
from napari_thunder.registration.search import Search
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.template import evenly, mean_from, middle, refined
from napari_thunder.result import is_result, load_result

Floats = NDArray[np.float32]
TemplateLike = ArrayLike | Recording | str | Path
"""An array (z, y, x), a recording (its own template is made, or its only frame taken), or the path of a recording or
of a registration that was saved."""

_THUMBNAIL_VOXELS = 2**17
_COARSE = 4
"""From this binning on, thumbnails place frames so roughly that they are aligned once more."""


def template_of(recording: Recording, settings: Registration, engine: Engine, job: Job) -> Floats:
    """The template (z, y, x) of a recording, from its own frames; excluded ones are never used.

    Raises
    ------
    RegistrationError
        If no frame is left to make it of, or they are all blank.
    """
    kept = np.flatnonzero(recording.keep)
    if settings.chosen_frames is not None:
        return _mean(recording, _chosen(settings.chosen_frames, recording), None, engine, job)
    if settings.template == "middle":
        return _mean(recording, middle(kept, settings.template_frames), None, engine, job)
    return _robust(recording, evenly(kept, settings.template_frames), settings, engine, job)


def given_template(
    given: TemplateLike, recording: Recording, settings: Registration, engine: Engine, job: Job
) -> Floats:
    """A template that is not made of the recording itself.

    Raises
    ------
    RegistrationError
        If it does not fit the recording, or nothing is seen in it.
    """
    if isinstance(given, str | Path) and is_result(Path(given).expanduser()):
        return _fitting(_of_registration(given), recording, str(given))
    other = open(given, engine=engine) if isinstance(given, str | Path) else given
    if not isinstance(other, Recording):
        return _fitting(np.asarray(other), recording, "template")
    if other.shape[1:] != recording.shape[1:]:
        _refuse(other.shape[1:], recording, other.name)
    made = replace(settings, chosen_frames=None)
    return _fitting(template_of(other.raw, made, engine, job), recording, other.name)


def _of_registration(path: str | Path) -> NDArray[Any]:
    dataset = load_result(path)
    if "template" not in dataset:
        raise RegistrationError(f"{path}: a result that has no template. Give a registration, or a recording.")
    return np.asarray(dataset["template"].transpose("z", "y", "x").values)


def _fitting(template: NDArray[Any], recording: Recording, name: str) -> Floats:
    template = template[None] if template.ndim == 2 and recording.shape[1] == 1 else template
    if template.shape != recording.shape[1:]:
        _refuse(template.shape, recording, name)
    if template.dtype.kind not in "buif":
        raise RegistrationError(f"{name}: a template is made of real numbers, not of {template.dtype}.")
    return template.astype(np.float32)


def _refuse(shape: Sequence[int], recording: Recording, name: str) -> None:
    has, wants = (" × ".join(map(str, s)) for s in (shape, recording.shape[1:]))
    raise RegistrationError(
        f"{name}: a template of {has} voxels does not fit a recording of {wants} (z, y, x). Choose one of its grid."
    )


def _chosen(frames: Sequence[float], recording: Recording) -> NDArray[np.intp]:
    numbers = [int(f) for f in frames if float(f).is_integer() and 0 <= f < recording.shape[0]]
    if len(numbers) != len(frames):
        raise RegistrationError(
            f"chosen_frames={list(frames)}: give numbers of frames; they run from 0 to {recording.shape[0] - 1}."
        )
    kept = [f for f in sorted(set(numbers)) if recording.keep[f]]
    if not kept:
        raise RegistrationError("chosen_frames: none is left for the template, as all of them are excluded.")
    return np.asarray(kept, np.intp)


def _robust(recording: Recording, frames: NDArray[np.intp], settings: Registration, engine: Engine, job: Job) -> Floats:
    """Frames are chosen and aligned as thumbnails, then looked at in full."""
    factor = _factor(recording.shape[1:])
    with job.stage(0.0, 0.4, "looking for frames that are alike"):
        thumbnails = _thumbnails(recording, frames, factor, engine, job)
    search = settings.search(_space(thumbnails.shape[1:]), _coarser(recording.voxel_size, factor))
    rounds = max(1, settings.template_rounds)
    template, shifts, best = refined(thumbnails, _sharp(search), rounds)
    _check_seen(template, recording)
    passes = 2 if factor > _COARSE else 1 if factor > 1 or _by_plane(settings) else 0
    if passes:
        full = shifts * np.array([1, factor, factor], np.float32)
        known = {int(frames[i]): full[i] for i in best}
        template = _improved(recording, known, passes, settings, engine, job)
    return template


def _improved(
    recording: Recording,
    known: Mapping[int, Floats],
    passes: int,
    settings: Registration,
    engine: Engine,
    job: Job,
) -> Floats:
    """The mean of frames at shifts that are known roughly, then aligned to that mean as often as is wanted."""
    frames = np.asarray(sorted(known), np.intp)
    span = 0.6 / (passes + 1)
    with job.stage(0.4, 0.4 + span, "making the template"):
        template = _mean(recording, frames, known, engine, job)
    mode = "rigid 2-D planes" if _by_plane(settings) else "rigid 3-D"
    for i in range(1, passes + 1):
        with job.stage(0.4 + i * span, 0.4 + (i + 1) * span, "refining the template"):
            estimator = estimator_of(replace(settings, mode=mode), template, recording.voxel_size, recording.frame_rate)
            template = _mean(recording, frames, estimator, engine, job)
    return template


def _mean(
    recording: Recording,
    frames: NDArray[np.intp],
    how: Mapping[int, Floats] | Estimator | None,
    engine: Engine,
    job: Job,
) -> Floats:
    if len(frames) == 0:
        raise RegistrationError(f"{recording.name}: no frame is left to make the template of.")
    total = engine.reduce(SumAligned(how), added, recording, _single(recording, frames), job, keep=False)
    template = mean_from(total["sum"], total["count"])
    _check_seen(template, recording)
    return template


def _check_seen(template: Floats, recording: Recording) -> None:
    known = template[np.isfinite(template)]
    if known.size == 0 or known.min() == known.max():
        raise RegistrationError(
            f"{recording.name}: the template is the same everywhere, so that nothing can be registered to it. "
            "Choose other frames (chosen_frames), or give a template."
        )


def _thumbnails(recording: Recording, frames: NDArray[np.intp], factor: int, engine: Engine, job: Job) -> Floats:
    blocks = _single(recording, frames)
    answers = engine.map(Thumbnails(factor), recording, blocks, job, keep=False)
    found = {block.index: answer["frames"][0] for block, answer in answers}
    return np.stack([found[i] for i in range(len(blocks))])


def _single(recording: Recording, frames: NDArray[np.intp]) -> list[Block]:
    """Each frame as a block."""
    space = _space(recording.shape[1:])
    return [Block(i, (int(t), int(t) + 1), (0, 0, 0), space) for i, t in enumerate(frames)]


def _factor(space: Sequence[int]) -> int:
    """Voxels along y and x that become one in thumbnails."""
    z, y, x = space
    return max(1, min(math.ceil(math.sqrt(z * y * x / _THUMBNAIL_VOXELS)), y // 16, x // 16))


def _coarser(size: tuple[float, float, float] | None, factor: int) -> tuple[float, float, float]:
    z, y, x = size or (1.0, 1.0, 1.0)
    return z, y * factor, x * factor


def _sharp(search: Search) -> Search:
    """The same search with a low-pass that fits the grid: a binned frame is smooth already."""
    z, y, x = search.low_pass
    return replace(search, low_pass=(z, max(0.8, y), max(0.8, x)))


def _by_plane(settings: Registration) -> bool:
    return "planes" in settings.mode


def _space(shape: Sequence[int]) -> tuple[int, int, int]:
    z, y, x = shape
    return z, y, x

"""Which voxels of a recording are kept: the brain, and where its frames were sampled after their motion was undone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import ParameterError, RecordingError
from napari_thunder.io.regions.mask import MaskLike, mask_of
from napari_thunder.io.sampled import spread
from napari_thunder.io.storing.conversion import Conversion, Mask
from napari_thunder.io.storing.samples import SumFrames, add_sums
from napari_thunder.preparing.brain import find_brain
from napari_thunder.preparing.cropping import Crop
from napari_thunder.preparing.settings import Preparation
from napari_thunder.recording import Recording
from napari_thunder.registration.quality.region import valid_region

_FRAMES_FOR_MEAN = 48


def mean_image(recording: Recording, crop: Crop, engine: Engine, job: Job) -> NDArray[np.float32]:
    """(z, y, x) mean of some frames, cropped and binned; NaN where there is none."""
    kept = np.flatnonzero(recording.keep[slice(*crop.times)]).tolist()
    if not kept:
        raise ParameterError("Preparation: of the frames that are kept, all are excluded from analyses.")
    frames = spread(tuple(kept), _FRAMES_FOR_MEAN)
    blocks = [crop.block(i, (t, t + 1)) for i, t in enumerate(frames)]
    sums = engine.reduce(SumFrames(crop.bin), add_sums, recording, blocks, job, keep=False)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: NDArray[np.float32] = (sums["sum"] / sums["n"]).astype(np.float32)
    return mean


def masks_of(
    recording: Recording,
    settings: Preparation,
    mask: MaskLike | None,
    crop: Crop,
    mean: NDArray[np.float32] | None,
    conversion: Conversion,
) -> tuple[dict[str, Mask], tuple[str, ...]]:
    """The masks that are stored, and the names of those outside of which nothing is kept."""
    masks, within = {}, []
    brain = _brain(recording, settings, mask, crop, mean)
    if brain is not None:
        masks["brain"] = brain
        within += [] if settings.brain == "everything" else ["brain"]
    if recording.shifts is not None:
        frames = np.zeros(recording.shape[0], bool)
        frames[slice(*crop.times)] = recording.keep[slice(*crop.times)]
        masks["valid"] = crop.all_of(valid_region(recording.shifts, frames))
        within += ["valid"] if np.dtype(conversion.dtype).kind != "f" else []
    for name in within:
        if not masks[name].any():
            raise RecordingError(
                f"{recording.name}: no voxel is left: "
                + (
                    "the mask lies outside of what is kept."
                    if name == "brain"
                    else "none was sampled in every frame. Exclude the frames that lie far off or were "
                    "not registered, or store float32."
                )
            )
    return masks, tuple(within)


def _brain(
    recording: Recording,
    settings: Preparation,
    mask: MaskLike | None,
    crop: Crop,
    mean: NDArray[np.float32] | None,
) -> Mask | None:
    if settings.brain == "automatic":
        if mask is not None:
            raise ParameterError("Preparation: brain=automatic finds the brain itself; leave the mask out, or this.")
        assert mean is not None
        size = crop.voxel_size(recording) or (1.0, 1.0, 1.0)
        z, y, x = (settings.brain_margin / s for s in size)
        return find_brain(mean, (z, y, x))
    region = recording.mask if mask is None else mask_of(mask, recording.shape[1:])
    return None if region is None else crop.any_of(region.full_mask())

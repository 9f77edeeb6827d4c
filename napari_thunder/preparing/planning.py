"""What preparing a recording will make, and what it needs, before it is done."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder import __version__
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import ParameterError, RecordingError
from napari_thunder.io.regions.mask import MaskLike, mask_of
from napari_thunder.io.sampled import spread
from napari_thunder.io.storing.conversion import Conversion, Mask
from napari_thunder.io.storing.draft import Plan
from napari_thunder.io.storing.errands import Look
from napari_thunder.io.storing.kept import Kept
from napari_thunder.io.storing.layout import StoreLayout, plan_layout
from napari_thunder.io.storing.samples import MeasureSize, SumFrames, add_sums
from napari_thunder.preparing.asking import ask
from napari_thunder.preparing.brain import find_brain
from napari_thunder.preparing.cropping import Crop, known_of
from napari_thunder.preparing.memory import Memory, memory_for
from napari_thunder.preparing.settings import Preparation, request_of
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, region_of_mask
from napari_thunder.registration.quality.region import valid_region

_FRAMES_FOR_MEAN = 48
_FRAMES_FOR_SIZE = 16
_BYTES_FOR_SIZE = 128 * 2**20
_COARSE_LEVELS_WORSE = 1.15
_PACKAGES = ("numpy", "zarr", "numcodecs")


@dataclass(frozen=True)
class PreparationPlan:
    """What preparing a recording will make, and what it needs.

    Parameters
    ----------
    place
        Of the store.
    layout
        How it is cut.
    crop, conversion
        Which part of the recording is stored, and how its volumes are changed.
    masks
        (z, y, x) of the store, by name: `brain` and `valid`.
    within
        The names of those outside of which nothing is kept.
    kept
        What is written of the store.
    memory
        Of each worker.
    expected_bytes, most_bytes
        On disk: as measured on a few frames, and if nothing could be compressed.
    free_bytes
        On the disk of the store.
    """

    place: str
    layout: StoreLayout
    crop: Crop
    conversion: Conversion
    masks: Mapping[str, Mask]
    within: tuple[str, ...]
    kept: Kept
    memory: Memory
    expected_bytes: int
    most_bytes: int
    free_bytes: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(t, z, y, x) of the store."""
        return self.layout.shape

    @property
    def n_shards(self) -> int:
        """Files of voxels."""
        return sum(int(self.kept.shards[a.key].sum()) * a.grid[0] for a in self.layout.arrays)

    @property
    def brain(self) -> Region | None:
        """The brain in the store's voxels, if it is known."""
        mask = self.masks.get("brain")
        return None if mask is None else region_of_mask(mask, "brain", "#ffffff")

    @property
    def brain_share(self) -> float:
        """Share of the voxels that is kept."""
        return 1.0 if self.kept.mask is None else float(self.kept.mask.mean())

    def check_room(self) -> None:
        """Refuse a disk that will be full.

        Raises
        ------
        RecordingError
        """
        if self.free_bytes < self.expected_bytes:
            raise RecordingError(
                f"{self.place}: the disk has {_size(self.free_bytes)} free, but the store needs about "
                f"{_size(self.expected_bytes)}. Free some space, choose another disk, or crop, bin or compress more "
                "(compression=small)."
            )

    def __str__(self) -> str:
        """As a table that a person reads."""
        rows = self.rows()
        width = max(map(len, rows))
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows.items())

    def rows(self) -> dict[str, str]:
        """What it says, by name."""
        rows = {
            "store": self.place,
            "shape": f"{_by(self.shape)} (t, z, y, x), {self.layout.dtype}",
            "kept": f"{self.brain_share:.0%} of the voxels" if self.kept.mask is not None else "all voxels",
            "dark level": f"{self.conversion.background:g} counts" if self.conversion.background else "",
        }
        for array in self.layout.arrays:
            title = "series" if array is self.layout.series else f"image level {array.key}"
            shards = int(self.kept.shards[array.key].sum()) * array.grid[0]
            rows[title] = (
                f"{_by(array.shape)}; chunks {_by(array.chunk)}, in {shards} shards of {_by(array.shard)} "
                f"(at most {_size(math.prod(array.shard) * self.layout.voxel_type.itemsize)})"
            )
        rows["disk"] = (
            f"about {_size(self.expected_bytes)} (measured on a few frames), at most {_size(self.most_bytes)}; "
            f"{_size(self.free_bytes)} free"
        )
        rows["memory"] = f"{_size(self.memory.needed)} per worker, of {_size(self.memory.limit)} allowed"
        return {name: text for name, text in rows.items() if text}


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
    place = str(Path(path).expanduser().absolute())
    recording = _with_frames_excluded(recording, settings)
    crop = Crop.of(settings, recording)
    with job.stage(0.0, 0.7 * share, "looking at some frames"):
        mean = _mean(recording, crop, engine, job) if _needs_mean(settings) else None
    conversion = Conversion(crop.bin, _background(settings, mean), _dtype(settings, recording).name)
    masks, within = _masks(recording, settings, mask, crop, mean, conversion)
    memory = memory_for(settings, recording, crop, conversion, engine.facts())
    space = conversion.space((crop.shape[1], crop.shape[2], crop.shape[3]))
    layout = plan_layout(
        (crop.n_frames, *space),
        np.dtype(conversion.dtype),
        _binned_size(recording, crop),
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


def header_of(plan: PreparationPlan, recording: Recording, request: Mapping[str, Any], engine: Engine) -> Plan:
    """What is written down when the store is begun."""
    known = known_of(recording, plan.crop)
    times = known["frame_times"]
    header = {
        "name": Path(plan.place).name.split(".")[0],
        "request": dict(request),
        "layout": plan.layout.to_plain(),
        "conversion": plan.conversion.to_plain(),
        "known": known,
        "frame_interval": float(np.median(np.diff(times))) if times is not None and len(times) > 1 else None,
        "labels": list(plan.masks),
        "mask": list(plan.within),
        "out_of_range": request["parameters"]["out_of_range"],
        "registration": _about_shifts(recording),
        "about": _about(recording, plan, engine),
    }
    bits = {name: np.packbits(mask) for name, mask in plan.masks.items()}
    return Plan(header, bits, _shifts(recording, plan.crop))


def request_for(recording: Recording, settings: Preparation, mask: MaskLike | None) -> dict[str, Any]:
    """What is asked for, as JSON can hold it: whoever asks for the same goes on with what was begun."""
    crop = Crop.of(settings, recording)
    region = recording.mask if mask is None else mask_of(mask, recording.shape[1:])
    return {
        "recording": recording.source.fingerprint(),
        "shape": list(recording.shape),
        "parameters": dict(request_of(settings)),
        "mask": None if region is None else _digest(np.packbits(region.full_mask()).tobytes()),
        "metadata": _digest(json.dumps(known_of(recording, crop), sort_keys=True).encode()),
    }


def _needs_mean(settings: Preparation) -> bool:
    return settings.brain == "automatic" or settings.background_percentile is not None


def _with_frames_excluded(recording: Recording, settings: Preparation) -> Recording:
    return recording.without_frames(int(f) for f in settings.exclude_frames)


def _mean(recording: Recording, crop: Crop, engine: Engine, job: Job) -> NDArray[np.float32]:
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


def _background(settings: Preparation, mean: NDArray[np.float32] | None) -> float:
    if settings.background_percentile is None:
        return settings.background
    assert mean is not None
    return round(float(np.nanpercentile(mean, settings.background_percentile)), 3)


def _dtype(settings: Preparation, recording: Recording) -> np.dtype[Any]:
    found = recording.raw.dtype if settings.dtype == "recorded" else np.dtype(settings.dtype)
    return np.dtype(np.uint8) if found.kind == "b" else found.newbyteorder("=")


def _masks(
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
        size = _binned_size(recording, crop) or (1.0, 1.0, 1.0)
        z, y, x = (settings.brain_margin / s for s in size)
        return find_brain(mean, (z, y, x))
    region = recording.mask if mask is None else mask_of(mask, recording.shape[1:])
    return None if region is None else crop.any_of(region.full_mask())


def _binned_size(recording: Recording, crop: Crop) -> tuple[float, float, float] | None:
    if recording.voxel_size is None:
        return None
    z, y, x = (s * b for s, b in zip(recording.voxel_size, crop.bin, strict=True))
    return z, y, x


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


def _about(recording: Recording, plan: PreparationPlan, engine: Engine) -> dict[str, Any]:
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"napari-thunder": __version__, **{name: version(name) for name in _PACKAGES}},
        "engine": engine.name,
        "background": plan.conversion.background,
        "source": {
            "uri": recording.uri,
            "format": recording.source.format,
            "fingerprint": recording.source.fingerprint(),
            "shape": list(recording.shape),
            "dtype": str(recording.dtype),
        },
    }


def _about_shifts(recording: Recording) -> dict[str, Any] | None:
    shifts = recording.shifts
    if shifts is None:
        return None
    return {
        "interpolation": recording.interpolation,
        "kind": shifts.kind,
        "digest": shifts.digest,
        "path": shifts.path,
        "space": list(shifts.space),
        "about": "shift (t, blocks along z, y, x, axis) in voxels of the recording as it was made: "
        "registered[v] = frame[v + shift]. It is undone in this store.",
    }


def _shifts(recording: Recording, crop: Crop) -> dict[str, NDArray[Any]]:
    if recording.shifts is None:
        return {}
    z, y, x = recording.shifts.centers
    return {"shift": recording.shifts.values[slice(*crop.times)], "z": z, "y": y, "x": x}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _by(numbers: tuple[int, ...]) -> str:
    return " × ".join(map(str, numbers))


def _size(n_bytes: float) -> str:
    for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if n_bytes >= unit:
            return f"{n_bytes / unit:.1f} {name}"
    return f"{n_bytes / 1e3:.0f} kB"

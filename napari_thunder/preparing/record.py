"""What is written down of a preparation: what was asked for, of what it is made, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder import __version__
from napari_thunder.engine import Engine
from napari_thunder.io.regions.mask import MaskLike, mask_of
from napari_thunder.io.storing.draft import Plan
from napari_thunder.preparing.cropping import Crop, known_of
from napari_thunder.preparing.plan import PreparationPlan
from napari_thunder.preparing.settings import Preparation, request_of
from napari_thunder.recording import Recording

_PACKAGES = ("numpy", "zarr", "numcodecs")


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

"""What a result was made of, so that it can be made again: a JSON text in the result's attributes."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder import __version__
from napari_thunder.analysis.own.model import OwnModel
from napari_thunder.analysis.protocol import Analysis, Step
from napari_thunder.analysis.registry import step_text
from napari_thunder.engine import Engine, Job
from napari_thunder.errors import ResultError
from napari_thunder.io.array import ArraySource
from napari_thunder.io.features import MadeOf
from napari_thunder.io.source import recorded
from napari_thunder.parameters import snake_case, values
from napari_thunder.recording import Recording
from napari_thunder.regions import Region, region_from_plain, region_to_plain
from napari_thunder.registration import shifts_from_plain, shifts_to_plain
from napari_thunder.tables import table_from_plain, table_to_plain

_PACKAGES = ("numpy", "scipy", "pandas", "xarray", "zarr", "pyspark")


@dataclass(frozen=True, slots=True)
class Places:
    """Where a result is of: the voxels that took part (None for all), and the regions whose activity was asked for."""

    mask: Region | None
    regions: tuple[Region, ...] = ()


def provenance_of(
    analysis: Analysis,
    recording: Recording,
    steps: Sequence[Step],
    places: Places,
    engine: Engine,
    job: Job,
) -> str:
    """Write down source, parameters, preprocessing, places, engine, versions, excluded frames and time, as JSON."""
    record = {
        "analysis": snake_case(type(analysis).__name__),
        "parameters": values(analysis),
        "preprocess": [step_text(step) for step in steps],
        "mask": None if places.mask is None else region_to_plain(places.mask),
        "regions": [region_to_plain(region) for region in places.regions],
        "recording": recording_to_plain(recording),
        "engine": engine.name,
        "versions": _versions(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": None if job.started is None else round(time.monotonic() - job.started, 3),
        "tag": job.tag,
    }
    if isinstance(analysis, OwnModel):
        record["model"] = analysis.to_plain()
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def read_provenance(dataset: xr.Dataset) -> dict[str, Any]:
    """The provenance of a result, as a dict.

    Raises
    ------
    ResultError
        If it has none, or one that is not JSON.
    """
    try:
        record = json.loads(dataset.attrs["provenance"])
    except KeyError:
        raise ResultError(
            "This dataset has no provenance: it was not made by napari-thunder, or its attributes were lost."
        ) from None
    except json.JSONDecodeError as error:
        raise ResultError(f"The provenance of this result is damaged: {error}.") from error
    if not isinstance(record, dict):
        raise ResultError("The provenance of this result is damaged: it is not a table of names and values.")
    return record


def known_metadata(record: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a provenance record's recording, as keywords of `open`."""
    stored = record["recording"]
    tables = {name: stored[name] and table_from_plain(stored[name]) for name in ("events", "signals")}
    return {
        "voxel_size": stored["voxel_size"],
        "frame_times": _times_from_plain(stored["frame_times"], stored["shape"][0]),
        "exclude_frames": stored["exclude_frames"],
        "mask": region_from_plain(stored["mask"]) if stored.get("mask") else None,
        **_shifts(stored.get("registration")),
        **tables,
    }


def recording_to_plain(recording: Recording) -> dict[str, Any]:
    """What is known of a recording and where it lies, as JSON can hold it; `known_metadata` reads it back."""
    return {
        "uri": recording.uri,
        "format": recording.source.format,
        "fingerprint": recording.source.fingerprint(),
        "shape": list(recording.shape),
        "dtype": str(recording.dtype),
        "voxel_size": recording.voxel_size and list(recording.voxel_size),
        "frame_times": _times_to_plain(recording.frame_times),
        "events": None if recording.events is None else table_to_plain(recording.events),
        "signals": None if recording.signals is None else table_to_plain(recording.signals),
        "exclude_frames": list(recording.exclude_frames),
        "mask": None if recording.mask is None else region_to_plain(recording.mask),
        "maps": _maps_to_plain(recording),
        "registration": None
        if recording.shifts is None
        else {"interpolation": recording.interpolation, "shifts": shifts_to_plain(recording.shifts)},
    }


def _maps_to_plain(recording: Recording) -> dict[str, Any] | None:
    """Of which maps of which result a recording is made; where that one is not saved, its provenance too."""
    source = recorded(recording.source)
    made_of: MadeOf | None = getattr(source, "made_of", None)
    if made_of is None:
        return None
    of = json.loads(made_of.provenance) if isinstance(source, ArraySource) else None
    return {"names": list(made_of.maps), "standardize": made_of.standardize, "provenance": of}


def _shifts(stored: dict[str, Any] | None) -> dict[str, Any]:
    if not stored:
        return {}
    return {"shifts": shifts_from_plain(stored["shifts"]), "interpolation": stored["interpolation"]}


def _times_to_plain(times: NDArray[np.float64] | None) -> dict[str, float] | list[float] | None:
    """As start and rate where that gives the very same times, else one by one."""
    if times is None or len(times) < 2:
        return None if times is None else times.tolist()
    rate = float(1 / (times[1] - times[0]))
    even = np.arange(len(times)) / rate + times[0]
    return {"start": float(times[0]), "rate": rate} if np.array_equal(even, times) else times.tolist()


def _times_from_plain(stored: dict[str, float] | list[float] | None, n_frames: int) -> NDArray[np.float64] | None:
    if isinstance(stored, dict):
        return np.arange(n_frames) / stored["rate"] + stored["start"]
    return None if stored is None else np.asarray(stored, np.float64)


def _versions() -> dict[str, str]:
    found = {"napari-thunder": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found

"""A registration made again from its record."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from napari_thunder.engine import Engine, Job
from napari_thunder.errors import ResultError
from napari_thunder.parameters import build
from napari_thunder.recording import Recording
from napari_thunder.regions import region_from_plain
from napari_thunder.registering.run import register
from napari_thunder.registration.settings import Registration
from napari_thunder.result import recording_of


def registered_again(
    registration: xr.Dataset, record: dict[str, Any], recording: Recording, engine: Engine | None, job: Job | None
) -> xr.Dataset:
    """Register a recording as a registration says it was; to the same template, where that was given.

    Raises
    ------
    ResultError
        If another channel was used, and that is gone or changed.
    """
    given = None if record.get("template") is None else np.asarray(registration["template"].values)
    mask = region_from_plain(record["mask"]) if record.get("mask") else None
    again = register(
        recording,
        build(Registration, record["parameters"]),
        template=given,
        by=_channel(record, engine),
        mask=mask,
        engine=engine,
        job=job,
    )
    made = json.loads(again.attrs["provenance"]) | {"template": record.get("template")}
    again.attrs["provenance"] = json.dumps(made, ensure_ascii=False, allow_nan=False)
    return again


def _channel(record: dict[str, Any], engine: Engine | None) -> Recording | None:
    stored = record.get("by")
    if stored is None:
        return None
    channel = recording_of({"recording": stored}, engine)
    if channel.source.fingerprint() != stored["fingerprint"]:
        raise ResultError(
            f"{channel.uri}: this channel, on which the shifts were estimated, changed since. Register anew if that is "
            "what you want."
        )
    return channel

"""NWB files as pynwb, which defines the format, writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ophys import ImagingPlane, OpticalChannel, TwoPhotonSeries

Array = np.ndarray[Any, Any]


def session() -> NWBFile:
    """A session with nothing in it."""
    return NWBFile(
        session_description="a session", identifier="id-1", session_start_time=datetime(2026, 1, 2, tzinfo=UTC)
    )


def imaging_plane(file: NWBFile, name: str = "plane", **known: Any) -> ImagingPlane:
    """The imaging plane of that name, made with what is known if it is not there."""
    if name in file.imaging_planes:
        return file.imaging_planes[name]
    green = OpticalChannel(name=f"green of {name}", description="GCaMP", emission_lambda=510.0)
    return file.create_imaging_plane(
        name=name,
        optical_channel=green,
        description="",
        device=file.devices.get("microscope") or file.create_device("microscope"),
        excitation_lambda=920.0,
        indicator="GCaMP6s",
        location="brain",
        **known,
    )


def add_images(
    file: NWBFile,
    name: str,
    data: Any,
    kind: Any = TwoPhotonSeries,
    plane: Mapping[str, Any] | None = None,
    **known: Any,
) -> Any:
    """Add images (t, x, y[, z]) of an imaging plane, two frames a second unless their times are known."""
    times = {} if "timestamps" in known else {"rate": 2.0}
    found = imaging_plane(file, **plane or {})
    series = kind(name=name, data=data, imaging_plane=found, unit="n.a.", **times | known)
    file.add_acquisition(series)
    return series


def write_nwb(file: NWBFile, path: Path) -> Path:
    """Write a session to a file."""
    with NWBHDF5IO(str(path), "w") as out:
        out.write(file)
    return path

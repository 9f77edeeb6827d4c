"""What an NWB file consists of: objects with a type, and times given one by one or by a rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import h5py

Objects = Mapping[str, "h5py.Group"]


def objects_of(file: h5py.File) -> Objects:
    """Groups that have a type (`neurodata_type`) by their path; those that are links only are left out."""
    import h5py

    found: dict[str, h5py.Group] = {}

    def look(key: str, thing: Any) -> None:
        if isinstance(thing, h5py.Group) and "neurodata_type" in thing.attrs:
            found[f"/{key}"] = thing

    file.visititems(look)
    return found


def attribute(thing: h5py.Group | h5py.Dataset, name: str) -> str:
    """A text that a group or dataset is labelled with; empty if it is not."""
    said = thing.attrs.get(name, "")
    return said.decode() if isinstance(said, bytes) else str(said)


def times_of(series: h5py.Group, n: int) -> NDArray[np.float64] | None:
    """When each of the first `n` samples of a series was taken, in s of the session; None if the file does not say."""
    if "timestamps" in series:
        times = np.asarray(series["timestamps"][:], np.float64)
        return times if times.shape == (n,) else None
    start = series.get("starting_time")
    rate = float(start.attrs.get("rate", 0)) if start is not None else 0.0
    return float(start[()]) + np.arange(n) / rate if rate > 0 else None


def texts(dataset: h5py.Dataset) -> list[str]:
    """The texts of a dataset."""
    return [t.decode(errors="replace") if isinstance(t, bytes) else str(t) for t in dataset[:]]

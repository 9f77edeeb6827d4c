"""What a store of ours says of itself beside what OME-Zarr says, for whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from napari_thunder.errors import RecordingError
from napari_thunder.regions import Region, region_of_mask

VERSION = 2
"""Of what a store is; 1 had neither shards nor coarser levels nor masks."""

_READ = (1, 2)
_COLOR = "#ffffff"

Written = dict[str, NDArray[np.bool_]]


def check_complete(path: object, ours: Mapping[str, Any]) -> None:
    """Refuse a store that is not whole, or that this program does not know.

    Parameters
    ----------
    path
        Of the store, for messages.
    ours
        Its attribute `thunder`.

    Raises
    ------
    RecordingError
    """
    if ours.get("version") not in _READ:
        raise RecordingError(
            f"{path}: written by another version of this program (store version {ours.get('version')}). Take a newer "
            "one of this program."
        )
    if ours.get("complete") is not True:
        raise RecordingError(
            f"{path}: the store is incomplete: writing it was stopped before its end, or is still going on. "
            "Wait for it, or write it again."
        )


def shards_written(ours: Mapping[str, Any]) -> Written:
    """(z, y, x) of the shards of arrays, by key: whether they are written; arrays of which all are, are left out."""
    stored = ours.get("shards_written", {})
    return {key: _unpacked(said["bits"], said["grid"]) for key, said in stored.items()}


def frames_excluded(ours: Mapping[str, Any]) -> tuple[int, ...]:
    """Frames that no analysis may use."""
    return tuple(int(frame) for frame in ours.get("exclude_frames", ()))


def mask_within(group: zarr.Group, ours: Mapping[str, Any], path: object) -> Region | None:
    """The voxels that a store keeps, or None if it keeps all.

    Raises
    ------
    RecordingError
        If its labels cannot be read.
    """
    names = ours.get("mask", [])
    if not names:
        return None
    try:
        arrays: list[Any] = [group[f"labels/{name}/0"] for name in names]
        masks = [np.asarray(array[:], bool) for array in arrays]
    except Exception as error:  # whatever a damaged chunk or a missing label raises
        raise RecordingError(
            f"{path}: the mask of the voxels it keeps ({', '.join(names)} among its labels) cannot be read: "
            f"{type(error).__name__}: {error}. Copy or prepare the recording again."
        ) from error
    return region_of_mask(np.logical_and.reduce(masks), names[0], _COLOR)


def _unpacked(bits: str, grid: list[int]) -> NDArray[np.bool_]:
    packed = np.frombuffer(bytes.fromhex(bits), np.uint8)
    found: NDArray[np.bool_] = np.unpackbits(packed, count=int(np.prod(grid))).reshape(grid).astype(bool)
    return found

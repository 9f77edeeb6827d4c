"""The valid region: voxels that were sampled in every frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.apply import field_of
from napari_thunder.registration.shifts import Shifts

Mask = NDArray[np.bool_]


def valid_region(shifts: Shifts, frames: Mask) -> Mask:
    """The voxels (z, y, x) that lie inside the frame, wherever it is, in all of some frames.

    Exact for shifts of whole volumes and planes; for shifts by block, the extremes of each block are taken together,
    which can only leave out too much.

    Parameters
    ----------
    shifts
        Of all frames.
    frames
        (t,) those that count; frames that were not estimated never do.
    """
    inside = np.ones(shifts.space, bool)
    values = shifts.values[frames & shifts.estimated]
    if len(values) == 0:
        return np.zeros(shifts.space, bool)
    low, high = values.min(axis=0), values.max(axis=0)
    _, y, x = shifts.space
    last = np.reshape(np.subtract(shifts.space, 1), (3, 1, 1, 1))
    for z in range(shifts.space[0]):  # plane by plane, as the fields of a whole brain would not fit into memory
        box = ((z, 0, 0), (z + 1, y, x))
        place = np.stack(np.meshgrid([z], np.arange(y), np.arange(x), indexing="ij")).astype(np.float64)
        starts, ends = (place + field_of(extreme, shifts.centers, box) for extreme in (low, high))
        inside[z] = np.logical_and(starts >= 0, ends <= last).all(axis=(0, 1))
    return inside


def bounding_box(region: Mask) -> tuple[slice, slice, slice]:
    """The smallest box (z, y, x) that holds a region; empty slices if it has no voxel."""
    found = [np.flatnonzero(region.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    z, y, x = (slice(int(f[0]), int(f[-1]) + 1) if len(f) else slice(0, 0) for f in found)
    return z, y, x

"""Undoing motion: a part of a frame, looked up where the brain went."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.bent import bent
from napari_thunder.registration.displaced import displaced
from napari_thunder.registration.shifts import Centers, Space
from napari_thunder.registration.spline import coefficients

Interpolation = Literal["linear", "cubic", "nearest"]
INTERPOLATIONS: tuple[Interpolation, ...] = ("linear", "cubic", "nearest")
_ORDER: dict[Interpolation, Literal[0, 1, 3]] = {"nearest": 0, "linear": 1, "cubic": 3}
REACH = {"nearest": 1, "linear": 1, "cubic": 8}
"""Voxels around a place whose values count (for cubic, to float32 precision)."""

Array = NDArray[Any]


def warped(
    part: Array,
    shifts: NDArray[np.float32],
    centers: Centers,
    *,
    origin: Space,
    box: tuple[Space, Space],
    space: Space,
    interpolation: Interpolation = "linear",
) -> NDArray[np.float32]:
    """A box of a registered frame.

    Parameters
    ----------
    part
        (z, y, x) of the frame as it was recorded: the box and as much around it as the frame was shifted.
    shifts
        (blocks along z, y, x, 3) of this frame in voxels; see `Shifts`.
    centers
        Centres of the blocks, in voxels of the whole frame.
    origin
        First voxel (z, y, x) of `part` in the frame.
    box
        First voxel (z, y, x) that is wanted, and the one after the last.
    space
        Shape (z, y, x) of the whole frame.
    interpolation
        Between voxels.

    Returns
    -------
    array
        float32 of the shape of the box; NaN where the place lies outside the frame.
    """
    start, stop = box
    found = np.full(tuple(b - a for a, b in zip(start, stop, strict=True)), np.nan, np.float32)
    if not np.isfinite(shifts).all() or found.size == 0:
        return found
    order = _ORDER[interpolation]
    part = coefficients(part) if order == 3 else part
    if shifts.shape[:3] == (1, 1, 1):
        displaced(found, part, _three(shifts[0, 0, 0]), (start, origin, space), order)
    elif shifts.shape[1:3] == (1, 1):
        field = field_of(shifts, centers, (start, (stop[0], start[1] + 1, start[2] + 1)))[:, :, 0, 0]
        for i, shift in enumerate(field.T):
            at = (start[0] + i, start[1], start[2])
            displaced(found[i : i + 1], part, _three(shift), (at, origin, space), order)
    else:
        bent(found, np.ascontiguousarray(part, np.float32), shifts, centers, (start, origin, space), order)
    return found


def field_of(shifts: NDArray[np.float32], centers: Centers, box: tuple[Space, Space]) -> NDArray[np.float64]:
    """The shift (3, z, y, x) of every voxel of a box, interpolated linearly between the centres of the blocks."""
    field = np.moveaxis(np.asarray(shifts, np.float64), -1, 0)
    for axis, (along, start, stop) in enumerate(zip(centers, *box, strict=True), 1):
        if field.shape[axis] == 1:
            field = np.repeat(field, stop - start, axis=axis)
            continue
        place = np.interp(np.arange(start, stop), along, np.arange(len(along)))
        low = np.minimum(place.astype(int), len(along) - 2)
        weight = (place - low).reshape([-1 if a == axis else 1 for a in range(4)])
        field = field.take(low, axis) * (1 - weight) + field.take(low + 1, axis) * weight
    return field


def _three(shift: NDArray[Any]) -> tuple[float, float, float]:
    z, y, x = (float(s) for s in shift)
    return z, y, x

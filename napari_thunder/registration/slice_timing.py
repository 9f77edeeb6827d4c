"""Planes that are taken one after the other move while the frame is taken: shifts of each at its own time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError
from napari_thunder.io.slice_timed import SliceTiming
from napari_thunder.registration.shifts import Shifts

Doubles = NDArray[np.float64]


def shifts_of_planes(shifts: Shifts, timing: SliceTiming) -> Shifts:
    """The shift of each plane when it was taken, from the shifts of whole volumes.

    A volume's shift is that of the middle of the time in which its planes were taken; between the middles it is
    interpolated linearly. Where the brain moves along z, what belongs to a plane of the reference is found in another
    plane of the frame, and moved when that one was taken. Before the first frame's middle and after the last the shift
    stays.

    Parameters
    ----------
    shifts
        One for each frame.
    timing
        When the planes are taken.

    Returns
    -------
    Shifts
        One (z, y, x) for each plane of each frame; NaN in frames that were not estimated.

    Raises
    ------
    RegistrationError
        If the shifts are not those of whole volumes, none was estimated, or the planes are not those of the timing.
    """
    _check(shifts, timing)
    delays = np.asarray(timing.delays)
    middle, known = delays.mean(), shifts.estimated
    frames = np.arange(shifts.n_frames)
    planes = np.arange(len(delays), dtype=np.float64)
    whole = shifts.mean
    where = planes + np.nan_to_num(whole[:, :1])
    times = frames[:, None] + np.interp(where, planes, delays) - middle
    values: Doubles = np.stack([np.interp(times, frames[known], whole[known, axis]) for axis in range(3)], axis=-1)
    values[~known] = np.nan
    _, y, x = shifts.centers
    return Shifts(values[:, :, None, None].astype(np.float32), (planes.astype(np.float32), y, x), shifts.space)


def _check(shifts: Shifts, timing: SliceTiming) -> None:
    if shifts.grid != (1, 1, 1):
        raise RegistrationError(
            "Slice timing: the shifts are those of planes or blocks already; give those of volumes."
        )
    if len(timing.delays) != shifts.space[0]:
        raise RegistrationError(
            f"Slice timing: {len(timing.delays)} planes; the shifts are of volumes of {shifts.space[0]}."
        )
    if not shifts.estimated.any():
        raise RegistrationError("Slice timing: no frame has a shift.")

"""The three movies that are judged side by side."""

from __future__ import annotations

from typing import Literal

import numpy as np

from napari_thunder.registration.shifts import Shifts

Stage = Literal["raw", "control", "registered"]
STAGES: tuple[Stage, ...] = ("raw", "control", "registered")
"""As recorded; as recorded, but through the interpolator; registered."""

RAW, CONTROL, REGISTERED = range(3)

CONTROL_SHIFT = 0.5
"""Voxels by which the control is shifted, so that it is blurred as much as interpolation can blur."""


def control_shifts(shifts: Shifts) -> Shifts:
    """The same shift for every frame: half a voxel along each axis on which the registration interpolates.

    A movie that went through an interpolator is smoother, and correlations, tSNR and DVARS are better for that alone.
    What a registration adds is what it gains over this control.
    """
    values = shifts.values[shifts.estimated]
    fractional = np.abs(values - np.round(values)).max(axis=(0, 1, 2, 3), initial=0.0) > 1e-3
    thick = np.asarray(shifts.space) > 1
    constant = np.where(fractional & thick, CONTROL_SHIFT, 0.0)
    return Shifts.rigid(np.tile(constant, (shifts.n_frames, 1)), shifts.space)

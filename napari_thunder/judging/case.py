"""What is judged: a recording, its shifts, which frames count and where."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.errors import ParameterError, RegistrationError, ResultError
from napari_thunder.events import check_events
from napari_thunder.masks import MaskLike, mask_for
from napari_thunder.parameters import build
from napari_thunder.provenance import read_provenance
from napari_thunder.recording import Recording
from napari_thunder.regions import Region
from napari_thunder.registering import shifts_of
from napari_thunder.registration.apply import Interpolation
from napari_thunder.registration.quality.epochs import Epochs, epochs_of_events, epochs_of_signal
from napari_thunder.registration.quality.grid import Grid, grid_of
from napari_thunder.registration.quality.outliers import shift_outliers
from napari_thunder.registration.quality.region import valid_region
from napari_thunder.registration.quality.settings import Quality
from napari_thunder.registration.quality.stages import control_shifts
from napari_thunder.registration.quality.sums import Movies
from napari_thunder.registration.quality.traces import ShiftTraces, shift_traces
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Shifts

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What is judged.

    Parameters
    ----------
    recording
        As it was recorded.
    settings
        With the limit and the interpolation of the registration, where that says them.
    traces
        Of the shifts.
    flags
        Outliers by their shifts alone: rule → (t,).
    usable
        (t,) frames that are neither excluded nor such outliers.
    region
        (z, y, x) voxels that count: in the frame in every usable frame, in every stage, and inside the mask.
    within
        (z, y, x) the voxels of the mask, or all.
    """

    recording: Recording
    shifts: Shifts
    settings: Quality
    interpolation: Interpolation
    mask: Region | None
    movies: Movies
    traces: ShiftTraces
    flags: dict[str, Flags]
    usable: Flags
    region: Flags
    within: Flags
    grid: Grid
    epochs: Epochs


def case_of(
    recording: Recording,
    registration: Shifts | xr.Dataset | None,
    settings: Quality,
    epochs: pd.DataFrame | None,
    mask: MaskLike | None,
) -> Case:
    """Put together what is judged.

    Raises
    ------
    ThunderError
        If the shifts are of another recording, or epochs are asked for that it does not have.
    """
    raw = recording.raw
    shifts = _shifts(recording, registration)
    settings, interpolation = _completed(settings, registration, recording)
    traces = shift_traces(shifts, raw.keep, settings.drift_period * (raw.frame_rate or 1.0))
    flags = shift_outliers(traces.shift, raw.keep, settings)
    usable = raw.keep & ~np.logical_or.reduce(list(flags.values()))
    movies = Movies(control_shifts(shifts), shifts, interpolation)
    region = mask_for(mask, raw)
    within = np.ones(shifts.space, bool) if region is None else _as_array(region)
    inside = within & valid_region(shifts, usable) & valid_region(movies.control, usable)
    return Case(
        raw,
        shifts,
        settings,
        interpolation,
        region,
        movies,
        traces,
        flags,
        usable,
        inside,
        within,
        grid_of(shifts.space),
        _epochs(raw, settings, epochs),
    )


def _shifts(recording: Recording, registration: Shifts | xr.Dataset | None) -> Shifts:
    found = recording.shifts if registration is None else registration
    if found is None:
        raise RegistrationError(
            f"{recording.name}: there are no shifts to judge. Register it first (napari_thunder.register), or give the "
            "shifts."
        )
    shifts = found if isinstance(found, Shifts) else shifts_of(found)
    recording.raw.registered(shifts)  # checks that they are of this recording
    return shifts


def _completed(
    settings: Quality, registration: Shifts | xr.Dataset | None, recording: Recording
) -> tuple[Quality, Interpolation]:
    """Settings with what the registration says of itself."""
    made = _made_with(registration)
    interpolation: Any = settings.interpolation or (made.interpolation if made else recording.interpolation) or "linear"
    limit = settings.largest_shift
    if limit is None and made is not None:
        limit = made.search(_space(recording), recording.voxel_size).max_shift
    return dataclasses.replace(settings, interpolation=interpolation, largest_shift=limit), interpolation


def _made_with(registration: Shifts | xr.Dataset | None) -> Registration | None:
    if not isinstance(registration, xr.Dataset):
        return None
    try:
        return build(Registration, read_provenance(registration)["parameters"])
    except (ResultError, ParameterError, KeyError):
        return None


def _epochs(recording: Recording, settings: Quality, given: pd.DataFrame | None) -> Epochs:
    found: Epochs = {}
    if given is not None or settings.epochs_by is not None:
        events = recording.events if given is None else given
        if events is None:
            raise RegistrationError(
                f"{recording.name}: epochs are to be taken from events, but it has none. Give events= (--events), or "
                "a table of epochs."
            )
        times = recording.need_frame_times("judging by epoch")
        found |= epochs_of_events(check_events(events, frame_times=times, where="epochs"), times, settings.epochs_by)
    if settings.epochs_signal is not None:
        if recording.signals is None:
            raise RegistrationError(
                f"{recording.name}: epochs are to be taken from a signal, but it has none. Give signals= (--signals)."
            )
        name, threshold = settings.epochs_signal, settings.epochs_threshold
        found |= epochs_of_signal(recording.signals, name, threshold, recording.frame_times, recording.shape[0])
    return found


def _as_array(region: Region) -> Flags:
    full = np.zeros(region.volume, bool)
    full[region.box] = region.mask
    return full


def _space(recording: Recording) -> tuple[int, int, int]:
    _, z, y, x = recording.shape
    return z, y, x

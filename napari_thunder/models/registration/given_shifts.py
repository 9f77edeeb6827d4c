"""Shifts that were found elsewhere, as a registration of a recording."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import ThunderError
from napari_thunder.io.averaged import mean_of
from napari_thunder.provenance import recording_to_plain
from napari_thunder.recording import Recording
from napari_thunder.registering.dataset import empty_dataset, fill
from napari_thunder.registration.estimator import Estimate
from napari_thunder.registration.shifts import Shifts

if TYPE_CHECKING:
    import xarray as xr

_FRAMES_OF_MEAN = 40


def registration_by(shifts: Shifts, recording: Recording, path: str) -> xr.Dataset:
    """A registration that says these shifts; its template is the mean of some registered frames, as far as they are
    seen from here. How sure the shifts are is not known.

    Raises
    ------
    RegistrationError
        If they are of another recording.
    """
    registered = recording.registered(shifts)
    found = empty_dataset(recording, _mean(registered), shifts.centers)
    fill(found, Estimate(shifts.values, np.full(shifts.values.shape[:-1], np.nan, np.float32)))
    record = {"analysis": "registration", "parameters": {}, "shifts": path, "recording": recording_to_plain(recording)}
    found.attrs["provenance"] = json.dumps(record, ensure_ascii=False, allow_nan=False)
    return found


def _mean(registered: Recording) -> NDArray[np.float32]:
    kept = np.flatnonzero(registered.keep)
    frames = kept[np.unique(np.linspace(0, len(kept) - 1, min(_FRAMES_OF_MEAN, len(kept))).round().astype(int))]
    try:
        return mean_of((registered.read_volume(int(t)) for t in frames), registered.shape[1:])
    except ThunderError:
        return np.full(registered.shape[1:], np.nan, np.float32)

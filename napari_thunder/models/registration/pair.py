"""A recording before and after registration, and what its registration says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError
from napari_thunder.io.elsewhere import ElsewhereSource
from napari_thunder.models.data.datasets import Dataset
from napari_thunder.recording import Recording
from napari_thunder.registration import Shifts
from napari_thunder.registration.apply import Interpolation

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """What the views for judging a registration by eye show.

    Parameters
    ----------
    dataset
        Key of the recording on the desk.
    raw, registered
        The movie as it was recorded, and with its motion undone.
    shifts
        Of all frames.
    template
        (z, y, x) that the frames were registered to, or None if it is not known.
    confidence
        (t, blocks along z, y, x) of the shifts, or None if it is not known.
    quality
        What `judge` found, or None as long as it was not judged.
    """

    dataset: int
    raw: Recording
    registered: Recording
    shifts: Shifts
    template: Array | None = field(default=None, repr=False)
    confidence: Array | None = field(default=None, repr=False)
    quality: xr.Dataset | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Of the recording."""
        return self.raw.name

    @property
    def look(self) -> tuple[object, ...]:
        """What its frames look like depends on: equal for pairs whose pictures are the same."""
        raw = self.raw
        rate = raw.frame_rate
        return self.dataset, id(raw.source), raw.voxel_size, rate, self.shifts.digest, self.registered.interpolation

    @property
    def is_elsewhere(self) -> bool:
        """Whether only the engine sees the movie."""
        return isinstance(self.raw.source, ElsewhereSource)


def pair_of(
    dataset: Dataset,
    shifts: Shifts,
    registration: xr.Dataset | None = None,
    quality: xr.Dataset | None = None,
    interpolation: Interpolation = "linear",
) -> Pair:
    """A recording of the desk with its shifts; with the template and the confidence that its registration says.

    Raises
    ------
    RegistrationError
        If the shifts are of another recording.
    """
    raw = dataset.recording.raw
    registered = raw.registered(shifts, interpolation)
    template = _volume(registration, "template", raw.shape[1:])
    confidence = None
    if registration is not None and "confidence" in registration:
        confidence = np.asarray(registration["confidence"].values, np.float32)
        if confidence.shape != shifts.values.shape[:-1]:
            raise RegistrationError(
                f"{raw.name}: the confidence is of {confidence.shape} (frame, blocks), the shifts of "
                f"{shifts.values.shape[:-1]}. Register again."
            )
    return Pair(dataset.key, raw, registered, shifts, template, confidence, quality)


def _volume(dataset: xr.Dataset | None, name: str, shape: tuple[int, ...]) -> Array | None:
    if dataset is None or name not in dataset:
        return None
    found = np.asarray(dataset[name].values, np.float32)
    return found if found.shape == shape else None

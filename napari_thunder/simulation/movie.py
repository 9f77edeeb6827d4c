"""From a brain and its activity to what the camera counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.simulation.activity import Activity, build_activity
from napari_thunder.simulation.anatomy import Anatomy, build_anatomy
from napari_thunder.simulation.bending import Bending, bent, make_bending
from napari_thunder.simulation.motion import drift_factor, make_shift, moved
from napari_thunder.simulation.settings import STREAM_NOISE, Settings

Floats = NDArray[np.float32]

OFFSET = 100.0
"""Counts of the camera in the dark."""
GAIN = 2.0
"""Counts for one photon."""
READ_NOISE = 1.5
"""Standard deviation of the camera in the dark in counts."""

_FRAMES_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that is true of a simulated recording."""

    settings: Settings
    anatomy: Anatomy
    activity: Activity
    drift: NDArray[np.float64]
    shift: NDArray[np.float64]
    bending: Bending | None


def build_model(settings: Settings) -> Model:
    """The model of these settings, always the same; needs memory for a few volumes, however long the recording."""
    anatomy = build_anatomy(settings)
    activity = build_activity(settings, anatomy.cells)
    bending = make_bending(settings, anatomy.region > 0)
    return Model(settings, anatomy, activity, drift_factor(settings), make_shift(settings), bending)


def volumes(model: Model, t0: int, t1: int) -> NDArray[np.uint16]:
    """The frames from t0 to before t1 as (t, z, y, x), the same however the movie is cut."""
    made = np.empty((t1 - t0, *model.settings.space), np.uint16)
    for start in range(t0, t1, _FRAMES_AT_ONCE):
        stop = min(t1, start + _FRAMES_AT_ONCE)
        for t, light in enumerate(expected(model, start, stop), start):
            made[t - t0] = _counted(model.settings, t, light)
    return made


def expected(model: Model, t0: int, t1: int) -> Iterator[Floats]:
    """Light (z, y, x) of each frame in counts above the camera's offset, before noise."""
    cells = model.anatomy.cells
    rest = model.anatomy.baseline
    excess = rest.ravel()[cells.voxel] * cells.weight
    for t, change in enumerate(model.activity(t0, t1), t0):
        light = rest.copy()
        light.ravel()[cells.voxel] += excess * change[cells.owner]
        light *= np.float32(model.drift[t])
        yield _displaced(model, t, light)


def _displaced(model: Model, t: int, light: Floats) -> Floats:
    if model.bending is None:
        return moved(light, model.shift[t])
    return bent(light, model.shift[t], model.bending.at_nodes(t), model.bending.centers)


def _counted(settings: Settings, t: int, light: Floats) -> NDArray[np.uint16]:
    """Photon noise in its Gaussian limit (variance = gain × light) and the camera's own, on its offset."""
    counts = settings.rng(STREAM_NOISE, t).standard_normal(light.shape, np.float32)
    counts *= np.sqrt(np.maximum(light, 0) * np.float32(GAIN) + np.float32(READ_NOISE**2))
    counts *= np.float32(settings.noise)
    counts += light
    counts += np.float32(OFFSET)
    np.rint(counts, out=counts)
    return np.clip(counts, 0, 65535, out=counts).astype(np.uint16)

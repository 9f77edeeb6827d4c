"""The ways of registering, by the names that people choose them by."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_thunder.registration.estimator import Estimator
from napari_thunder.registration.phase import Triple

if TYPE_CHECKING:
    from napari_thunder.registration.settings import Registration

    Builder = Callable[[NDArray[np.float32], Registration, Triple | None, float | None], Estimator]

_HOMES = {
    "rigid 3-D": ("rigid", "of_volumes"),
    "rigid 2-D planes": ("rigid", "of_planes"),
    "piecewise 3-D": ("piecewise", "volumes_in_blocks"),
    "piecewise 2-D planes": ("piecewise", "planes_in_blocks"),
    "slow drift 3-D": ("drift", "drift_of_volumes"),
    "slow drift 2-D planes": ("drift", "drift_of_planes"),
    "slow drift piecewise 3-D": ("drift", "drift_of_blocks"),
}
"""Module of this package and function in it that builds the estimator; a new way is a module and a line here."""

MODES = tuple(_HOMES)


def estimator_of(
    settings: Registration,
    template: NDArray[np.float32],
    voxel_size: Triple | None = None,
    frame_rate: float | None = None,
) -> Estimator:
    """What estimates shifts against a template (z, y, x) in the mode of the settings.

    Parameters
    ----------
    voxel_size
        (z, y, x) in µm, if known.
    frame_rate
        Frames per second, if known.
    """
    module, name = _HOMES[settings.mode]
    builder: Builder = getattr(import_module(f"napari_thunder.registration.{module}"), name)
    return builder(template, settings, voxel_size, frame_rate)

"""What a registration gives, as a dataset that fills in."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError
from napari_thunder.pipeline import space_coords
from napari_thunder.recording import Recording
from napari_thunder.registration.estimator import Estimate
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Centers, Shifts

_GRID: tuple[Hashable, ...] = ("frame", "grid_z", "grid_y", "grid_x")


def empty_dataset(recording: Recording, template: NDArray[np.float32], centers: Centers) -> xr.Dataset:
    """A registration of which nothing is known yet but the template."""
    n_frames = recording.shape[0]
    grid = tuple(len(c) for c in centers)
    dataset = xr.Dataset(coords={**space_coords(recording), **_coords(recording, centers)})
    dataset["shift"] = (
        (*_GRID, "axis"),
        _unknown(n_frames, *grid, 3),
        {"long_name": "displacement of the frame relative to the template", "units": "voxel"},
    )
    dataset["confidence"] = (
        _GRID,
        _unknown(n_frames, *grid),
        {"long_name": "peak of the correlation over its height elsewhere", "units": "1"},
    )
    dataset["frame_correlation"] = (
        "frame",
        _unknown(n_frames),
        {"long_name": "correlation of the registered frame with the template", "units": "1"},
    )
    dataset["template"] = (
        ("z", "y", "x"),
        template,
        {"long_name": "what the frames are registered to", "units": "counts", "role": "map"},
    )
    dataset.attrs |= {
        "analysis": "registration",
        "title": Registration.title,
        "n_frames_used": int(recording.keep.sum()),
    }
    return dataset


def fill(dataset: xr.Dataset, found: Estimate, frames: slice = slice(None)) -> None:
    """Write what was found of some frames."""
    dataset["shift"].values[frames] = found.shifts
    dataset["confidence"].values[frames] = found.confidence


def shifts_of(registration: xr.Dataset) -> Shifts:
    """The shifts that a registration found; NaN in frames that are still to come or could not be estimated.

    Parameters
    ----------
    registration
        From `register`, or loaded from where it was saved.

    Raises
    ------
    RegistrationError
        If it is not a registration.
    """
    try:
        z, y, x = (np.asarray(registration[f"grid_{axis}"].values, np.float32) for axis in "zyx")
        values = registration["shift"].transpose(*_GRID, "axis").values
        space = registration["template"].transpose("z", "y", "x").shape
    except (KeyError, ValueError) as error:
        raise RegistrationError(
            "This dataset is not a registration: it has no shifts by frame and block, or no template."
        ) from error
    return Shifts(values.copy(), (z, y, x), (space[0], space[1], space[2]))


def _coords(recording: Recording, centers: Centers) -> dict[str, object]:
    grid = {
        f"grid_{name}": (f"grid_{name}", along, {"units": "voxel"}) for name, along in zip("zyx", centers, strict=True)
    }
    times = recording.frame_times
    time = {} if times is None else {"time": ("frame", times, {"units": "s"})}
    return {"frame": np.arange(recording.shape[0]), "axis": ["z", "y", "x"], **grid, **time}


def _unknown(*shape: int) -> NDArray[np.float32]:
    return np.full(shape, np.nan, np.float32)

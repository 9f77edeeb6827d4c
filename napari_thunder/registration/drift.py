"""Slow drift: means over stretches of time are registered, and shifts follow a smooth curve through them.

Of a long recording only the frames of the stretches are read. As in fimpy (Portugues lab), which registers means of 60
frames every 100 frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from napari_thunder.registration.estimator import Estimate, Estimator
from napari_thunder.registration.phase import Triple
from napari_thunder.registration.piecewise import volumes_in_blocks
from napari_thunder.registration.rigid import of_planes, of_volumes
from napari_thunder.registration.settings import Registration
from napari_thunder.registration.shifts import Centers

Floats = NDArray[np.float32]


def drift_of_volumes(
    template: Floats, settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> Drift:
    """Estimate one shift (z, y, x) that drifts slowly."""
    return _drift(of_volumes(template, settings, voxel_size, frame_rate), settings)


def drift_of_planes(
    template: Floats, settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> Drift:
    """Estimate a shift (y, x) for each plane that drifts slowly."""
    return _drift(of_planes(template, settings, voxel_size, frame_rate), settings)


def drift_of_blocks(
    template: Floats, settings: Registration, voxel_size: Triple | None, frame_rate: float | None
) -> Drift:
    """Estimate a shift (z, y, x) for each block that drifts slowly: slow deformation."""
    return _drift(volumes_in_blocks(template, settings, voxel_size, frame_rate), settings)


@dataclass(frozen=True, eq=False)
class Drift:
    """What another estimator finds in means over stretches of time, interpolated between them.

    Parameters
    ----------
    means
        Estimates the shifts of means.
    window
        Frames of a stretch.
    every
        Frames from the start of a stretch to that of the next.
    curve
        Between the middles of stretches: `monotone` (never beyond the shifts of the stretches before and after;
        Fritsch & Carlson 1980) or `linear`. Before the first and after the last the shift stays.
    """

    means: Estimator
    window: int
    every: int
    curve: str = "monotone"

    @property
    def centers(self) -> Centers:
        """As of what estimates the means."""
        return self.means.centers

    def windows(self, n_frames: int) -> Sequence[tuple[int, int]]:
        """The stretches: as many as fit, and one that ends with the recording where much of it is left."""
        length = min(self.window, n_frames)
        starts = list(range(0, n_frames - length + 1, self.every))
        if n_frames - length - starts[-1] > self.every / 2:
            starts.append(n_frames - length)
        return [(start, start + length) for start in starts]

    def estimate(self, frames: NDArray[Any]) -> Estimate:
        """Shifts of means (n, z, y, x) over stretches."""
        return self.means.estimate(frames)

    def finish(self, found: Estimate, n_frames: int) -> Estimate:
        """A row for each frame; NaN only where no stretch could be estimated."""
        middle = np.array([(start + stop - 1) / 2 for start, stop in self.windows(n_frames)])
        known = np.isfinite(found.shifts).reshape(len(middle), -1).all(axis=1)
        frames = np.arange(n_frames)
        if not known.any():
            return Estimate(*(_nowhere(values, n_frames) for values in (found.shifts, found.confidence)))
        shifts = _along(frames, middle[known], found.shifts[known], self.curve)
        confidence = _along(frames, middle[known], found.confidence[known], "linear")
        return Estimate(shifts, confidence)


def _drift(means: Estimator, settings: Registration) -> Drift:
    return Drift(means, settings.drift_window, settings.drift_every, settings.drift_curve)


def _along(frames: NDArray[np.int_], middle: NDArray[np.float64], values: Floats, curve: str) -> Floats:
    at = frames.clip(middle[0], middle[-1])
    if len(middle) == 1:
        return np.repeat(values, len(frames), axis=0)
    if curve == "monotone":
        return np.asarray(PchipInterpolator(middle, values, axis=0)(at), np.float32)
    low = np.searchsorted(middle, at, side="right").clip(1, len(middle) - 1) - 1
    share = ((at - middle[low]) / (middle[low + 1] - middle[low])).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[low] * (1 - share) + values[low + 1] * share, np.float32)


def _nowhere(values: Floats, n_frames: int) -> Floats:
    return np.full((n_frames, *values.shape[1:]), np.nan, np.float32)

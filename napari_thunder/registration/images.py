"""Images as they are matched: checked, without missing values, and how noisy they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_thunder.blocks import Box
from napari_thunder.errors import RegistrationError

Floats = NDArray[np.float32]


def checked_image(reference: ArrayLike) -> Floats:
    """A reference as float32 (z, y, x), without missing values.

    Raises
    ------
    RegistrationError
        If it is no image, or nothing in it is known.
    """
    image = np.asarray(reference, np.float32)
    image = image[None] if image.ndim == 2 else image
    if image.ndim != 3 or 0 in image.shape:
        raise RegistrationError(f"The reference has the shape {image.shape}; (z, y, x) or (y, x) is wanted.")
    if not np.isfinite(image).any():
        raise RegistrationError("The reference has no finite value. Choose another.")
    image = image.copy()
    fill_missing(image)
    return image


def checked_frames(frames: NDArray[Any], shape: Box) -> NDArray[Any]:
    """Frames (n, z, y, x) of this shape (z, y, x).

    Raises
    ------
    RegistrationError
        If they have another.
    """
    frames = np.asarray(frames)
    if frames.ndim == 3 and shape[0] == 1:
        frames = frames[:, None]
    if frames.ndim != 4 or frames.shape[1:] != shape:
        raise RegistrationError(
            f"Frames of shape {frames.shape[1:]} cannot be matched to a reference of {shape} voxels (z, y, x)."
        )
    return frames


def fill_missing(image: Floats) -> None:
    """Put the mean where a value is missing (NaN where all are)."""
    known = np.isfinite(image)
    if not known.all():
        image[~known] = image[known].mean(dtype=np.float64) if known.any() else np.nan


def limits_of(image: Floats) -> tuple[float, float]:
    """The 1st and the 99th percentile; the extremes where these are the same."""
    low, high = np.percentile(image, (1, 99))
    return (float(low), float(high)) if high > low else (float(image.min()), float(image.max()))


def noise_of(frames: NDArray[Any]) -> NDArray[np.float64]:
    """Standard deviation (n,) of white noise in frames (n, z, y, x), from second differences of some of their rows."""
    n, nz, ny, nx = frames.shape
    if nx < 3:
        return np.zeros(n)
    every = max(1, nz * ny * nx // 4096)
    rows = frames.reshape(n, nz * ny, nx)[:, ::every].astype(np.float32)
    change = np.abs(rows[..., :-2] - 2 * rows[..., 1:-1] + rows[..., 2:]).reshape(n, -1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(np.median(change, axis=1) / (0.6745 * math.sqrt(6))), np.float64)

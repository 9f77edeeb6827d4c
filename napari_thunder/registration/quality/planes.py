"""Plane agreement: whether planes that are looked at by themselves tell the same motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_thunder.errors import RegistrationError
from napari_thunder.registration.phase import Matcher
from napari_thunder.registration.quality.correlation import pearson

Frames = NDArray[np.float32]
Values = NDArray[np.float64]

_REACH = 0.1


def plane_shifts(frames: Frames) -> Values:
    """Motion (t, z, 2) of each plane of frames (t, z, y, x) along y and x in voxels, estimated from it alone."""
    found = np.full((len(frames), frames.shape[1], 2), np.nan)
    for z in range(frames.shape[1]):
        plane = frames[:, z : z + 1]
        reach = [min(n / 4, max(4.0, _REACH * n)) for n in plane.shape[2:]]
        try:
            reference = plane.mean(axis=0, dtype=np.float64)
            matcher = Matcher(reference, max_shift=(0.0, reach[0], reach[1]))
            found[:, z] = matcher.match_many(plane).shifts[:, 1:]
        except RegistrationError:
            continue
    return found


def plane_agreement(shifts: Values) -> Values:
    """Correlation (z,) of each plane's motion (t, z, 2) with the median of that of the other planes.

    Both axes are taken together. NaN where nothing moves, or there is but one plane.
    """
    n_planes = shifts.shape[1]
    agreement = np.full(n_planes, np.nan)
    known = np.isfinite(shifts).all(axis=(0, 2))
    for z in np.flatnonzero(known):
        others = shifts[:, known & (np.arange(n_planes) != z)]
        if others.shape[1]:
            one, rest = shifts[:, z], np.median(others, axis=1)
            agreement[z] = pearson((one - one.mean(axis=0)).ravel(), (rest - rest.mean(axis=0)).ravel())
    return agreement

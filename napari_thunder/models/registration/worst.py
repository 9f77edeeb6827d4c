"""Which frames of a recording are the worst, and how much frames are like a template."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_thunder.models.registration.entry import RegistrationEntry

MOST_FRAMES = 100
"""Worst frames that are tried."""

Array = NDArray[Any]
Floats = NDArray[np.float64]


def worst_of(badness: Floats, n: int = MOST_FRAMES) -> list[int]:
    """The `n` places of the highest badness, in their order; those of which nothing is known are left out."""
    known = np.flatnonzero(np.isfinite(badness))
    return sorted(known[np.argsort(badness[known], kind="stable")[::-1][:n]].tolist())


def badness_of(entry: RegistrationEntry) -> Floats:
    """How much each frame (t,) needs a look: it moved fast, lies far off, or is unlike the template."""
    shift = entry.shifts.mean
    steps = np.linalg.norm(np.diff(shift, axis=0), axis=1)
    speed = np.fmax(np.r_[steps, np.nan], np.r_[np.nan, steps])
    distance = np.linalg.norm(shift - np.nanmedian(shift, axis=0), axis=1)
    unlike = -np.asarray(entry.registration["frame_correlation"].values, np.float64)
    total: Floats = _ranks(speed) + _ranks(distance) + _ranks(unlike)
    return total


def correlations(movie: Array, template: Array) -> Floats:
    """Pearson correlation (t,) of each frame (t, z, y, x) with a template, over the voxels that both have."""
    return np.asarray([_correlation(frame, template) for frame in movie])


def _correlation(frame: Array, template: Array) -> float:
    both = np.isfinite(frame) & np.isfinite(template)
    a, b = frame[both].astype(np.float64), template[both].astype(np.float64)
    if a.size < 2:
        return float("nan")
    a -= a.mean()
    b -= b.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else float("nan")


def _ranks(values: Floats) -> Floats:
    """From 0 to 1; what is not known is NaN."""
    known = np.isfinite(values)
    ranks = np.full(len(values), np.nan)
    ranks[np.flatnonzero(known)[np.argsort(values[known], kind="stable")]] = np.arange(known.sum())
    return np.asarray(ranks / max(1, known.sum() - 1))

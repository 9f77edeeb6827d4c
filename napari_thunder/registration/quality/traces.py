"""Shift traces: where the brain was, split into slow drift and quick jitter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from napari_thunder.registration.shifts import Shifts

Values = NDArray[np.float64]

_SIGMA_OF_PERIOD = math.sqrt(math.log(2)) / (2 * math.pi)
"""A Gaussian of this many periods halves the power at that period."""


@dataclass(frozen=True, slots=True)
class ShiftTraces:
    """Traces (t, 3) in voxels (z, y, x); NaN for frames that are excluded or were not estimated.

    Parameters
    ----------
    shift
        Mean over the blocks of a frame.
    drift
        Its low-pass.
    jitter
        What is left: `shift` − `drift`.
    speed
        Size of the change since the frame before.
    spread
        Standard deviation over the blocks of a frame; 0 for rigid shifts.
    """

    shift: Values
    drift: Values
    jitter: Values
    speed: Values
    spread: Values


def shift_traces(shifts: Shifts, keep: NDArray[np.bool_], period: float) -> ShiftTraces:
    """The traces of a registration.

    Parameters
    ----------
    shifts
        Of all frames.
    keep
        (t,) False for excluded frames.
    period
        Changes slower than this many frames are drift (half of the power at this period).
    """
    shift = np.where(keep[:, None], shifts.mean, np.nan)
    drift = low_pass(shift, _SIGMA_OF_PERIOD * period)
    speed = np.full_like(shift, np.nan)
    speed[1:] = np.abs(np.diff(shift, axis=0))
    spread = shifts.values.std(axis=(1, 2, 3), dtype=np.float64)
    return ShiftTraces(shift, drift, shift - drift, speed, np.where(np.isfinite(shift), spread, np.nan))


def low_pass(traces: Values, sigma: float) -> Values:
    """Gaussian low-pass of traces (t, n), `sigma` in frames; missing values (NaN) count for nothing and stay NaN."""
    known = np.isfinite(traces)
    if sigma <= 0 or len(traces) < 2:
        return traces.copy()
    middle = np.where(known.any(axis=0), np.nanmedian(np.where(known.any(axis=0), traces, 0.0), axis=0), 0.0)
    filled = np.where(known, traces - middle, 0.0)
    weight = gaussian_filter1d(known.astype(np.float64), sigma, axis=0, mode="constant")
    smooth = gaussian_filter1d(filled, sigma, axis=0, mode="constant")
    return np.where(known, smooth / np.maximum(weight, 1e-12) + middle, np.nan)

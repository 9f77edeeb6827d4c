"""Frames to leave out: those whose shift or picture is unlike that of their neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from napari_thunder.errors import ParameterError
from napari_thunder.registration.quality.settings import Quality

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

REASONS: Mapping[str, str] = {
    "not estimated": "its shift could not be estimated",
    "shift": "its shift is far from that of the frames around it, and its picture unlike the template",
    "speed": "it jumps away from the frame before",
    "limit": "its shift is at the limit of what was looked for",
    "correlation": "its picture is less like the template than that of the frames around it",
}
"""Rules by name, with what they say of a frame."""

WINDOW = 101
"""Frames of the rolling median."""

_MAD = 1.4826
_STILL = 0.02
"""Voxels: jumps of a recording at rest are not looked at on a finer scale than this."""
_SLIGHT = 0.02
"""Falls of the correlation that are smaller than this are no reason to leave a frame out, however even the others."""


def shift_outliers(shift: Values, keep: Flags, settings: Quality) -> dict[str, Flags]:
    """The rules that need nothing but shifts: `not estimated`, `speed` and `limit`.

    Parameters
    ----------
    shift
        (t, 3) mean shift of each frame in voxels, NaN where it was not estimated.
    keep
        (t,) False for excluded frames, which are no outliers.
    settings
        Thresholds; the limits are not looked at where `largest_shift` is None.
    """
    known = np.isfinite(shift).all(axis=1)
    return {
        "not estimated": keep & ~known,
        "speed": _jumps(shift, keep & known, settings.speed_outlier),
        "limit": keep & known & _at_limit(shift, settings.largest_shift),
    }


def picture_outliers(shift: Values, corr: Values, keep: Flags, settings: Quality) -> dict[str, Flags]:
    """The rules that also need the correlation (t,) with the template: `shift` (suite2p's) and `correlation`."""
    usual = rolling_median(corr, keep)
    return {
        "shift": keep & _unlike(shift, corr, usual, keep, settings.shift_outlier),
        "correlation": keep & _falls(corr - usual, keep, settings.correlation_outlier),
    }


def outlier_frames(quality: xr.Dataset, rules: Sequence[str] | None = None) -> list[int]:
    """The frames that some rules (all, if none are named) mark in a judgement; for `Recording.without_frames`.

    Raises
    ------
    ParameterError
        If there is no such rule.
    """
    known = [str(rule) for rule in quality["rule"].values]
    wanted = known if rules is None else list(rules)
    wrong = [rule for rule in wanted if rule not in known]
    if wrong:
        raise ParameterError(f"rules={wrong}: there is none of this name. There are: {', '.join(known)}.")
    marked = quality["outlier"].sel(rule=wanted).values.astype(bool).any(axis=1)
    return [int(t) for t in np.flatnonzero(marked)]


def rolling_median(trace: Values, keep: Flags, window: int = WINDOW) -> Values:
    """Median (t,) of the kept, known frames around each frame; at the ends the first and last frames are repeated."""
    known = keep & np.isfinite(trace)
    usual = np.full(len(trace), np.nan)
    if known.any():
        usual[known] = median_filter(trace[known], size=min(window, 2 * int(known.sum()) - 1), mode="nearest")
    return usual


def _unlike(shift: Values, corr: Values, usual: Values, keep: Flags, threshold: float) -> Flags:
    """suite2p: distance from the median shift over its mean, divided by correlation over its median, above 100."""
    away = np.linalg.norm(np.stack([s - rolling_median(s, keep) for s in shift.T], axis=1), axis=1)
    mean = np.nanmean(away) if np.isfinite(away).any() else 0.0
    if not mean > 0:
        return np.zeros(len(shift), bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (away / mean) / np.maximum(0.0, corr / usual)
    return np.asarray(np.nan_to_num(ratio, nan=0.0, posinf=np.inf) > 100 * threshold)


def _falls(fall: Values, keep: Flags, threshold: float) -> Flags:
    known = keep & np.isfinite(fall)
    if not known.any():
        return np.zeros(len(fall), bool)
    middle = np.median(fall[known])
    sd = _MAD * np.median(np.abs(fall[known] - middle))
    return np.asarray(known & (np.nan_to_num(fall) < middle - max(threshold * sd, _SLIGHT)))


def _jumps(shift: Values, known: Flags, threshold: float) -> Flags:
    """Frames that jump from the last good one; one that only comes back to it is none."""
    frames = np.flatnonzero(known)
    flags = np.zeros(len(shift), bool)
    if len(frames) < 3:
        return flags
    steps = np.linalg.norm(np.diff(shift[frames], axis=0), axis=1)
    middle = np.median(steps)
    sd = max(_MAD * np.median(np.abs(steps - middle)), _STILL)
    too_far = middle + threshold * sd
    good = frames[0]
    for frame, step in zip(frames[1:], steps, strict=True):
        flags[frame] = step > too_far and np.linalg.norm(shift[frame] - shift[good]) > too_far
        good = good if flags[frame] else frame
    return flags


def _at_limit(shift: Values, largest: tuple[float, ...] | None) -> Flags:
    if largest is None:
        return np.zeros(len(shift), bool)
    limit = np.asarray(largest, np.float64)
    return np.asarray(((np.abs(np.nan_to_num(shift)) >= 0.95 * limit) & (limit > 0)).any(axis=1))

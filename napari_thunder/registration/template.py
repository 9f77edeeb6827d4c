"""What frames are registered to: the mean of frames that resemble each other, aligned to each other round by round."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_thunder.registration.apply import warped
from napari_thunder.registration.phase import Matches
from napari_thunder.registration.search import Search
from napari_thunder.registration.shifts import Shifts

Floats = NDArray[np.float32]
Indices = NDArray[np.intp]

NEIGHBOURS = 20
"""Frames that the first template is the mean of."""
_FADE = 2.0


def evenly(kept: Indices, n: int) -> Indices:
    """At most `n` of the kept frames, spread evenly over them."""
    places = np.unique(np.linspace(0, len(kept) - 1, min(n, len(kept))).round().astype(np.intp))
    return kept[places]


def middle(kept: Indices, n: int) -> Indices:
    """At most `n` of the kept frames, those in the middle of them."""
    n = min(n, len(kept))
    start = (len(kept) - n) // 2
    return kept[start : start + n]


def alike(frames: NDArray[Any], n: int = NEIGHBOURS) -> Indices:
    """The frame that correlates most with the `n` frames most like it, and those, of frames (t, z, y, x).

    As suite2p begins its reference image; Pachitariu, M. et al. (2017), Suite2p, bioRxiv 061507.
    """
    series: Floats = frames.reshape(len(frames), -1).astype(np.float32)
    known = np.isfinite(series)
    count = np.maximum(1, known.sum(axis=1, keepdims=True))
    means = np.where(known, series, 0).sum(axis=1, keepdims=True, dtype=np.float64) / count
    series = np.where(known, series - means.astype(np.float32), np.float32(0))
    series /= np.maximum(np.linalg.norm(series, axis=1, keepdims=True), np.float32(1e-30))
    correlation = series @ series.T
    n = min(n + 1, len(frames))
    nearest = np.argsort(-correlation, axis=1, kind="stable")[:, :n]
    seed = int(np.argmax(np.take_along_axis(correlation, nearest, axis=1).mean(axis=1)))
    return np.sort(nearest[seed])


def refined(frames: NDArray[Any], search: Search, rounds: int) -> tuple[Floats, Floats, Indices]:
    """Align frames (t, z, y, x) to the mean of those most alike, and to the mean of the best aligned, round by round.

    Round i of n takes the best (i + 1) / 2n of the frames, so that in the end half of them count.

    Returns
    -------
    template
        (z, y, x) mean of the frames that counted, aligned, in the middle of where they lie.
    shifts
        (t, 3) of all frames relative to it, in voxels; NaN for one that is blank.
    best
        The frames that counted.
    """
    best = alike(frames)
    template = mean_of(frames[i] for i in best)
    shifts: Floats = np.zeros((len(frames), 3), np.float32)
    for i in range(rounds):
        found = search.matcher(template).match_many(frames)
        best = _best(found, max(2, round(len(frames) * (i + 1) / (2 * rounds))))
        shifts = np.asarray(found.shifts - np.median(found.shifts[best], axis=0), np.float32)
        template = mean_of(undone(frames[j], shifts[j]) for j in best)
    return template, shifts, best


def undone(frame: NDArray[Any], shift: Floats) -> Floats:
    """A frame (z, y, x) with a shift (3,) undone; NaN outside."""
    space = (frame.shape[0], frame.shape[1], frame.shape[2])
    whole = Shifts.rigid(shift[None], space)
    return warped(frame, whole.values[0], whole.centers, origin=(0, 0, 0), box=((0, 0, 0), space), space=space)


def mean_of(frames: Iterable[NDArray[Any]]) -> Floats:
    """Mean (z, y, x) of frames, of each voxel over the frames that have it; NaN where none has."""
    each = iter(frames)
    first = next(each)
    total, count = np.zeros(first.shape, np.float64), np.zeros(first.shape, np.int32)
    for frame in itertools.chain([first], each):
        known = np.isfinite(frame)
        total += np.where(known, frame, 0)
        count += known
    return mean_from(total, count)


def mean_from(total: NDArray[np.float64], count: NDArray[Any]) -> Floats:
    """Mean from sum and count; NaN where the count is 0."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float32)


def within(template: Floats, mask: NDArray[np.bool_]) -> Floats:
    """A template whose voxels outside a mask no longer count: they fade to the mean of those inside."""
    known = mask & np.isfinite(template)
    if not known.any():
        return template
    mean = template[known].mean(dtype=np.float64)
    weight = gaussian_filter(mask.astype(np.float32), [0 if n == 1 else _FADE for n in mask.shape])
    faded = mean + (template - mean) * np.clip(2 * weight - 1, 0, 1)
    return np.asarray(np.where(np.isfinite(template), faded, mean), np.float32)


def binned(frame: NDArray[Any], factor: int) -> Floats:
    """A frame (z, y, x) with boxes of `factor` voxels along y and x as their means; what is left over is cut off."""
    if factor == 1:
        return np.asarray(frame, np.float32)
    z, y, x = frame.shape
    whole = frame[:, : y // factor * factor, : x // factor * factor]
    boxes = whole.reshape(z, y // factor, factor, x // factor, factor)
    return np.asarray(boxes.mean(axis=(2, 4), dtype=np.float32))


def _best(found: Matches, n: int) -> Indices:
    """The frames that match best; none that is blank."""
    order = np.argsort(-np.nan_to_num(found.peaks, nan=-np.inf), kind="stable")
    usable = int(np.isfinite(found.peaks).sum())
    return np.sort(order[: max(1, min(n, usable))])

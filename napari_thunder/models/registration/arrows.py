"""The shifts of one frame as arrows on the brain: from where a block belongs towards where it went."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from napari_thunder.models.registration.pair import Pair

Array = NDArray[np.float32]

LONGEST = 100.0
_STEPS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, LONGEST)


@dataclass(frozen=True, slots=True, eq=False)
class Arrows:
    """Arrows in a volume.

    Parameters
    ----------
    vectors
        (n, 2, 3): where each begins, and its shift, (z, y, x) in voxels.
    confidence
        (n,) of each shift; NaN where it is not known.
    """

    vectors: Array = field(repr=False)
    confidence: Array = field(repr=False)


def arrows_of(pair: Pair, frame: int, across: int | None = None, plane: int = 0) -> Arrows:
    """The arrows of a frame; none if it was not estimated.

    Parameters
    ----------
    across
        Axis (0 for z, 1 for y, 2 for x) that is looked along: only the blocks next to `plane` are given, moved onto
        it, and what is seen of their shifts. None for all blocks where they are.
    plane
        Shown plane across that axis, in voxels.
    """
    shifts = pair.shifts
    values, known = shifts.values[frame], pair.confidence
    confidence = np.full(values.shape[:-1], np.nan, np.float32) if known is None else known[frame]
    starts = np.stack(np.meshgrid(*shifts.centers, indexing="ij"), axis=-1)
    if across is not None:
        nearest = int(np.abs(shifts.centers[across] - plane).argmin())
        values, confidence, starts = (np.take(a, [nearest], axis=across) for a in (values, confidence, starts))
        starts = starts.copy()
        starts[..., across], values = plane, values.copy()
        values[..., across] = 0
    vectors = np.stack([starts.reshape(-1, 3), values.reshape(-1, 3)], axis=1).astype(np.float32)
    there = np.isfinite(vectors).all(axis=(1, 2))
    return Arrows(vectors[there], confidence.reshape(-1)[there])


def confidence_limits(pair: Pair) -> tuple[float, float]:
    """Confidences at the ends of a colour scale, the same for all frames; (0, 1) where they are not known."""
    if pair.confidence is None or not np.isfinite(pair.confidence).any():
        return 0.0, 1.0
    low, high = (float(p) for p in np.nanpercentile(pair.confidence, (2, 98)))
    return (low, high) if high > low else (low, low + 1.0)


def spacing_of(pair: Pair) -> float:
    """Distance between neighbouring blocks in y and x, in voxels; a sixth of the frame when there is only one."""
    _, *along = pair.shifts.centers
    steps = [float(np.diff(c).min()) for c in along if len(c) > 1]
    return min(steps, default=min(pair.shifts.space[1:]) / 6)


def fitting_length(pair: Pair) -> float:
    """How many times longer than the shifts arrows have to be for large ones to reach the next block: 1, 2, 5, 10…"""
    values = pair.shifts.values[:: max(1, pair.shifts.n_frames // 500), ..., 1:]
    lengths = np.sqrt((values**2).sum(axis=-1))
    known = lengths[np.isfinite(lengths)]
    large = float(np.percentile(known, 95)) if known.size else 0.0
    if large <= 0:
        return 1.0
    wanted = float(np.clip(spacing_of(pair) / large, 1, LONGEST))
    return max(step for step in _STEPS if step <= wanted)

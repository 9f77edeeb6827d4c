"""Where blocks of frames lie relative to the same blocks of a template, each on its own and with its neighbours."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from napari_thunder.blocks import Box
from napari_thunder.registration.neighbours import Sigma, smoothed
from napari_thunder.registration.overlapping import Overlapping
from napari_thunder.registration.phase import Matcher

Floats = NDArray[np.float32]
MatcherOf = Callable[[Box], Matcher | None]

SUREST = 100.0
"""Where a correlation has a single peak and nothing beside it, its block is this sure."""
_SUREST_BY_HEARSAY = 2.0
"""As sure as a block can be that had to listen to its neighbours."""
_FINE = 10


@dataclass(frozen=True, slots=True)
class BlockMatches:
    """What each block (n, blocks along z, y, x) of some frames says by itself.

    Parameters
    ----------
    shifts
        (…, 3) in voxels, beside those at which the blocks were cut.
    snrs
        (…) as in `Match`; 0 for blocks in which nothing is to be seen.
    maps
        (…, z, y, x) correlation at whole-voxel shifts, the middle is 0.
    """

    shifts: Floats
    snrs: Floats
    maps: Floats


def match_blocks(
    frames: NDArray[Any], blocks: Overlapping, near: NDArray[np.int64], matcher_of: MatcherOf
) -> BlockMatches:
    """Match each block of frames (n, z, y, x), cut at whole-voxel shifts `near` (n, blocks along z, y, x, 3)."""
    grid = (len(frames), *blocks.grid)
    shifts, snrs = np.zeros((*grid, 3), np.float32), np.zeros(grid, np.float32)
    maps = np.zeros((*grid, 1, 1, 1), np.float32)
    for z, y, x in itertools.product(*map(range, blocks.grid)):
        matcher = matcher_of((z, y, x))
        if matcher is not None:
            if maps.shape[4:] == (1, 1, 1):
                maps = np.zeros((*grid, *(2 * r + 1 for r in matcher.reach)), np.float32)
            here = (slice(None), z, y, x)
            correlation = matcher.correlate(blocks.cut(frames, (z, y, x), near[here]))
            found = matcher.find(correlation)
            shifts[here], snrs[here] = np.nan_to_num(found.shifts), np.nan_to_num(found.snrs, posinf=SUREST)
            maps[here] = np.nan_to_num(matcher.maps(correlation))
    return BlockMatches(shifts, np.minimum(snrs, SUREST), maps)


def settled(matches: BlockMatches, surety: float, spared: tuple[int, ...], sigma: Sigma) -> BlockMatches:
    """What blocks say, where those that are not sure have listened to their neighbours.

    Parameters
    ----------
    matches
        Of the blocks by themselves.
    surety
        `snrs` from which a block is sure.
    spared
        Voxels (z, y, x) around a peak that belong to it.
    sigma
        Of the Gaussian by which correlations are summed over neighbours, in blocks along z, y and x.

    Returns
    -------
    BlockMatches
        Of blocks that are still not sure, `snrs` is below `surety`, and `shifts` means nothing.
    """
    shifts, snrs = matches.shifts.copy(), matches.snrs.copy()
    for i, unsure in enumerate(snrs < surety):
        if unsure.any():
            maps = smoothed(matches.maps[i], sigma)[unsure]
            shifts[i][unsure], heard = _peaks(maps, spared)
            snrs[i][unsure] = np.minimum(heard, _SUREST_BY_HEARSAY)
    return BlockMatches(shifts, snrs, matches.maps)


def _peaks(maps: Floats, spared: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Places (n, 3), to a fraction of a voxel, and heights (n,) over the largest elsewhere of the maxima of maps."""
    found = [_peak(m, spared) for m in maps]
    return np.array([place for place, _ in found], np.float32), np.array([snr for _, snr in found], np.float32)


def _peak(one: Floats, spared: tuple[int, ...]) -> tuple[NDArray[np.float64], float]:
    top = np.array(np.unravel_index(int(np.argmax(one)), one.shape))
    away = np.ones(one.shape, bool)
    away[tuple(slice(max(0, t - s), t + s + 1) for t, s in zip(top, spared, strict=True))] = False
    other = float(one[away].max(initial=-np.inf))
    if not one.any():
        return np.zeros(3), 0.0
    snr = min(SUREST, float(one.max()) / other) if other > 0 else SUREST
    return _between(one, top) - (np.array(one.shape) - 1) / 2, snr


def _between(one: Floats, top: NDArray[np.intp]) -> NDArray[np.float64]:
    """Where the cubic spline through a map is largest, near its largest voxel."""
    step = np.arange(-_FINE // 2, _FINE // 2 + 1) / _FINE
    low = np.maximum(top - 3, 0)
    near = one[tuple(slice(a, t + 4) for a, t in zip(low, top, strict=True))]
    lags = [t + step if n > 1 else np.zeros(1) for t, n in zip(top, one.shape, strict=True)]
    lags = [lag.clip(0, n - 1) for lag, n in zip(lags, one.shape, strict=True)]
    places = np.stack(np.meshgrid(*(lag - a for lag, a in zip(lags, low, strict=True)), indexing="ij"))
    fine = map_coordinates(near, places, order=3, mode="nearest")
    best = np.unravel_index(int(np.argmax(fine)), fine.shape)
    return np.array([lag[i] for lag, i in zip(lags, best, strict=True)])

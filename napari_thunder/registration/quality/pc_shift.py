"""PC shift: what moves between the extremes of the strongest patterns of a movie (suite2p's `regDX`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from napari_thunder.registration.quality.displacement import block_displacements, displacement, length
from napari_thunder.registration.quality.grid import grid_of

Frames = NDArray[np.float32]
Values = NDArray[np.float64]

_EXTREME_SHARE = 0.2
"""Share of the frames in each extreme: suite2p's 300 of 1500."""
_REPEATS = 4


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of a movie and the pictures at their ends.

    Parameters
    ----------
    scores
        (component, t).
    variance
        (component,) share of the variance.
    low, high
        (component, z, y, x) mean of the frames with the lowest and the highest scores; NaN outside the region.
    """

    scores: Values
    variance: Values
    low: Frames
    high: Frames


@dataclass(frozen=True, slots=True)
class PCShift:
    """Displacement of the high picture of each component relative to its low one, in voxels of the pictures.

    Parameters
    ----------
    displacement
        (component, 3) of the whole volume.
    in_plane
        (component,) length if only y and x are looked at.
    block_mean, block_max
        (component,) lengths over blocks.
    """

    displacement: Values
    in_plane: Values
    block_mean: Values
    block_max: Values


def components_of(frames: Frames, n: int) -> Components:
    """Principal components over voxels of frames (t, z, y, x), NaN outside the region."""
    known = np.logical_and.reduce(np.isfinite(frames), axis=0)
    series = frames[:, known]
    series -= series.mean(axis=0, dtype=np.float64).astype(np.float32)
    n = min(n, len(frames) - 1)
    gram = (series @ series.T).astype(np.float64)
    total = float(np.trace(gram))
    values, vectors = eigh(gram, subset_by_index=[len(gram) - n, len(gram) - 1])
    order = np.argsort(values)[::-1]
    values, vectors = np.maximum(values[order], 0.0), vectors[:, order].T
    vectors = vectors * np.sign(vectors[np.arange(n), np.abs(vectors).argmax(axis=1)])[:, None]
    ends = [extremes(frames, score) for score in vectors]
    low, high = (np.stack([end[i] for end in ends]) for i in (0, 1))
    share = values / total if total > 0 else np.full(n, np.nan)
    return Components(vectors * np.sqrt(values)[:, None], share, low, high)


def extremes(frames: Frames, score: Values) -> tuple[Frames, Frames]:
    """Mean of the fifth of the frames (t, z, y, x) with the lowest scores (t,), and of that with the highest."""
    k = max(1, round(_EXTREME_SHARE * len(score)))
    order = np.argsort(score, kind="stable")
    return mean_of(frames, order[:k]), mean_of(frames, order[-k:])


def mean_of(frames: Frames, which: NDArray[np.intp]) -> Frames:
    """Mean (float32) of some frames, summed in float64."""
    total = np.zeros(frames.shape[1:])
    for i in which:
        total += frames[i]
    return (total / max(1, len(which))).astype(np.float32)


def pc_shift(components: Components) -> PCShift:
    """What moves between the extremes of each component.

    After Stringer & Pachitariu's suite2p (`registration metrics`): there the columns of `regDX` are the rigid shift,
    the mean and the largest block shift. Patterns of activity change brightness, not place, so they give no shift.
    """
    pairs = list(zip(components.low, components.high, strict=True))
    grid = grid_of((components.low.shape[1], components.low.shape[2], components.low.shape[3]))
    rigid = np.stack([displacement(low, high) for low, high in pairs])
    thick = components.low.shape[1] > 1
    flat = [displacement(low, high, in_plane=True) for low, high in pairs] if thick else list(rigid)
    alone = grid.shape == (1, 1, 1)
    fields = rigid if alone else [block_displacements(low, high, grid) for low, high in pairs]
    blocks = np.stack([length(np.asarray(field)).ravel() for field in fields])
    known = np.asarray(np.isfinite(blocks).any(axis=1))
    filled = np.where(known[:, np.newaxis], blocks, 0.0)
    mean, largest = (np.where(known, of(filled, axis=1), np.nan) for of in (np.nanmean, np.nanmax))
    return PCShift(rigid, length(np.stack(flat)), mean, largest)


def noise_floor(frames: Frames) -> float:
    """The shift, in voxels, that is found between means of as many frames chosen at random: what noise alone gives."""
    rng = np.random.default_rng(0)
    k = max(1, round(_EXTREME_SHARE * len(frames)))
    found = []
    for _ in range(_REPEATS):
        order = rng.permutation(len(frames))
        found.append(displacement(mean_of(frames, order[:k]), mean_of(frames, order[k : 2 * k])))
    sizes = length(np.stack(found))
    return float(np.nanmean(sizes)) if np.isfinite(sizes).any() else float("nan")

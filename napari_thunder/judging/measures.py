"""The numbers that follow from the pass over all frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_thunder.judging.case import Case
from napari_thunder.judging.passes import Found, Maps, Values
from napari_thunder.registration.quality.correlation import correlation
from napari_thunder.registration.quality.crispness import crispness
from napari_thunder.registration.quality.halves import Residual, halves_residual
from napari_thunder.registration.quality.stages import STAGES


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """By stage, and by frame where it is said; see the contract of `judge`.

    Parameters
    ----------
    frame_corr, dvars
        (stage, t).
    plane_corr, block_corr
        (stage, t, z), (stage, t, blocks along z, y, x).
    crispness, tsnr_median, motion_r2_median, half_split, odd_even, half_residual
        (stage,).
    half_displacement
        (stage, blocks along z, y, x, 3).
    valid_fraction, region_fraction
        Shares of the volume, or of the mask.
    """

    frame_corr: Maps
    plane_corr: Maps
    block_corr: Maps
    dvars: Maps
    crispness: Values
    tsnr_median: Values
    motion_r2_median: Values
    half_split: Values
    odd_even: Values
    half_residual: Values
    half_displacement: Values
    valid_fraction: float
    region_fraction: float


def measures_of(case: Case, found: Found) -> Measures:
    """What follows from the pass over all frames."""
    n_planes = case.shifts.space[0]
    kept = np.where(case.recording.keep, 1.0, np.nan)
    planes, blocks = found.moments[..., :n_planes, :], found.moments[..., n_planes:, :]
    share = found.template_share
    residuals = [_residual(case, found, stage) for stage in range(len(STAGES))]
    by_block = correlation(blocks, share[:, None]) * kept[:, None]
    return Measures(
        frame_corr=_float32(correlation(planes.sum(axis=2), share) * kept),
        plane_corr=_float32(correlation(planes, share[:, None]) * kept[:, None]),
        block_corr=_float32(by_block.reshape(*by_block.shape[:2], *case.grid.shape)),
        dvars=_dvars(found.changes, case.recording.keep),
        crispness=np.asarray([crispness(mean) for mean in found.mean]),
        tsnr_median=np.asarray([_median(t) for t in found.tsnr]),
        motion_r2_median=np.asarray([_median(r) for r in found.motion_r2]),
        half_split=correlation(found.halves).astype(np.float64),
        odd_even=correlation(found.parities).astype(np.float64),
        half_residual=np.asarray([r.size for r in residuals]),
        half_displacement=np.stack([r.displacements for r in residuals]),
        valid_fraction=float((found.coverage >= 1)[case.within].mean()),
        region_fraction=float(case.region[case.within].mean()),
    )


def _residual(case: Case, found: Found, stage: int) -> Residual:
    first, second = (np.where(case.region, half[stage], np.nan) for half in (found.first, found.second))
    return halves_residual(first, second, case.grid)


def _dvars(changes: Values, keep: NDArray[np.bool_]) -> Maps:
    """Root mean square (stage, t) of the difference to the frame before; NaN unless both frames are kept."""
    both = keep.copy()
    both[1:] &= keep[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        rms = np.sqrt(changes[..., 0] / changes[..., 1])
    return _float32(np.where(both & (changes[..., 1] > 0), rms, np.nan))


def _median(values: Maps) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _float32(values: NDArray[np.floating]) -> Maps:
    return values.astype(np.float32)

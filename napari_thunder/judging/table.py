"""A judgement as a table for a person: each measure of the three movies, and what good means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from napari_thunder.registration.quality.verdict import LIMITS


@dataclass(frozen=True, slots=True)
class Row:
    """One measure.

    Parameters
    ----------
    title
        With its unit.
    values
        Of the raw, control and registered movie; NaN where it was not measured.
    good
        What good means, in words.
    decides
        Whether the verdict rests on it.
    """

    title: str
    values: tuple[float, float, float]
    good: str
    decides: bool = False

    @property
    def texts(self) -> tuple[str, str, str]:
        """The values as they are read."""
        raw, control, registered = (number(v) for v in self.values)
        return raw, control, registered


def number(value: float) -> str:
    """To three digits; near 1, where correlations differ little, to four places; a dash if it is not known."""
    if not np.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4f}" if 0.95 <= abs(value) < 1 else f"{value:.3g}"


_NAIVE = "Improves by blurring alone: counts only against the control"


def table_of(quality: xr.Dataset) -> list[Row]:
    """The measures of a judgement, those that decide first.

    Parameters
    ----------
    quality
        As `judge` gives it.
    """
    limit = f"up to {LIMITS.residual[0]:g}"
    return [
        Row("PC shift, mean (voxel)", _over(quality, "pc_shift", "component"), limit, True),
        Row("Residual between halves, 95 % of blocks (voxel)", _of(quality["half_residual"]), limit, True),
        Row("PC shift, largest component (voxel)", _over(quality, "pc_shift", "component", largest=True), limit),
        Row("PC shift in y and x alone (voxel)", _over(quality, "pc_shift_2d", "component"), limit),
        Row("PC shift, largest block (voxel)", _over(quality, "pc_block_max", "component"), "near the mean"),
        Row("What noise alone gives (voxel)", _of(quality["pc_floor"]), "far below the PC shift of the raw movie"),
        Row("Correlation of both halves", _of(quality["half_split"]), "as that of even and odd frames"),
        Row("Correlation of even and odd frames", _of(quality["odd_even"]), "near 1"),
        Row("Motion R², median", _of(quality["motion_r2_median"]), "lower; motion may go with behaviour"),
        Row("Crispness of the mean", _of(quality["crispness"]), "above the control"),
        Row("Crispness of local correlations", _of(quality["crispness_correlation"]), "compare with the control"),
        Row("Frame correlation, median", _over(quality, "frame_corr", "frame", median=True), _NAIVE),
        Row("tSNR, median", _of(quality["tsnr_median"]), _NAIVE),
        Row("DVARS, median", _over(quality, "dvars", "frame", median=True), _NAIVE),
    ]


def _over(
    quality: xr.Dataset, name: str, dim: str, *, median: bool = False, largest: bool = False
) -> tuple[float, float, float]:
    values = quality[name].transpose("stage", dim).values
    known = [row[np.isfinite(row)] for row in values]
    of = np.median if median else np.max if largest else np.mean
    raw, control, registered = (float(of(row)) if len(row) else float("nan") for row in known)
    return raw, control, registered


def _of(values: xr.DataArray) -> tuple[float, float, float]:
    raw, control, registered = (float(v) for v in values.values)
    return raw, control, registered

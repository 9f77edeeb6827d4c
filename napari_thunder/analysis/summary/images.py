"""Images that sum up each voxel over time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, sum_of_squares
from napari_thunder.parameters import check, parameter

_MAPS = (
    Map("mean", "mean over time", Role.IMAGE, "a.u."),
    Map("std", "standard deviation over time", Role.VALUE, "a.u."),
    Map("max", "maximum over time", Role.IMAGE, "a.u."),
    Map("min", "minimum over time", Role.IMAGE, "a.u."),
    Map("max_minus_mean", "maximum minus mean", Role.VALUE, "a.u."),
    Map("tsnr", "temporal signal to noise, mean / sd", Role.SIGNED),
    Map("skewness", "skewness over time", Role.SIGNED),
    Map("noise", "noise, sd from frame to frame", Role.VALUE, "a.u."),
    Map("slow_share", "share of variance slower than noise", Role.SIGNED),
    Map("saturated", "share of frames that are saturated", Role.FRACTION),
)


@dataclass(frozen=True, slots=True)
class SummaryImages:
    """Mean, standard deviation, extremes, temporal SNR, skewness and noise of each voxel over the kept frames.

    Parameters
    ----------
    saturated_at
        Values from here on are saturated, in units of the movie: 65535 or 4095 for cameras of 16 or 12 bits.

    Returns
    -------
    mean, std, max, min, max_minus_mean : (z, y, x)
        In units of the movie (after preprocessing); std has ddof 0.
    tsnr : (z, y, x)
        mean / std. Meant for raw movies: after ΔF/F or z-score it says nothing.
    skewness : (z, y, x)
        Third central moment / std³ (biased, as `scipy.stats.skew`): high where a voxel is mostly quiet and
        sometimes very active.
    noise : (z, y, x)
        √(mean of (y(t + 1) − y(t))² / 2), in units of the movie: the standard deviation of what is new in every frame.
    slow_share : (z, y, x)
        1 − noise² / std²: share of the variance that lasts longer than a frame; about 0 for white noise, below for
        what alternates.
    saturated : (z, y, x)
        Share of the kept frames in which the voxel is saturated.

    Notes
    -----
    Constant voxels, those saturated throughout among them, are NaN in all maps. Resampling and smoothing raise tSNR
    without any gain in information, so compare it only between movies that were treated alike. Over a gap of excluded
    frames the step counts like any other.

    References
    ----------
    Noise and its share: von Neumann 1941, Ann. Math. Stat. 12:367; the signal to noise of suite2p's paper
    (Pachitariu et al. 2017, bioRxiv 061507).
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Summary images"
    summary: ClassVar[str] = "Mean, standard deviation, extremes, temporal SNR, skewness and noise of each voxel"

    saturated_at: float = parameter(65535.0, help="Values from here on are saturated, in units of the movie")

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        return MapStep(_MAPS, partial(_summarise, saturated_at=self.saturated_at))


def _summarise(series: Series, saturated_at: float) -> Answer:
    largest, least = series.max(axis=0), series.min(axis=0)
    saturated = np.zeros(series.shape[1])
    full = np.flatnonzero(largest >= saturated_at)
    saturated[full] = (series[:, full] >= saturated_at).mean(axis=0)
    mean, sum_squares, valid = centre(series)
    with np.errstate(all="ignore"):
        std = np.sqrt(sum_squares / len(series))
        third = np.einsum("tv,tv,tv->v", series, series, series) / len(series)
        noise = np.sqrt(sum_of_squares(series[1:] - series[:-1]) / (2 * (len(series) - 1)))
        maps = {
            "mean": mean,
            "std": std,
            "max": largest,
            "min": least,
            "max_minus_mean": largest - mean,
            "tsnr": mean / std,
            "skewness": third / std**3,
            "noise": noise,
            "slow_share": 1 - (noise / std) ** 2,
            "saturated": saturated,
        }
    for values in maps.values():
        values[~valid] = np.nan
    return maps

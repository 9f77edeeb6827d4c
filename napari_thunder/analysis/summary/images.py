"""Images that sum up each voxel over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.parameters import check

_MAPS = (
    Map("mean", "mean over time", Role.IMAGE, "a.u."),
    Map("std", "standard deviation over time", Role.VALUE, "a.u."),
    Map("max", "maximum over time", Role.IMAGE, "a.u."),
    Map("tsnr", "temporal signal to noise, mean / sd", Role.SIGNED),
    Map("skewness", "skewness over time", Role.SIGNED),
)


@dataclass(frozen=True, slots=True)
class SummaryImages:
    """Mean, standard deviation, maximum, temporal SNR and skewness of each voxel over the kept frames.

    Returns
    -------
    mean, std, max : (z, y, x)
        In units of the movie (after preprocessing); std has ddof 0.
    tsnr : (z, y, x)
        mean / std. Meant for raw movies: after ΔF/F or z-score it says nothing.
    skewness : (z, y, x)
        Third central moment / std³ (biased, as `scipy.stats.skew`): high where a voxel is mostly quiet and
        sometimes very active.

    Notes
    -----
    Constant voxels, saturated ones among them, are NaN in all maps. Resampling and smoothing raise tSNR without any
    gain in information, so compare it only between movies that were treated alike.
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Summary images"
    summary: ClassVar[str] = "Mean, standard deviation, maximum, temporal SNR and skewness of each voxel"

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        return MapStep(_MAPS, _summarise)


def _summarise(series: Series) -> Answer:
    largest = series.max(axis=0)
    mean, sum_squares, valid = centre(series)
    with np.errstate(all="ignore"):
        std = np.sqrt(sum_squares / len(series))
        third = np.einsum("tv,tv->v", np.square(series), series) / len(series)
        maps = {"mean": mean, "std": std, "max": largest, "tsnr": mean / std, "skewness": third / std**3}
    for values in maps.values():
        values[~valid] = np.nan
    return maps

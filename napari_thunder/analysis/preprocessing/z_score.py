"""The series in standard deviations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.parameters import check


@dataclass(frozen=True, slots=True)
class ZScore:
    """Standardise each voxel: (y − mean) / sd over the kept frames, sd with ddof 0 as in `scipy.stats.zscore`.

    Notes
    -----
    Constant voxels become NaN. After it, maps in units of the movie are in standard deviations of each voxel.
    """

    title: ClassVar[str] = "z-score"
    summary: ClassVar[str] = "Give each voxel mean 0 and standard deviation 1"

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (t, voxels), changed in place."""
        context.need_frames(2, "a z-score")
        return _standardise


def _standardise(series: Series) -> Series:
    centred = centre(series)
    with np.errstate(all="ignore"):
        sd = np.sqrt(centred.sum_squares / len(series))
        sd[~centred.valid] = np.nan
        series /= sd
    return series

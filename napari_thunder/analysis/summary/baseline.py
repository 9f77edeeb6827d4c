"""What ΔF/F divides by, as maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from napari_thunder.analysis.preprocessing.baseline_settings import BaselineSettings
from napari_thunder.analysis.preprocessing.baselines import Denominator, noise
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import varies

_MAPS = (
    Map("f0", "baseline F0, mean over time", Role.IMAGE, "a.u."),
    Map("at_floor", "share of frames at the floor", Role.FRACTION),
    Map("noise", "noise, sd from frame to frame", Role.VALUE, "a.u."),
)


@dataclass(frozen=True, slots=True)
class Baseline(BaselineSettings):
    """What ΔF/F would divide by: the baseline F0 of each voxel, and where the floor takes its place.

    Run it on the movie as ΔF/F would get it, with the same parameters, before trusting ΔF/F.

    Parameters
    ----------
    percentile, baseline, window, offset, floor, floor_unit, smoothing, before
        As of the step `DeltaFOverF`.

    Returns
    -------
    f0 : (z, y, x)
        In units of the movie; the mean over the kept frames, where F0 changes along time.
    at_floor : (z, y, x)
        Share of the kept frames in which F0 + offset is below the floor, or not above 0. With a floor, ΔF/F is too
        small there; without one, such voxels are NaN in ΔF/F.
    noise : (z, y, x)
        Standard deviation of the noise, in units of the movie: 1.4826 · median of abs(F(t + 1) − F(t)) / √2.

    Raises
    ------
    ThunderError
        If the recording lacks what the baseline needs (frame times, events).

    Notes
    -----
    Constant voxels are NaN. An F0 map with the camera's offset still in it is bright where there is no brain.

    References
    ----------
    As of `DeltaFOverF`.
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Baseline"
    summary: ClassVar[str] = "The baseline F0 of each voxel, and where ΔF/F would hit its floor"

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        return MapStep(_MAPS, partial(_measure, denominator=self.denominator(context)))


def _measure(series: Series, denominator: Denominator) -> Answer:
    valid = varies(series)
    with np.errstate(all="ignore"):
        f0, below, floor = denominator(series)
        low = (below < floor) | ~(below > 0)
        maps = {"f0": f0, "at_floor": low.astype(np.float64), "noise": noise(series)}
        maps = {name: values if values.ndim == 1 else values.mean(axis=0) for name, values in maps.items()}
    for values in maps.values():
        values[~valid] = np.nan
    return maps

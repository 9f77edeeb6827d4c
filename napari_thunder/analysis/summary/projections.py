"""A picture of the brain, seen along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import centre, varies
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

_OF = {"mean": Role.IMAGE, "max": Role.IMAGE, "std": Role.VALUE}
_SPACE = ("z", "y", "x")


@dataclass(frozen=True, slots=True)
class Projection:
    """A picture of the brain along an axis: the largest, mean, or largest plus least value behind each of its points.

    Parameters
    ----------
    of
        What is looked at: the mean, maximum or standard deviation of each voxel over the kept frames.
    axis
        Along which one looks: z gives a picture (y, x).
    how
        `max`, `mean`, or `max_plus_min`, which shows dark things in a bright brain too.
    step
        Only every so many-th voxel of the picture is kept, along both sides.

    Returns
    -------
    projection : (two of z, y, x)
        In units of the movie; NaN where no voxel behind a point can be estimated.
    mean, max or std : (z, y, x)
        What is looked at.

    Notes
    -----
    Constant voxels are NaN and do not count.

    References
    ----------
    Thunder `Images.max_projection`, `max_min_projection` (which adds the two) and `subsample`.
    """

    family: ClassVar[str] = "Summary"
    title: ClassVar[str] = "Projection"
    summary: ClassVar[str] = "A picture of the brain along an axis"

    of: str = parameter("max", help="What is looked at, over time", choices=tuple(_OF))
    axis: str = parameter("z", help="Along which one looks", choices=_SPACE)
    how: str = parameter("max", help="What is kept of the voxels in a line", choices=("max", "mean", "max_plus_min"))
    step: int = parameter(1, help="Only every so many-th voxel of the picture is kept", minimum=1)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain; the picture is made at the end."""
        context.need_frames(2, self.title)
        output = Map(self.of, f"{self.of} over time", _OF[self.of], "a.u.")
        finish = partial(_with_projection, of=self.of, axis=self.axis, how=self.how, step=self.step)
        return MapStep((output,), partial(_over_time, of=self.of), finish=finish)


def _over_time(series: Series, of: str) -> Answer:
    if of == "std":
        _, sum_squares, valid = centre(series)
        found = np.sqrt(sum_squares / len(series))
    else:
        valid = varies(series)
        found = series.max(axis=0) if of == "max" else series.mean(axis=0)
    found[~valid] = np.nan
    return {of: found}


def _with_projection(dataset: xr.Dataset, of: str, axis: str, how: str, step: int) -> xr.Dataset:
    values = dataset[of]
    picture = projected(values.values, _SPACE.index(axis), how)[::step, ::step]
    sides = [side for side in _SPACE if side != axis]
    dims = [f"picture_{side}" for side in sides]
    attrs: dict[str, Any] = {"long_name": f"{how} along {axis} of the {of}", "units": "a.u."}
    attrs |= {"plot": "matrix", "scale": "plain", "n_frames_used": values.attrs.get("n_frames_used", 0)}
    places = {d: (d, dataset[side].values[::step]) for d, side in zip(dims, sides, strict=True) if side in dataset}
    return dataset.assign(projection=(dims, picture, attrs)).assign_coords(places)


def projected(volume: NDArray[np.floating], axis: int, how: str) -> NDArray[np.floating]:
    """A volume along an axis: `max`, `mean` or `max_plus_min` of what is not NaN; NaN where nothing is."""
    there = np.isfinite(volume)
    with np.errstate(invalid="ignore"):
        if how == "mean":
            found = np.where(there, volume, 0).sum(axis=axis, dtype=np.float64) / there.sum(axis=axis)
        else:
            found = np.where(there, volume, -np.inf).max(axis=axis)
            if how == "max_plus_min":
                found = found + np.where(there, volume, np.inf).min(axis=axis)
    return np.where(there.any(axis=axis), found, np.nan).astype(np.float32)

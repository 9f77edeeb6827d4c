"""Averages of stretches of equal length: for stimuli that repeat without an event table."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_thunder.analysis.events.other_frames import with_other_frames
from napari_thunder.analysis.events.trial_means import CourseSums
from napari_thunder.analysis.events.weighing import weigh, weighed_series
from napari_thunder.analysis.groups import add
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Plan, Reduce, Request, Role, Series
from napari_thunder.analysis.statistics import centre
from napari_thunder.errors import AnalysisError
from napari_thunder.parameters import check, parameter

if TYPE_CHECKING:
    import xarray as xr

Values = NDArray[np.float64]

_MAPS = (
    Map("average", "average panel", Role.SIGNED, "a.u.", ("lag",)),
    Map("sem", "standard error of the average panel", Role.VALUE, "a.u.", ("lag",)),
)
_LENGTH_HELP = "Frames of a panel; the recording must be a whole number of them"


@dataclass(frozen=True, slots=True)
class AveragePanels:
    """Go on with the average panel: the recording cut into stretches of equal length, averaged over them.

    Parameters
    ----------
    length
        Frames of a panel. The number of frames of the recording (excluded ones included) must be a multiple.

    Notes
    -----
    Excluded frames are left out of the mean; where a place in the panel has no kept frame, it is an excluded frame
    afterwards. Frame times and events are those of the first panel; signals and motion are averaged alike.

    References
    ----------
    Thunder's `meanByFixedLength` (`mean_by_panel`).
    """

    title: ClassVar[str] = "Average panels"
    summary: ClassVar[str] = "Go on with the mean over stretches of equal length"

    length: int = parameter(20, help=_LENGTH_HELP, minimum=2)

    def __post_init__(self) -> None:
        check(self)

    def bind(self, context: Context) -> Callable[[Series], Series]:
        """Series (t, voxels) → series (length, voxels)."""
        panels = Panels.of(context, self.length, self.title)
        return partial(weighed_series, weights=panels.means)

    def after(self, context: Context) -> Context:
        """The context of the average panel."""
        panels = Panels.of(context, self.length, self.title)
        times = None if context.frame_times is None else context.frame_times[: self.length]
        events = context.events
        if events is not None and context.frame_times is not None:
            events = events[events["stop_time"] <= context.frame_times[self.length]].reset_index(drop=True)
        return with_other_frames(context, panels.means, panels.count > 0, times, events)


@dataclass(frozen=True, slots=True)
class Panels:
    """Weights of frames that average panels.

    Parameters
    ----------
    of
        (t,) place in its panel of each kept frame.
    count
        (length,) kept frames at each place.
    """

    of_frame: NDArray[np.intp]
    count: NDArray[np.intp]

    @classmethod
    def of(cls, context: Context, length: int, what: str) -> Panels:
        """Of the kept frames of a recording.

        Raises
        ------
        AnalysisError
            If panels do not fit.
        """
        context.need_frames(2, what)
        n_panels, left = divmod(context.n_frames, length)
        if left or n_panels < 2:
            raise AnalysisError(
                f"{context.name}: {what}: the {context.n_frames} frames are not two or more panels of length={length} "
                f"frames{f': {left} are left over' if left and n_panels else ''}."
            )
        place = (np.arange(context.n_frames) % length)[context.keep]
        return cls(place, np.bincount(place, minlength=length))

    @property
    def whole(self) -> bool:
        """Whether the kept frames are whole panels."""
        n_frames, length = len(self.of_frame), len(self.count)
        return n_frames % length == 0 and bool((self.of_frame == np.arange(n_frames) % length).all())

    @property
    def means(self) -> sparse.csr_array:
        """(places with a kept frame, t) of the mean over panels."""
        there = np.flatnonzero(self.count)
        row = np.searchsorted(there, self.of_frame)
        share = 1 / self.count[self.of_frame]
        shape = (len(there), len(self.of_frame))
        return sparse.csr_array(sparse.coo_array((share, (row, np.arange(len(row)))), shape=shape))


@dataclass(frozen=True, slots=True)
class PanelAverage:
    """The average over stretches of equal length (panels) of each voxel: for stimuli that repeat without gaps.

    Parameters
    ----------
    length
        Frames of a panel. The number of frames of the recording (excluded ones included) must be a multiple.

    Returns
    -------
    average, sem : (lag, z, y, x)
        Mean over panels at each place in the panel, and sd / √n with ddof 1, in units of the movie (after
        preprocessing). `lag` is in s from the start of the panel, or in frames if times are not known. NaN where no
        panel (for sem: fewer than two) has a kept frame.
    course, course_sem : (lag, line)
        The same of the mean over all voxels.
    n_at_lag : (lag,)
        Panels with a kept frame there.

    Raises
    ------
    AnalysisError
        If the recording is not two or more whole panels.

    References
    ----------
    Thunder's `meanByFixedLength` (`mean_by_panel`).
    """

    family: ClassVar[str] = "Events"
    title: ClassVar[str] = "Panel average"
    summary: ClassVar[str] = "Mean over stretches of equal length, for stimuli that repeat"

    length: int = parameter(20, help=_LENGTH_HELP, minimum=2)

    def __post_init__(self) -> None:
        check(self)

    def plan(self, context: Context) -> Plan:
        """A pass that averages voxels, and one for the maps."""
        return self._steps(context, Panels.of(context, self.length, self.title))

    def _steps(self, context: Context, panels: Panels) -> Generator[Request, Answer, MapStep]:
        found = yield Reduce(CourseSums(), add, "averaging voxels")
        n = int(found["n_voxels"].sum())
        compute = PanelMaps(panels)
        mean, sem = compute.over_panels(found["total"][:, None] / (n or np.nan))
        times, units = context.frame_times, "s"
        if times is None:
            times, units = np.arange(self.length, dtype=np.float64), "frame"
        about = {"units": "a.u.", "plot": "lines", "error": "course_sem", "long_name": f"average of {n} voxels"}
        curves: dict[str, Any] = {
            "course": (("lag", "line"), mean, about),
            "course_sem": (("lag", "line"), sem, {"units": "a.u.", "long_name": "standard error over panels"}),
            "n_at_lag": (("lag",), panels.count, {"long_name": "panels with a kept frame"}),
        }
        coords = {"lag": times[: self.length] - times[0], "line": ["all voxels"]}
        return MapStep(_MAPS, compute, coords, curves, partial(_finish, units=units))


@dataclass(frozen=True, slots=True)
class PanelMaps:
    """Average panels of many voxels."""

    panels: Panels

    def __call__(self, series: Series) -> Answer:
        """average and sem (length, voxels) of series (t, voxels), which are overwritten."""
        mean, _, valid = centre(series)
        mean[~valid] = np.nan
        average, sem = self.over_panels(series)
        average += mean
        average[:, ~valid] = sem[:, ~valid] = np.nan
        return {"average": average, "sem": sem}

    def over_panels(self, series: Values) -> tuple[Values, Values]:
        """Mean and standard error (length, n) over panels of series (t, n), which may be overwritten."""
        if self.panels.whole:
            return _over_whole(series.reshape(-1, len(self.panels.count), series.shape[1]))
        count = self.panels.count[:, None]
        there = np.flatnonzero(count)
        average, sem = (np.full((len(count), series.shape[1]), np.nan) for _ in range(2))
        means = self.panels.means
        with np.errstate(all="ignore"):
            average[there] = weigh(means, series, np.zeros(series.shape[1]))
            squares = (means @ np.square(series - average[self.panels.of_frame])) * count[there]
            n = np.where(count[there] > 1, count[there], np.nan)
            sem[there] = np.sqrt(squares / (n - 1) / n)
        return average, sem


def _over_whole(panels: Values) -> tuple[Values, Values]:
    """Mean and standard error (length, n) of whole panels (panels, length, n), which are overwritten."""
    with np.errstate(all="ignore"):
        average = panels.mean(axis=0)
        panels -= average
        squares = np.einsum("kln,kln->ln", panels, panels)
        return average, np.sqrt(squares / (len(panels) - 1 or np.nan) / len(panels))


def _finish(dataset: xr.Dataset, units: str) -> xr.Dataset:
    dataset["lag"].attrs["units"] = units
    return dataset

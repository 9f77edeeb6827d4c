"""Statistics over the frames of each condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.events.selection import ONLY_HELP, chosen_events
from napari_thunder.analysis.protocol import Answer, Context, Map, MapStep, Role, Series
from napari_thunder.analysis.statistics import sum_of_squares, varies
from napari_thunder.errors import AnalysisError, ParameterError
from napari_thunder.events import event_groups, frames_in_events
from napari_thunder.parameters import check, parameter

Values = NDArray[np.float64]
Frames = NDArray[np.intp]


def _mean(frames: Values) -> Values:
    return np.asarray(frames.mean(axis=0))


def _median(frames: Values) -> Values:
    return np.asarray(np.median(frames, axis=0))


def _std(frames: Values) -> Values:
    frames -= frames.mean(axis=0)
    return np.asarray(np.sqrt(sum_of_squares(frames) / (len(frames) - 1 or np.nan)))


def _min(frames: Values) -> Values:
    return np.asarray(frames.min(axis=0))


def _max(frames: Values) -> Values:
    return np.asarray(frames.max(axis=0))


def _sum(frames: Values) -> Values:
    return np.asarray(frames.sum(axis=0))


_STATISTICS: dict[str, tuple[Callable[[Values], Values], str, Role]] = {
    "mean": (_mean, "mean", Role.SIGNED),
    "median": (_median, "median", Role.SIGNED),
    "std": (_std, "standard deviation", Role.VALUE),
    "min": (_min, "least value", Role.SIGNED),
    "max": (_max, "largest value", Role.SIGNED),
    "sum": (_sum, "sum", Role.SIGNED),
}


@dataclass(frozen=True, slots=True)
class ConditionStatistics:
    """Mean, median, spread, extremes or sum of each voxel over all frames of each condition.

    A frame belongs to a condition if its start lies in [start_time, stop_time) of one of its events; it counts once
    even if several of them overlap there.

    Parameters
    ----------
    by
        Columns of the events: each combination of their levels is one condition; none: all events are one, `event`.
    only
        Which events: terms such as `speed=2`, `direction=0|90`, `kind!=blank`, which must all hold.
    statistics
        Of `mean`, `median`, `std` (ddof 1), `min`, `max` and `sum`; each gives a map of its name.
    delay
        In s: events count as so much later, as the indicator's answer is.

    Returns
    -------
    mean, median, std, min, max, sum : (condition, z, y, x)
        Those asked for, in units of the movie (after preprocessing).
    n_frames : (condition,)
        Frames of each condition.

    Raises
    ------
    MissingMetadataError
        If frame times or events are not known.
    AnalysisError
        If a condition has no kept frame.

    Notes
    -----
    Frames of one trial are not independent: for tests use EventAverage or TwoConditions, which count trials.

    References
    ----------
    Thunder's `Series.seriesStatByIndex` and its multi-index selection; `pandas.DataFrame.groupby`.
    """

    family: ClassVar[str] = "Events"
    title: ClassVar[str] = "Condition statistics"
    summary: ClassVar[str] = "Mean, median, spread or extremes over the frames of each condition"

    by: tuple[str, ...] = parameter(
        (),
        help="Columns of the events that tell conditions apart; none for all events together",
        source="event columns",
    )
    only: tuple[str, ...] = parameter((), help=ONLY_HELP)
    statistics: tuple[str, ...] = parameter(("mean", "std"), help="Which statistics", choices=tuple(_STATISTICS))
    delay: float = parameter(0.0, help="By how much events count as later", unit="s")

    def __post_init__(self) -> None:
        check(self)
        if not self.statistics:
            raise ParameterError(f"ConditionStatistics: statistics: none is chosen of {', '.join(_STATISTICS)}.")

    def plan(self, context: Context) -> MapStep:
        """One pass over the brain."""
        context.need_frames(2, self.title)
        where = f"{context.name}: {self.title}"
        events = chosen_events(context.need_events(self.title), self.only, where)
        times = context.need_frame_times(self.title) - self.delay
        place = np.cumsum(context.keep) - 1
        frames = {}
        for name, rows in event_groups(events, self.by):
            found = np.unique(np.concatenate(frames_in_events(rows, times)))
            frames[name] = place[found[context.keep[found]]]
            if not len(frames[name]):
                raise AnalysisError(f"{where}: no kept frame begins in the {len(rows)} events of {name!r}.")
        return self._step(frames)

    def _step(self, frames: dict[str, Frames]) -> MapStep:
        maps = tuple(
            Map(name, f"{_STATISTICS[name][1]} over frames", _STATISTICS[name][2], "a.u.", ("condition",))
            for name in self.statistics
        )
        about = {"long_name": "frames of each condition", "plot": "bars"}
        counts = np.array([len(rows) for rows in frames.values()])
        curves: dict[str, Any] = {"n_frames": (("condition",), counts, about)}
        compute = StatisticsOfFrames(tuple(frames.values()), self.statistics)
        return MapStep(maps, compute, {"condition": list(frames)}, curves)


@dataclass(frozen=True, slots=True)
class StatisticsOfFrames:
    """Statistics (conditions, voxels) over groups of frames.

    Parameters
    ----------
    frames
        Of each condition, among the kept ones.
    names
        Of the statistics.
    """

    frames: tuple[Frames, ...]
    names: tuple[str, ...]

    def __call__(self, series: Series) -> Answer:
        """By name, of series (t, voxels)."""
        valid = varies(series)
        answer = {name: np.full((len(self.frames), series.shape[1]), np.nan) for name in self.names}
        with np.errstate(all="ignore"):
            for row, frames in enumerate(self.frames):
                chosen = series[frames]
                for name in sorted(self.names, key="std".__eq__):  # it overwrites the frames
                    answer[name][row] = _STATISTICS[name][0](chosen)
        for values in answer.values():
            values[:, ~valid] = np.nan
        return answer

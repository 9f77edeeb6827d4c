"""What a voxel's level is while nothing happens: its baseline F0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_thunder.analysis.even import Filled, even_interval
from napari_thunder.analysis.preprocessing.maximin import MaxiMin
from napari_thunder.analysis.preprocessing.rolling import RollingPercentile, percentile
from napari_thunder.analysis.protocol import Context, Series
from napari_thunder.errors import AnalysisError

Values = NDArray[np.float64]
Finder = Callable[[Series], Values]
"""Series (t, voxels) → F0, (voxels,) or (t, voxels); leaves the series as they are."""

BASELINES = ("percentile", "mean", "rolling", "maximin", "event")

_MAD = 1.4826
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Denominator:
    """F0 and what ΔF is divided by: max(F0 + offset, floor).

    Parameters
    ----------
    find
        F0.
    offset
        Added to F0, in units of F.
    floor
        Least denominator, in units of F, or of the noise.
    of_noise
        Whether the floor is in standard deviations of each voxel's noise.
    """

    find: Finder
    offset: float
    floor: float
    of_noise: bool

    def __call__(self, series: Series) -> tuple[Values, Values, Values]:
        """F0, F0 + offset and the floor, each (voxels,) or (t, voxels) as far as they differ; the series stay."""
        f0 = self.find(series)
        floor = self.floor * noise(series) if self.of_noise else np.full(series.shape[1], self.floor)
        return f0, f0 + self.offset, floor


def noise(series: Series) -> Values:
    """Standard deviation (voxels,) of the noise: 1.4826 · median of abs(y(t + 1) − y(t)) / √2.

    Slow changes and rare events do not count, as a median of steps from frame to frame does not see them.
    """
    steps = np.abs(np.diff(series, axis=0))
    sd: Values = _MAD / np.sqrt(2) * percentile(steps, 50)
    return sd


def baseline_finder(context: Context, kind: str, q: float, window: float, smoothing: float, before: float) -> Finder:
    """How F0 is found; parameters as of `DeltaFOverF`.

    Raises
    ------
    ThunderError
        If the recording lacks what it needs: frame times, even ones, or events.
    """
    if kind == "mean":
        return _mean
    if kind == "percentile":
        return partial(percentile, q=q)
    if kind == "event":
        return partial(_mean_of, frames=frames_before_events(context, before))
    if kind == "maximin":
        return _maximin(context, window, smoothing)
    times = context.need_frame_times("a rolling baseline")[context.keep]
    slack = _SLACK * window
    start = np.searchsorted(times, times - window / 2 - slack)
    stop = np.searchsorted(times, times + window / 2 + slack, side="right")
    return RollingPercentile(start, stop, q)


def frames_before_events(context: Context, before: float) -> NDArray[np.intp]:
    """Kept frames, numbered among them, that lie within `before` s before an event begins and within no event.

    Raises
    ------
    ThunderError
        If there are no events or frame times, or no such frame.
    """
    what = "a baseline before events"
    events, times = context.need_events(what), context.need_frame_times(what)
    context.need_frames(2, what)
    interval = float(np.median(np.diff(times)))
    slack = 0.01 * interval
    start, stop = (events[name].to_numpy(np.float64)[:, None] for name in ("start_time", "stop_time"))
    ahead = ((times >= start - before - slack) & (times + interval <= start + slack)).any(axis=0)
    busy = ((times + interval > start + slack) & (times < stop - slack)).any(axis=0)
    found = np.flatnonzero(np.asarray(ahead & ~busy)[context.keep])
    if not len(found):
        raise AnalysisError(
            f"{context.name}: {what}: no kept frame lies within {before:g} s before an event and outside all events "
            f"(a frame: {interval:g} s). Give a longer before=, or another baseline."
        )
    return found


def _maximin(context: Context, window: float, smoothing: float) -> MaxiMin:
    interval = even_interval(context, "a maximin baseline")
    kept = None if context.keep.all() else np.flatnonzero(context.keep)
    return MaxiMin(Filled.of(context.keep), kept, smoothing, max(1, int(window / interval + _SLACK)))


def _mean(series: Series) -> Values:
    mean: Values = series.mean(axis=0)
    return mean


def _mean_of(series: Series, frames: NDArray[np.intp]) -> Values:
    mean: Values = series[frames].mean(axis=0)
    return mean

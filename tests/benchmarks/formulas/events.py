"""Averages over events and frames of events."""

from __future__ import annotations

import numpy as np
from scipy import special

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Trials, Values, mean_series, over_slabs
from tests.benchmarks.task import Task

_BEFORE, _AFTER = 2.0, 8.0


def condition_statistics(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean and standard deviation over the frames of each direction."""
    frames = [np.flatnonzero(column) for column in Trials.of(recording).shown().T]

    def of(y: Values) -> Maps:
        chosen = [y[rows] for rows in frames]
        return {
            "mean": np.stack([part.mean(0) for part in chosen]),
            "std": np.stack([part.std(0, ddof=1) for part in chosen]),
        }

    return over_slabs(movie, of)


def event_average(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean response by direction with its t-test and d′, and the course of the mean over voxels."""
    trials = Trials.of(recording)
    groups, during, ahead = trials.groups, trials.during, trials.ahead

    def of(y: Values) -> Maps:
        on, off = during @ y, ahead @ y
        response = on - off
        mean = np.stack([response[g].mean(0) for g in groups])
        sem = np.stack([response[g].std(0, ddof=1) / np.sqrt(len(g)) for g in groups])
        spread = np.stack([np.sqrt((on[g].var(0, ddof=1) + off[g].var(0, ddof=1)) / 2) for g in groups])
        t = mean / sem
        p = np.stack([2 * special.stdtr(len(g) - 1, -np.abs(one)) for g, one in zip(groups, t, strict=True)])
        return {"response": mean, "sem": sem, "t": t, "p": p, "d_prime": mean / spread}

    return over_slabs(movie, of) | _course(mean_series(movie), trials, recording)


def _course(mean: Values, trials: Trials, recording: nt.Recording) -> Maps:
    """Mean and standard error over trials at each lag."""
    interval = recording.frame_times[1] - recording.frame_times[0]
    lags = np.arange(-round(_BEFORE / interval), round(_AFTER / interval) + 1)
    place = trials.start[:, None] + lags
    there = (place >= 0) & (place < len(mean))
    each = np.where(there, mean[np.clip(place, 0, len(mean) - 1)] - (trials.ahead @ mean)[:, None], np.nan)
    found = [each[g] for g in trials.groups]
    count = [np.isfinite(part).sum(0) for part in found]
    sem = [np.nanstd(part, 0, ddof=1) / np.sqrt(n) for part, n in zip(found, count, strict=True)]
    return {"course": np.stack([np.nanmean(part, 0) for part in found], 1), "course_sem": np.stack(sem, 1)}


def panel_average(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean and standard error over stretches of 20 frames, of voxels and of their mean."""

    def of(y: Values) -> Maps:
        panels = y.reshape(-1, 20, y.shape[1])
        return {"average": panels.mean(0), "sem": panels.std(0, ddof=1) / np.sqrt(len(panels))}

    course = of(mean_series(movie)[:, None])
    return over_slabs(movie, of) | {"course": course["average"], "course_sem": course["sem"]}


_BY = ("direction",)
TASKS = {
    "condition_statistics": Task(nt.ConditionStatistics(by=_BY), condition_statistics),
    "event_average": Task(nt.EventAverage(by=_BY), event_average),
    "panel_average": Task(nt.PanelAverage(), panel_average),
}

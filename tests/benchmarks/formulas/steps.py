"""Preprocessing, each step followed by the standard deviation of each voxel over time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import ndimage, signal

import napari_thunder as nt
from tests.benchmarks.by_hand import ByHand, Maps, Movie, Trials, Values, mean_series, over_slabs, swim
from tests.benchmarks.task import Task

Step = Callable[[Values], Values]


def _then_spread(make: Callable[[Movie, nt.Recording], Step]) -> ByHand:
    """The map by hand of a step that is made for a movie."""

    def by_hand(movie: Movie, recording: nt.Recording) -> Maps:
        step = make(movie, recording)
        return over_slabs(movie, lambda y: {"std": step(y).std(0)})

    return by_hand


def _always(step: Step) -> ByHand:
    return _then_spread(lambda movie, recording: step)


def _lags(recording: nt.Recording) -> Values:
    """(trials, lags) frames from 2 s before each event to 8 s after it."""
    start = Trials.of(recording).start[:, None]
    interval = recording.frame_times[1] - recording.frame_times[0]
    return np.asarray(start + np.arange(-round(2 / interval), round(8 / interval) + 1))


def _average_trials(movie: Movie, recording: nt.Recording) -> Step:
    frames = _lags(recording)
    there = (frames >= 0) & (frames < len(movie))
    rows = [frames[there[:, k], k] for k in range(frames.shape[1])]
    return lambda y: np.stack([y[row].mean(0) for row in rows])


def _cut_trials(movie: Movie, recording: nt.Recording) -> Step:
    frames = _lags(recording)
    rows = frames[(frames >= 0) & (frames < len(movie))]
    return lambda y: y[rows]


def _select_frames(movie: Movie, recording: nt.Recording) -> Step:
    inside = np.flatnonzero(Trials.of(recording).shown().any(1))
    return lambda y: y[inside]


def _without(regressor: Values) -> Step:
    """Without what a regressor explains; the mean stays."""
    unit = regressor - regressor.mean()
    unit /= np.linalg.norm(unit)

    def step(y: Values) -> Values:
        mean = y.mean(0)
        y -= mean
        y -= np.outer(unit, unit @ y)
        y += mean
        return y

    return step


def _temporal_filter(movie: Movie, recording: nt.Recording) -> Step:
    rate = 1 / (recording.frame_times[1] - recording.frame_times[0])
    sections = signal.butter(2, 0.2, fs=rate, output="sos")
    return lambda y: signal.sosfiltfilt(sections, y, axis=0)


def _detrend(y: Values) -> Values:
    mean = y.mean(0)
    return np.asarray(signal.detrend(y, axis=0, overwrite_data=True) + mean)


def _z_score(y: Values) -> Values:
    y -= y.mean(0)
    y /= y.std(0)
    return y


def _delta_f_over_f(y: Values) -> Values:
    f0 = np.percentile(y, 20, axis=0)
    y -= f0
    y /= f0
    return y


def _squelch(y: Values) -> Values:
    y[:, y.max(0) < _SILENT] = np.nan
    return y


def _spatial_smoothing(movie: Movie, recording: nt.Recording) -> Maps:
    """scipy's filter of each frame, made right at the borders, and then the spread."""
    space = recording.shape[1:]
    smooth = np.empty(movie.shape, np.float32)
    borders = ndimage.gaussian_filter(np.ones(space), 1.0, mode="constant")

    def frame(t: int) -> None:
        volume = ndimage.gaussian_filter(movie[t].reshape(space).astype(np.float64), 1.0, mode="constant")
        smooth[t] = (volume / borders).ravel()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(frame, range(len(movie))))
    return over_slabs(smooth, lambda y: {"std": y.std(0)})


_SILENT = 300.0
_BY_HAND: dict[str, ByHand] = {
    "average_panels": _always(lambda y: y.reshape(-1, 20, y.shape[1]).mean(0)),
    "average_trials": _then_spread(_average_trials),
    "convolve": _always(lambda y: ndimage.convolve1d(y, [0.25, 0.5, 0.25], axis=0, mode="nearest")),
    "cut_trials": _then_spread(_cut_trials),
    "detrend": _always(_detrend),
    "downsample": _always(lambda y: y[: len(y) // 2 * 2].reshape(-1, 2, y.shape[1]).mean(1)),
    "remove_signals": _then_spread(lambda movie, recording: _without(swim(recording))),
    "remove_global_signal": _then_spread(lambda movie, recording: _without(mean_series(movie))),
    "select_frames": _then_spread(_select_frames),
    "spatial_smoothing": _spatial_smoothing,
    "squelch": _always(_squelch),
    "subsample": _always(lambda y: y[::2]),
    "temporal_filter": _then_spread(_temporal_filter),
    "z_score": _always(_z_score),
    "delta_f_over_f": _always(_delta_f_over_f),
}
_GIVEN = {
    "remove_signals": " signals=swim",
    "spatial_smoothing": " units=voxels sigma=1",
    "squelch": f" threshold={_SILENT:g}",
}

STEPS = {"no step": Task(nt.Projection(of="std"), _always(lambda y: y))} | {
    name: Task(nt.Projection(of="std"), by_hand, (name + _GIVEN.get(name, ""),), neighbours=name == "spatial_smoothing")
    for name, by_hand in _BY_HAND.items()
}

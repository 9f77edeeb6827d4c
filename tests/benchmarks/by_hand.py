"""What the formulas by hand share: a movie in memory, worked on slab by slab by two threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats
from threadpoolctl import threadpool_limits

import napari_thunder as nt

Movie = NDArray[Any]
"""(t, voxels), uint16."""
Values = NDArray[np.float64]
Maps = dict[str, Any]
ByHand = Callable[[Movie, nt.Recording], Maps]

WIDTH = 512


def over_slabs(movie: Movie, function: Callable[[Values], Maps]) -> Maps:
    """Maps (…, voxels) float32 of a function of float64 series (t, voxels), with adjusted p where there is p."""
    n_voxels = movie.shape[1]
    with np.errstate(all="ignore"):
        shapes = {name: values.shape[:-1] for name, values in function(movie[:, :2].astype(np.float64)).items()}
    maps = {name: np.empty((*shape, n_voxels), np.float32) for name, shape in shapes.items()}

    def slab(start: int) -> None:
        span = slice(start, start + WIDTH)
        with np.errstate(all="ignore"):
            found = function(movie[:, span].astype(np.float64))
        for name, values in found.items():
            maps[name][..., span] = values

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2) as pool:
        list(pool.map(slab, range(0, n_voxels, WIDTH)))
    return adjusted(maps)


def summed(movie: Movie, function: Callable[[Values], Maps]) -> Maps:
    """The sum over slabs of what a function gives of float64 series (t, voxels)."""
    n_voxels = movie.shape[1]

    def some(starts: range) -> Maps:
        total: Maps = {}
        for start in starts:
            with np.errstate(all="ignore"):
                found = function(movie[:, start : start + 2 * WIDTH].astype(np.float64))
            total = {name: total.get(name, 0) + values for name, values in found.items()}
        return total

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(some, (range(i * 2 * WIDTH, n_voxels, 4 * WIDTH) for i in range(2))))
    return {name: sum(part[name] for part in parts if part) for name in parts[0]}


def adjusted(maps: Maps) -> Maps:
    """With p adjusted for all voxels, row by row, where there is one."""
    if "p" in maps:
        maps["p_fdr"] = np.full_like(maps["p"], np.nan)
        for row, out in zip(np.atleast_2d(maps["p"]), np.atleast_2d(maps["p_fdr"]), strict=True):
            tested = np.isfinite(row)
            out[tested] = stats.false_discovery_control(row[tested])
    return maps


def mean_series(movie: Movie) -> Values:
    """(t,) mean over voxels."""
    total = summed(movie, lambda y: {"total": y.sum(axis=1)})["total"]
    return np.asarray(total / movie.shape[1])


def region_means(movie: Movie, masks: list[NDArray[np.bool_]]) -> Values:
    """(t, regions) means over the voxels of masks (z, y, x)."""
    return np.stack([movie[:, mask.ravel()].mean(axis=1) for mask in masks], axis=1)


@dataclass(frozen=True)
class Trials:
    """Events as frames, of a recording whose events begin and end with frames.

    Parameters
    ----------
    start, stop
        (trials,) first frame of each event, and the one after its last.
    degrees
        (trials,) direction.
    before
        Frames of 2 s.
    n_frames
        Of the recording.
    """

    start: NDArray[np.intp]
    stop: NDArray[np.intp]
    degrees: Values
    before: int
    n_frames: int

    @classmethod
    def of(cls, recording: nt.Recording) -> Trials:
        """Those whose response and whose baseline of 2 s are recorded at least in part."""
        times, events = recording.frame_times, recording.events
        interval = times[1] - times[0]
        start, stop = (np.rint(events[f"{end}_time"] / interval).to_numpy(np.intp) for end in ("start", "stop"))
        inside = (start >= 1) & (start < len(times))
        degrees = events["direction"].to_numpy(np.float64)
        stop = np.minimum(stop, len(times))
        return cls(start[inside], stop[inside], degrees[inside], round(2 / interval), len(times))

    @property
    def directions(self) -> Values:
        """Those there are, rising."""
        return np.unique(self.degrees)

    @property
    def groups(self) -> list[NDArray[np.intp]]:
        """Trials of each direction."""
        return [np.flatnonzero(self.degrees == d) for d in self.directions]

    @property
    def during(self) -> sparse.csr_array:
        """(trials, t) weights of the mean over each event."""
        return _means(self.start, self.stop, self.n_frames)

    @property
    def ahead(self) -> sparse.csr_array:
        """(trials, t) weights of the mean over the 2 s before each event."""
        return _means(np.maximum(self.start - self.before, 0), self.start, self.n_frames)

    @property
    def responses(self) -> sparse.csr_array:
        """(trials, t) weights of response minus baseline."""
        return sparse.csr_array(self.during - self.ahead)

    @property
    def mean_responses(self) -> sparse.csr_array:
        """(directions, t) weights of the mean response."""
        average = np.stack([(self.degrees == d) / (self.degrees == d).sum() for d in self.directions])
        return sparse.csr_array(sparse.csr_array(average) @ self.responses)

    def shown(self) -> Values:
        """(t, directions) 1 in the frames of events of each direction."""
        columns = np.zeros((self.n_frames, len(self.directions)))
        for begin, end, degree in zip(self.start, self.stop, self.degrees, strict=True):
            columns[begin:end, np.searchsorted(self.directions, degree)] = 1
        return columns


def _means(starts: NDArray[np.intp], stops: NDArray[np.intp], n_frames: int) -> sparse.csr_array:
    rows = [np.arange(a, b) for a, b in zip(starts, stops, strict=True)]
    lengths = stops - starts
    place = (np.repeat(np.arange(len(rows)), lengths), np.concatenate(rows))
    return sparse.csr_array((np.repeat(1 / lengths, lengths), place), shape=(len(rows), n_frames))


def swim(recording: nt.Recording) -> Values:
    """(t,) the behaviour signal at the frames."""
    signal = recording.signals["swim"]
    times = recording.frame_times if signal.index.name == "frame" else signal.index.to_numpy(float)
    return np.interp(recording.frame_times, times, signal.to_numpy(float))

"""A percentile over a window that rolls along time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Values = NDArray[np.float64]
Frames = NDArray[np.intp]


def percentile(series: Values, q: float) -> Values:
    """The q-th percentile (voxels,) of series (t, voxels) over time, interpolated linearly as in `numpy.percentile`."""
    low, part = _ranks(len(series), q)
    ranked = np.array(series.T, order="C")
    ranked.partition(int(low), axis=1)
    found: Values = ranked[:, int(low)].copy()
    if part > 0:
        found += part * (ranked[:, int(low) + 1 :].min(axis=1) - found)
    return found


@dataclass(frozen=True, slots=True)
class RollingPercentile:
    """The q-th percentile over frames start[i] to stop[i], for each frame i.

    Parameters
    ----------
    start, stop
        First frame of each frame's window and the frame after its last (t,).
    q
        Percentile, 0 to 100; interpolated linearly between the values in the window.
    """

    start: Frames
    stop: Frames
    q: float

    def __call__(self, series: Values) -> Values:
        """The percentiles (t, voxels) of series (t, voxels); NaN for a voxel that has one anywhere."""
        holes = np.isnan(series).any(axis=0)
        filled = np.where(holes, 0.0, series) if holes.any() else series
        rolled = self._even(filled)
        for start, stop, frames in self._uneven():
            rolled[frames] = percentile(filled[start:stop], self.q)
        rolled[:, holes] = np.nan
        return rolled

    @property
    def half(self) -> int:
        """Frames on either side of the middle in the usual window."""
        return int(np.median(self.stop - 1 - np.arange(len(self.stop))))

    def _is_even(self) -> NDArray[np.bool_]:
        """Frames whose window is the usual one, cut off at one end of the recording at most."""
        n, frames = len(self.start), np.arange(len(self.start))
        first, last = frames - self.half, frames + self.half
        usual = (self.start == np.maximum(first, 0)) & (self.stop == np.minimum(last + 1, n))
        one_end: NDArray[np.bool_] = usual & ~((first < 0) & (last >= n))
        return one_end

    def _uneven(self) -> list[tuple[int, int, Frames]]:
        frames = np.flatnonzero(~self._is_even())
        if not len(frames):
            return []
        spans, which = np.unique(np.stack([self.start, self.stop])[:, frames], axis=1, return_inverse=True)
        return [(a, b, frames[which.ravel() == k]) for k, (a, b) in enumerate(spans.T.tolist())]

    def _even(self, series: Values) -> Values:
        """All frames as if their windows were the usual ones, by one pass of a rank filter over all voxels in a row.

        A window cut off by the end of the recording has fewer values, so its percentile is another rank. The ends are
        padded with so many -inf and +inf that this rank is the one of a whole window.
        """
        half, width, pad = self.half, 2 * self.half + 1, self._pad()
        n_voxels = series.shape[1]
        rows = np.concatenate([np.tile(pad[::-1], (n_voxels, 1)), series.T, np.tile(pad, (n_voxels, 1))], axis=1)
        low = int(_ranks(width, self.q)[0])
        rolled = _rank(rows, low, width)[:, half : half + len(series)].T.copy()
        part = _ranks(np.minimum(self.stop - self.start, width), self.q)[1]
        for first, last in _stretches(np.flatnonzero(part > 0), apart=width):
            above = _rank(rows[:, first : last + 1 + 2 * half], low + 1, width)[:, half : half + last + 1 - first].T
            frames = np.flatnonzero(part[first : last + 1]) + first
            with np.errstate(invalid="ignore"):
                rolled[frames] += part[frames, None] * (above[frames - first] - rolled[frames])
        return rolled

    def _pad(self) -> Values:
        """What stands at 1, 2, … frames outside the recording."""
        width = 2 * self.half + 1
        low, _ = _ranks(width - np.arange(self.half + 1), self.q)
        return np.where(np.diff(low) < 0, -np.inf, np.inf)


def _stretches(frames: Frames, apart: int) -> list[tuple[int, int]]:
    """First and last of each run of frames, where gaps up to `apart` frames do not end a run."""
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > apart) + 1)
    return [(int(run[0]), int(run[-1])) for run in runs if len(run)]


def _rank(rows: Values, rank: int, width: int) -> Values:
    ranked: Values = ndimage.rank_filter(rows.ravel(), rank=rank, size=width, mode="nearest")
    return ranked.reshape(rows.shape)


def _ranks(count: int | Frames, q: float) -> tuple[Values, Values]:
    """The rank below the q-th percentile of so many values, and the share of the way to the next rank."""
    place = np.asarray(q / 100 * (np.asarray(count, np.float64) - 1))
    low = np.floor(place + 1e-9)
    return low, np.maximum(place - low, 0)

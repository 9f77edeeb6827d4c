"""What each voxel is like over the whole recording."""

from __future__ import annotations

import numpy as np
from scipy import special

import napari_thunder as nt
from tests.benchmarks.by_hand import Maps, Movie, Values, over_slabs, summed, swim
from tests.benchmarks.task import Task


def summary_images(movie: Movie, recording: nt.Recording) -> Maps:
    """Mean, standard deviation, extremes, skewness and noise."""

    def of(y: Values) -> Maps:
        mean, largest, least, saturated = y.mean(0), y.max(0), y.min(0), (y >= 65535).mean(0)
        noise = np.sqrt((np.diff(y, axis=0) ** 2).mean(0) / 2)
        y -= mean
        square = y * y
        std = np.sqrt(square.mean(0))
        square *= y
        return {
            "mean": mean,
            "std": std,
            "max": largest,
            "min": least,
            "max_minus_mean": largest - mean,
            "tsnr": mean / std,
            "skewness": square.mean(0) / std**3,
            "noise": noise,
            "slow_share": 1 - (noise / std) ** 2,
            "saturated": saturated,
        }

    return over_slabs(movie, of)


def baseline(movie: Movie, recording: nt.Recording) -> Maps:
    """The 20th percentile, and the noise from frame to frame."""

    def of(y: Values) -> Maps:
        f0 = np.percentile(y, 20, axis=0)
        noise = 1.4826 / np.sqrt(2) * np.median(np.abs(np.diff(y, axis=0)), axis=0)
        return {"f0": f0, "at_floor": (f0 <= 0).astype(float), "noise": noise}

    return over_slabs(movie, of)


def projection(movie: Movie, recording: nt.Recording) -> Maps:
    """The largest value over time, and along z."""
    largest = movie.max(axis=0)
    return {"max": largest, "projection": largest.reshape(recording.shape[1:]).max(axis=0)}


def frame_similarity(movie: Movie, recording: nt.Recording) -> Maps:
    """Correlation of every two frames over voxels."""
    found = summed(movie, lambda y: {"product": y @ y.T, "total": y.sum(axis=1)})
    n = movie.shape[1]
    covariance = found["product"] - np.outer(found["total"], found["total"]) / n
    size = np.sqrt(np.diag(covariance))
    return {"similarity": covariance / np.outer(size, size)}


def weighted_sums(movie: Movie, recording: nt.Recording) -> Maps:
    """The product with a signal."""
    weights = swim(recording)[None]
    return over_slabs(movie, lambda y: {"weighted_sum": weights @ y})


def motion_share(movie: Movie, recording: nt.Recording) -> Maps:
    """R² and F of the shifts and their steps."""
    shifts = recording.shifts.mean
    columns = np.hstack([shifts, np.diff(shifts, axis=0, prepend=shifts[:1])])
    q, _ = np.linalg.qr(columns - columns.mean(0))
    n, p = columns.shape
    dof = n - 1 - p

    def of(y: Values) -> Maps:
        y -= y.mean(0)
        r2 = ((q.T @ y) ** 2).sum(0) / (y * y).sum(0)
        f = r2 / p / ((1 - r2) / dof)
        adjusted = 1 - (1 - r2) * (n - 1) / (n - 1 - p)
        return {"r_squared": r2, "adjusted_r_squared": adjusted, "f_statistic": f, "p": special.fdtrc(p, dof, f)}

    return over_slabs(movie, of)


TASKS = {
    "summary_images": Task(nt.SummaryImages(), summary_images),
    "baseline": Task(nt.Baseline(), baseline),
    "projection": Task(nt.Projection(), projection),
    "frame_similarity": Task(nt.FrameSimilarity(), frame_similarity),
    "weighted_sums": Task(nt.WeightedSums(signals=("swim",)), weighted_sums),
    "motion_share": Task(nt.MotionShare(), motion_share, moving=True, note="the motion is undone in the cache already"),
}
